"""Gates as few steps on the states of many patches.

Gates are gathered into operations first. A permutation of the amplitudes then costs nothing: from there on the rows
are known by other names. Rows move only where a block needs its qubits in front. Layers that repeat are compiled once.

Gates that act on other qubits commute, so one circuit can be written in many ways: by rows, qubit by qubit, along
diagonals. What is the same for all of them is which gates follow each other on each qubit; so gates are put in an order
first that does not depend on how they were written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from qconv.gates.tape import Gate, pytree
from qconv.lowering.absorption import before_measuring
from qconv.lowering.columns import Columns, multiply, reordered, transform
from qconv.lowering.fusion import Operation, Permutation, Phases, merged
from qconv.lowering.grouping import built_together, of_all

_SMALL = 6
"""Qubits of a register whose columns are worth reordering by a product."""


@pytree("values")
@dataclass(frozen=True, eq=False)
class Step:
    """What is done to the states: rows are reordered, and then multiplied by numbers or by a matrix.

    Attributes:
        rows: which row comes where; None if they stay.
        values: numbers (2^n,), or a matrix (2^k, 2^k) for the first k qubits of the order that the rows are in.
    """

    rows: np.ndarray | None
    values: Any

    def apply(self, states: Columns) -> Columns:
        """The states after the step."""
        if self.rows is not None:
            states = reordered(states, self.rows)
        return multiply(self.values[:, None], states) if self.values.ndim == 1 else transform(self.values, states)


@pytree("layer")
@dataclass(frozen=True, eq=False)
class Layers:
    """Layers of the same gates with angles of their own, one after the other.

    Attributes:
        layer: the steps of each layer, their values with a leading axis for the layers.
        names: which amplitude each row holds before each layer, and after the last.
    """

    layer: "Program"
    names: np.ndarray

    def apply(self, states: Columns) -> Columns:
        """The states after all layers."""
        values, structure = jax.tree.flatten(self.layer)
        after = self.layer.names
        closing = None if np.array_equal(after, self.names) else np.argsort(after)[self.names]

        def layer(states: Columns, own: list[Any]) -> tuple[Columns, None]:
            states = jax.tree.unflatten(structure, own).run(states)
            return states if closing is None else reordered(states, closing), None

        if states.shape[1] == 1 and any(jnp.iscomplexobj(own) for own in values):
            states = jnp.concatenate([states, jnp.zeros_like(states)], axis=1)
        return jax.lax.scan(layer, states, values)[0]


@pytree("steps")
@dataclass(frozen=True, eq=False)
class Program:
    """Steps, and what the rows are called afterwards. A pytree: its numbers are leaves, all else is structure.

    Attributes:
        steps: in order.
        names: which amplitude each row holds at the end, (2^n,).
    """

    steps: list[Step | Layers]
    names: np.ndarray

    def run(self, states: Columns) -> Columns:
        """The states after all steps, their rows in the order of `names`."""
        for step in self.steps:
            states = step.apply(states)
        return states

    def run_in_order(self, states: Columns) -> Columns:
        """The states after all steps, amplitude i in row i."""
        states = self.run(states)
        return states if _is_sorted(self.names) else reordered(states, np.argsort(self.names))


def program(
    gates: Sequence[Gate], num_qubits: int, max_block: int, names: np.ndarray | None = None, measured: bool = False
) -> Program:
    """The gates, as few steps.

    Args:
        gates: in order.
        num_qubits: size of the register.
        max_block: qubits of a dense block, unless a single gate has more.
        names: which amplitude each row holds at the start; by default row i holds amplitude i.
        measured: whether only the sizes of the amplitudes count afterwards, so that phases at the end do not.
    """
    names = np.arange(2**num_qubits) if names is None else names
    gates = ordered(gates)
    steps: list[Step | Layers] = []
    done = 0
    for loop in loops(gates):
        more, names = _steps(merged(built_together(gates[done : loop.start]), num_qubits, max_block), names)
        layers = [gates[start : start + loop.period] for start in range(loop.start, loop.stop, loop.period)]
        steps += [*more, _layers(layers, num_qubits, max_block, names)]
        done = loop.stop
    gates = gates[done:]
    if measured:
        gates = before_measuring(gates)
    more, names = _steps(merged(built_together(gates), num_qubits, max_block), names)
    return Program([*steps, *more], names)


def _layers(layers: Sequence[Sequence[Gate]], num_qubits: int, max_block: int, names: np.ndarray) -> Layers:
    def build(gates: list[Gate]) -> Program:
        return Program(*_steps(merged(built_together(gates), num_qubits, max_block), names))

    return Layers(of_all(layers, build), names)


def _steps(operations: Sequence[Operation], names: np.ndarray) -> tuple[list[Step | Layers], np.ndarray]:
    steps: list[Step | Layers] = []
    for operation in operations:
        if isinstance(operation, Permutation):
            names = np.argsort(operation.source)[names]
        elif isinstance(operation, Phases):
            steps.append(Step(None, operation.values(names)))
        elif len(operation.qubits) == len(names).bit_length() - 1 <= _SMALL:  # the matrix is reordered, not the rows
            steps.append(Step(None, _with_columns(operation.matrix(), names)))
            names = np.arange(len(names))
        else:
            rows = None
            if not _in_front(operation.qubits, names):
                wanted = _rows_with_front(operation.qubits, names)
                rows, names = np.argsort(names)[wanted], wanted
            steps.append(Step(rows, operation.matrix()))
    return steps, names


def _with_columns(matrix: Any, names: np.ndarray) -> Any:
    """By a product, which takes less to compile than a table of columns, its gradient above all."""
    if _is_sorted(names):
        return matrix
    return jnp.matmul(matrix, np.eye(len(names), dtype=matrix.dtype)[:, names], precision="highest")


def _in_front(qubits: tuple[int, ...], names: np.ndarray) -> bool:
    """Whether the rows, as a matrix with 2^k rows, differ along columns in nothing but `qubits`, which count them."""
    num_qubits = len(names).bit_length() - 1
    blocks = names.reshape(2 ** len(qubits), -1)
    return (
        np.array_equal(blocks, blocks[0] | _spread_bits(qubits, num_qubits)[:, None])
        and not (blocks[0] & _spread_bits(qubits, num_qubits)[-1]).any()
    )


def _rows_with_front(qubits: tuple[int, ...], names: np.ndarray) -> np.ndarray:
    """Names with `qubits` in front, the others as they come."""
    num_qubits = len(names).bit_length() - 1
    counted = _spread_bits(qubits, num_qubits)
    others = names[(names & counted[-1]) == 0]
    return (counted[:, None] | others).ravel()


def _spread_bits(qubits: tuple[int, ...], num_qubits: int) -> np.ndarray:
    """The amplitudes where `qubits` count 0, 1, 2, ... and the other qubits are 0."""
    count = np.arange(2 ** len(qubits))
    places = reversed(range(len(qubits)))
    return sum(((count >> place) & 1) << (num_qubits - 1 - qubit) for place, qubit in zip(places, qubits, strict=True))


def _is_sorted(names: np.ndarray) -> bool:
    return np.array_equal(names, np.arange(len(names)))


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
    names = np.array([numbers.setdefault((gate.likeness, gate.qubits), len(numbers)) for gate in gates], int)
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
