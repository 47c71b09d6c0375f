"""Gates that are never run: those that nothing measured sees, and what encoding and observables take over."""

from collections.abc import Sequence

import numpy as np

from qconv.gates.tape import Gate
from qconv.readout.base import as_letters


def seen(gates: Sequence[Gate], observables: Sequence[str]) -> list[Gate]:
    """The gates in the backward light cone of the observables, in order; the others change no expectation.

    A gate is seen if it acts on a qubit that is measured or that a later gate which is seen acts on. So a gate after
    the last one that joins its qubits to measured ones is left out: U^+ O U = O where U acts on other qubits than O.
    """
    qubits = set(np.flatnonzero((as_letters(observables) != ord("I")).any(axis=0)).tolist())
    found: list[Gate] = []
    for gate in reversed(gates):
        if qubits.intersection(gate.qubits):
            found.append(gate)
            qubits.update(gate.qubits)
    return found[::-1]


def leading_gates(gates: Sequence[Gate]) -> tuple[list[Gate], list[Gate]]:
    """The single-qubit gates on qubits that no larger gate has reached, and the rest."""
    leading, rest = [], []
    reached: set[int] = set()
    for gate in gates:
        if len(gate.qubits) == 1 and gate.qubits[0] not in reached:
            leading.append(gate)
        else:
            rest.append(gate)
            reached |= set(gate.qubits)
    return leading, rest


def before_measuring(gates: Sequence[Gate]) -> list[Gate]:
    """The gates but for phases at the end, which no measurement in the computational basis sees."""
    gates, trailing = trailing_gates(gates)
    return [*gates, *(gate for gate in trailing if gate.permutation is not None)]


def trailing_gates(gates: Sequence[Gate]) -> tuple[list[Gate], list[Gate]]:
    """The gates that no gate but permutations and phases follows on their qubits, those themselves, and the rest first.

    Measured in the computational basis, such phases are nothing, and such permutations only rename the outcomes.
    """
    rest: list[Gate] = []
    trailing: list[Gate] = []
    reached: set[int] = set()
    for gate in reversed(gates):
        if reached.isdisjoint(gate.qubits) and (gate.is_diagonal or gate.permutation is not None):
            trailing.append(gate)
        else:
            rest.append(gate)
            reached |= set(gate.qubits)
    return rest[::-1], trailing[::-1]
