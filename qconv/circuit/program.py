"""Gates as few steps on the states of many patches.

Gates are gathered into operations first. A permutation of the amplitudes then costs nothing: from there on the rows
are known by other names. Rows move only where a block needs its qubits in front. Layers that repeat are compiled once.
The order in which gates that commute were written makes no difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from qconv.alike import built_together, of_all
from qconv.circuit.columns import Columns, multiply, reordered, transform
from qconv.circuit.ends import before_measuring
from qconv.circuit.operations import Operation, Permutation, Phases, merged
from qconv.circuit.order import loops, ordered
from qconv.gates import Gate, pytree

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
        """The states after it."""
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
        """The states after it."""
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
