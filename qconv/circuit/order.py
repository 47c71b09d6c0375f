"""An order of gates that does not depend on how a circuit is written, and the layers that repeat in it.

Gates that act on other qubits commute, so one circuit can be written in many ways: by rows, qubit by qubit, along
diagonals. What is the same for all of them is which gates follow each other on each qubit.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from qconv.alike import signature
from qconv.gates import Gate


class Loop(NamedTuple):
    """Gates that repeat."""

    start: int
    """Index of the first."""
    period: int
    """How many are repeated."""
    repeats: int
    """How often they are there."""

    @property
    def stop(self) -> int:
        """Index of the first gate after them."""
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
    kinds = [_kind(gate) for gate in gates]
    found: list[Gate] = []

    def ready() -> list[int]:
        """The gates that nothing comes before."""
        ahead = {chain[-1] for chain in chains.values() if chain}
        return [index for index in ahead if all(chains[qubit][-1] == index for qubit in gates[index].qubits)]

    while waiting := ready():
        kind = min(kinds[index] for index in waiting)
        while wave := [index for index in waiting if kinds[index] == kind]:
            found += sorted((gates[index] for index in wave), key=lambda gate: (gate.name, gate.qubits))
            for index in wave:
                for qubit in gates[index].qubits:
                    chains[qubit].pop()
            waiting = ready()
    return found


def _kind(gate: Gate) -> int:
    if gate.permutation is not None:
        return 0
    return 1 if gate.is_diagonal else 2


def loops(gates: Sequence[Gate]) -> list[Loop]:
    """Layers that differ in nothing but angles, three or more, one after the other; what is in none stands alone.

    A layer has as many gates as there are qubits, or more: less is quicker to compile, and to run, one after the other.
    """
    numbers: dict[Any, int] = {}
    names = np.array([numbers.setdefault(signature(gate), len(numbers)) for gate in gates], int)
    starts = np.array([index == 0 or _kind(gates[index - 1]) != _kind(gates[index]) for index in range(len(gates))])
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
