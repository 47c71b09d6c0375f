"""Gates as a list, before anything is computed: which are seen, which others take over, in which order they run.

Gates that act on other qubits commute, so one circuit can be written in many ways: by rows, qubit by qubit, along
diagonals. What is the same for all of them is which gates follow each other on each qubit; so gates are put in an order
that does not depend on how they were written, and there layers that repeat are found.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

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


class Loop(NamedTuple):
    """Gates of a list that repeat, one layer after the other."""

    start: int
    """Index of the first gate."""
    period: int
    """How many gates are repeated."""
    repeats: int
    """How often the gates are there."""

    @property
    def stop(self) -> int:
        """Index of the first gate after the loop."""
        return self.start + self.period * self.repeats


def ordered(gates: Sequence[Gate]) -> list[Gate]:
    """Gates in a canonical order: those of one kind together, as many as can be, those of one time by qubit.

    Kinds are permutations, phases and all others. Of several that could come next it is the first of these, so that
    what costs most, the others, are together as long as possible.
    """
    chains: dict[int, list[int]] = {}  # of each qubit the gates that are still to come, the next one last
    for index in reversed(range(len(gates))):
        for qubit in gates[index].qubits:
            chains.setdefault(qubit, []).append(index)
    kinds = [kind(gate) for gate in gates]
    found: list[Gate] = []

    def ready() -> list[int]:
        """The gates that nothing comes before."""
        ahead = {chain[-1] for chain in chains.values() if chain}
        return [index for index in ahead if all(chains[qubit][-1] == index for qubit in gates[index].qubits)]

    while waiting := ready():
        first = min(kinds[index] for index in waiting)
        while wave := [index for index in waiting if kinds[index] == first]:
            found += sorted((gates[index] for index in wave), key=lambda gate: (gate.name, gate.qubits))
            for index in wave:
                for qubit in gates[index].qubits:
                    chains[qubit].pop()
            waiting = ready()
    return found


def kind(gate: Gate) -> int:
    """0 for a permutation of the amplitudes, 1 for phases, one number an amplitude, 2 for any other gate."""
    if gate.permutation is not None:
        return 0
    return 1 if gate.is_diagonal else 2


def loops(gates: Sequence[Gate]) -> list[Loop]:
    """Layers that differ in nothing but angles, three or more, one after the other; what is in none stands alone.

    A layer has as many gates as there are qubits, or more: less is quicker to compile, and to run, one after the other.
    """
    numbers: dict[Any, int] = {}
    names = np.array([numbers.setdefault((gate.likeness, gate.qubits), len(numbers)) for gate in gates], int)
    starts = np.array([index == 0 or kind(gates[index - 1]) != kind(gates[index]) for index in range(len(gates))])
    return _loops(names, starts, len({qubit for gate in gates for qubit in gate.qubits}))


def _loops(names: np.ndarray, starts: np.ndarray, shortest: int) -> list[Loop]:
    options = [
        loop for period in range(max(1, shortest), len(names) // 3 + 1) for loop in _longest(names, starts, period)
    ]
    if not options:
        return []
    best = max(options, key=lambda loop: (loop.stop - loop.start, loop.repeats))
    before = _loops(names[: best.start], starts[: best.start], shortest)
    after = _loops(names[best.stop :], starts[best.stop :], shortest)
    return [*before, best, *(loop._replace(start=loop.start + best.stop) for loop in after)]


def _longest(names: np.ndarray, starts: np.ndarray, period: int) -> list[Loop]:
    """The longest loop of a period, none of fewer than three; its layers begin with a kind of gates if they can."""
    differ = np.flatnonzero(names[:-period] != names[period:])
    edges = np.concatenate([[-1], differ, [len(names) - period]])
    place = int(np.diff(edges).argmax())
    first, length = int(edges[place]) + 1, int(edges[place + 1] - edges[place]) - 1 + period
    repeats, spare = divmod(length, period)
    if repeats < 3:
        return []
    shifts = np.flatnonzero(starts[first + period : first + period + spare + 1])
    return [Loop(first + int(shifts[0]) if len(shifts) else first, period, repeats)]
