"""Gates as few steps on the states of many patches.

Gates are gathered into operations first. A permutation of the amplitudes then costs nothing: from there on the rows
are known by other names. Rows move only where a block needs its qubits in front. Layers that repeat are compiled once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from qconv.alike import alike, built_together, signature, stacked_angles
from qconv.circuit.columns import Columns, multiply, reordered, transform
from qconv.circuit.ends import trailing_gates
from qconv.circuit.operations import Operation, Permutation, Phases, merged
from qconv.gates import Entry, Gate

_SMALL = 6
"""Qubits of a register whose columns are worth reordering by a product."""


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


@dataclass(frozen=True, eq=False)
class Layers:
    """Layers of the same gates with angles of their own, one after the other.

    Attributes:
        rows: of the steps of each layer.
        values: of the steps, with a leading axis for the layers.
        closing: the reordering after each layer.
    """

    rows: list[np.ndarray | None]
    values: list[Any]
    closing: np.ndarray | None

    def apply(self, states: Columns) -> Columns:
        """The states after it."""

        def layer(states: Columns, values: list[Any]) -> tuple[Columns, None]:
            for rows, own in zip(self.rows, values, strict=True):
                states = Step(rows, own).apply(states)
            return states if self.closing is None else reordered(states, self.closing), None

        if states.shape[1] == 1 and any(jnp.iscomplexobj(own) for own in self.values):
            states = jnp.concatenate([states, jnp.zeros_like(states)], axis=1)
        return jax.lax.scan(layer, states, self.values)[0]


@dataclass(frozen=True, eq=False)
class Program:
    """Steps, and what the rows are called afterwards.

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
    period = _period([signature(gate) for gate in gates])
    repeats = len(gates) // period if period else 0
    steps: list[Step | Layers] = []
    if repeats > 2:  # two are quicker to compile, and to run, one after the other
        layers = [gates[start : start + period] for start in range(0, repeats * period, period)]
        steps.append(_layers(layers, num_qubits, max_block, names))
        gates = gates[repeats * period :]
    if measured:
        gates, trailing = trailing_gates(gates)
        gates = [*gates, *(gate for gate in trailing if gate.permutation is not None)]
    more, names = _steps(merged(built_together(gates), num_qubits, max_block), names)
    return Program([*steps, *more], names)


def _layers(layers: list[Sequence[Gate]], num_qubits: int, max_block: int, names: np.ndarray) -> Layers:
    first = layers[0]
    groups = alike(first)
    angles = [stacked_angles([layer[index] for layer in layers for index in members]) for members in groups]
    angles = jax.tree.map(lambda values: values.reshape(len(layers), -1, *values.shape[1:]), angles)
    rows: list[list[np.ndarray | None]] = []
    last: list[np.ndarray] = []

    def build(angles: list[dict[str, Array]]) -> list[Any]:
        gates = list(first)
        for members, values in zip(groups, angles, strict=True):
            for position, index in enumerate(members):
                own = {name: Entry(value, position) for name, value in values.items()}
                gates[index] = first[index].with_params({**first[index].params, **own})
        gates = built_together(gates)
        steps, after = _steps(merged(gates, num_qubits, max_block), names)
        rows.append([step.rows for step in steps])
        last.append(after)
        return [jnp.asarray(step.values) for step in steps]

    values = jax.vmap(build, axis_size=len(layers))(angles)
    closing = None if np.array_equal(last[0], names) else np.argsort(last[0])[names]
    return Layers(rows[0], values, closing)


def _steps(operations: Sequence[Operation], names: np.ndarray) -> tuple[list[Step], np.ndarray]:
    steps: list[Step] = []
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


def _period(items: Sequence[Any]) -> int:
    """The smallest p with items[i] == items[i + p] throughout, by the failure function of Knuth, Morris and Pratt."""
    overlaps: list[int] = []
    for item in items:
        overlap = overlaps[-1] if overlaps else -1
        while overlap >= 0 and items[overlap] != item:
            overlap = overlaps[overlap - 1] if overlap else -1
        overlaps.append(overlap + 1)
    return len(items) - overlaps[-1] if overlaps else 0
