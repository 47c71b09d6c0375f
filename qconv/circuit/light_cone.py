"""Which gates can be seen in what is measured."""

from collections.abc import Sequence

import numpy as np

from qconv.gates import Gate
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
