"""The register in two halves: what gates do to the states of either.

A gate across the cut is a sum of products of an operator on either half: a CNOT is |0><0| x I + |1><1| x X. So the
state is a sum of terms, each the product of a state of one half and one of the other. Terms are columns next to each
other, (2^k, parts, terms * columns) for the k qubits of a half, in the same order in both halves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

import jax.numpy as jnp
import numpy as np

from qconv.circuit.columns import Columns, multiply, reordered
from qconv.circuit.operations import spread
from qconv.circuit.program import program
from qconv.gates import Gate

_BLOCK = 6
"""Qubits of a dense block."""

Step = Callable[[Columns], Columns]


@dataclass(eq=False)
class Half:
    """What is done to the states of one half.

    Attributes:
        first: its first qubit.
        num_qubits: how many it has.
        names: which amplitude each row holds after the steps.
        steps: in order.
        waiting: gates of its own that are not in `steps` yet.
    """

    first: int
    num_qubits: int
    names: np.ndarray
    steps: list[Step] = field(default_factory=list)
    waiting: list[Gate] = field(default_factory=list)

    def own(self, gate: Gate) -> tuple[int, ...]:
        """Those of a gate's qubits that are in this half, as it counts them."""
        inside = range(self.first, self.first + self.num_qubits)
        return tuple(qubit - self.first for qubit in gate.qubits if qubit in inside)

    def close(self) -> None:
        """Makes a step of the waiting gates."""
        if self.waiting:
            own = program(self.waiting, self.num_qubits, _BLOCK, self.names)
            self.steps.append(own.run)
            self.names, self.waiting = own.names, []

    def fork(self, operators: Sequence[Any], qubits: tuple[int, ...], gate: Gate, are_diagonal: bool) -> None:
        """Each term becomes several, one for each operator."""
        branches = [
            self._diagonal(operator, qubits) if are_diagonal else self._dense(operator, qubits, gate.dtype)
            for operator in operators
        ]

        def step(states: Columns) -> Columns:
            found = [branch(states) for branch in branches]
            parts = max(own.shape[1] for own in found)  # one operator may be real and another not
            return jnp.concatenate([jnp.pad(own, ((0, 0), (0, parts - own.shape[1]), (0, 0))) for own in found], axis=2)

        self.steps.append(step)

    def _diagonal(self, operator: Any, qubits: tuple[int, ...]) -> Step:
        numpy = np if isinstance(operator, np.ndarray) else jnp  # a constant stays one
        numbers = spread(operator.diagonal(), qubits, self.num_qubits)
        numbers = numpy.broadcast_to(numbers, (2,) * self.num_qubits).reshape(-1)[self.names, None]
        return lambda states: multiply(numbers, states)

    def _dense(self, operator: Any, qubits: tuple[int, ...], dtype: np.dtype) -> Step:
        """It leaves the rows with the names that they have: all branches must agree on them."""
        own = program([Gate("any", qubits, {"unitary": operator}, dtype)], self.num_qubits, _BLOCK, self.names)
        rows = np.argsort(own.names)[self.names]
        if np.array_equal(rows, np.arange(len(rows))):
            return own.run
        return lambda states: reordered(own.run(states), rows)

    def run(self, states: Columns) -> Columns:
        """The states after all steps."""
        for step in self.steps:
            states = step(states)
        return states


def halved(
    gates: Sequence[Gate], num_qubits: int, cut: int, names: tuple[np.ndarray, np.ndarray] | None = None
) -> tuple[Half, Half]:
    """The gates as steps of the half before qubit `cut` and of the other.

    Args:
        gates: in order.
        num_qubits: of both halves.
        cut: qubits of the first.
        names: which amplitude each row of either half holds at the start; by default row i holds amplitude i.
    """
    first, second = names or (np.arange(2**cut), np.arange(2 ** (num_qubits - cut)))
    halves = (Half(0, cut, first), Half(cut, num_qubits - cut, second))
    for gate in gates:
        own = tuple(half.own(gate) for half in halves)
        if not crosses(gate, cut):
            side = 0 if own[0] else 1
            halves[side].waiting.append(replace(gate, qubits=own[side]))
            continue
        for half in halves:  # now, while there are few terms
            half.close()
        side, operators, others = _expanded(gate, cut)
        halves[side].fork(operators, own[side], gate, set(own[side]) <= {q - halves[side].first for q in gate.controls})
        halves[1 - side].fork(others, own[1 - side], gate, gate.is_diagonal)
    for half in halves:
        half.close()
    return halves


def crosses(gate: Gate, cut: int) -> bool:
    """Whether a gate acts on both halves."""
    return min(gate.qubits) < cut <= max(gate.qubits)


def num_terms(gates: Sequence[Gate], cut: int) -> int:
    """Terms of the state after the gates."""
    terms = 1
    for gate in gates:
        if crosses(gate, cut):
            terms *= len(_operators(gate, cut)[1])
    return terms


def _operators(gate: Gate, cut: int) -> tuple[int, list[tuple[int, int]]]:
    """The half that a gate is expanded in, and its operators |row><column| there."""
    sides = [[qubit for qubit in gate.qubits if (qubit >= cut) == bool(side)] for side in (0, 1)]
    controlled = [side for side in (0, 1) if set(sides[side]) <= set(gate.controls)]
    side = min(controlled or (0, 1), key=lambda side: len(sides[side]))
    states = range(2 ** len(sides[side]))
    return side, [(state, state) for state in states] if controlled else list(product(states, states))


def _expanded(gate: Gate, cut: int) -> tuple[int, list[np.ndarray], list[Any]]:
    """The same half, its operators as matrices, and those of the other half that they come with."""
    side, pairs = _operators(gate, cut)
    k = len(gate.qubits)
    ours = [place for place, qubit in enumerate(gate.qubits) if (qubit >= cut) == bool(side)]
    theirs = [place for place in range(k) if place not in ours]
    order = [*ours, *(place + k for place in ours), *theirs, *(place + k for place in theirs)]
    size, rest = 2 ** len(ours), 2 ** len(theirs)
    blocks = gate.matrix.reshape((2,) * (2 * k)).transpose(order).reshape(size, size, rest, rest)
    projectors = []
    for row, column in pairs:
        projector = np.zeros((size, size), gate.dtype)
        projector[row, column] = 1
        projectors.append(projector)
    return side, projectors, [blocks[pair] for pair in pairs]
