"""Gates as few steps on the states of many patches.

Gates are gathered into operations first. A permutation of the amplitudes then costs nothing: from there on the rows
are known by other names. Rows move only where a block needs its qubits in front. Layers that repeat are compiled once.

States are columns, (2^n, parts, columns), of real numbers: one part if all amplitudes are real, else the real and the
imaginary part. Columns lie next to each other in memory, so every step runs over long vectors, and products are of real
matrices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.gates.kinds import Matrix
from qconv.gates.tape import Gate, pytree
from qconv.lowering.fusion import Permutation, Phases, built_together, merged, of_all
from qconv.lowering.order import before_measuring, loops, ordered

_SMALL = 6
"""Qubits of a register whose columns are worth reordering by a product."""

Columns = Float[Array, "_ _ _"] | Float[np.ndarray, "_ _ _"]
"""(2^n, parts, columns); of NumPy while they are constants."""


def as_columns(states: Any) -> Float[Array, "_ _ _"]:
    """Real or complex (2^n, columns) as real numbers (2^n, parts, columns)."""
    states = jnp.asarray(states)
    return jnp.stack([states.real, states.imag], axis=1) if jnp.iscomplexobj(states) else states[:, None]


def reordered(states: Columns, rows: np.ndarray) -> Columns:
    """The states with row `rows[i]` in place i; `rows` is a permutation."""
    if isinstance(states, np.ndarray):
        return states[rows]
    if np.array_equal(rows, np.arange(len(rows)) ^ rows[0]):  # axes turned round: no table of rows, in the gradient too
        bits = [bit for bit in range(len(rows).bit_length() - 1) if rows[0] >> bit & 1]
        axes = (2,) * (len(rows).bit_length() - 1)
        flipped = jnp.flip(states.reshape(*axes, *states.shape[1:]), [len(axes) - 1 - bit for bit in bits])
        return flipped.reshape(states.shape)
    return states.at[rows].get(unique_indices=True, mode="promise_in_bounds")


def multiply(numbers: Any, states: Columns) -> Columns:
    """Real or complex numbers (2^n, columns or 1) times states, element by element."""
    if not jnp.iscomplexobj(numbers):
        return numbers[:, None] * states
    real, imaginary = numbers.real, numbers.imag
    if states.shape[1] == 1:
        return jnp.stack([real * states[:, 0], imaginary * states[:, 0]], axis=1)
    parts = (states[:, 0], states[:, 1])
    return jnp.stack([real * parts[0] - imaginary * parts[1], real * parts[1] + imaginary * parts[0]], axis=1)


def transform(matrix: Matrix, states: Columns) -> Columns:
    """A real or complex matrix (2^k, 2^k) times states; it acts on the first k qubits of the order of the rows.

    A complex one is a real one, [Re U, -Im U; Im U, Re U], on states whose parts come first: then nothing is left to be
    added up and put in place after the product, which for few columns would take longer than the product.
    """
    size, parts, columns = states.shape
    if isinstance(states, np.ndarray) and len(matrix) == size and np.array_equal(states[:, 0], np.eye(size)):
        return as_columns(matrix)
    if not jnp.iscomplexobj(matrix):
        return _product(matrix, states.reshape(len(matrix), -1)).reshape(states.shape)
    rows = jnp.swapaxes(states, 0, 1).reshape(parts * len(matrix), -1)
    real, imaginary = matrix.real, matrix.imag
    both = [[real, -imaginary], [imaginary, real]] if parts == 2 else [[real], [imaginary]]
    return jnp.swapaxes(_product(jnp.block(both), rows).reshape(2, size, columns), 0, 1)


def _product(matrix: Matrix, rows: Any) -> Float[Array, "_ _"]:
    """Full float32 products: accelerators would use fewer bits by default."""
    return jnp.matmul(matrix, rows, precision="highest")


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
        more, names = _steps(gates[done : loop.start], max_block, names)
        layers = [gates[start : start + loop.period] for start in range(loop.start, loop.stop, loop.period)]
        steps += [*more, _layers(layers, max_block, names)]
        done = loop.stop
    gates = gates[done:]
    if measured:
        gates = before_measuring(gates)
    more, names = _steps(gates, max_block, names)
    return Program([*steps, *more], names)


def _layers(layers: Sequence[Sequence[Gate]], max_block: int, names: np.ndarray) -> Layers:
    def build(gates: list[Gate]) -> Program:
        return Program(*_steps(gates, max_block, names))

    return Layers(of_all(layers, build), names)


def _steps(gates: Sequence[Gate], max_block: int, names: np.ndarray) -> tuple[list[Step | Layers], np.ndarray]:
    num_qubits = len(names).bit_length() - 1
    steps: list[Step | Layers] = []
    for operation in merged(built_together(gates), max_block):
        if isinstance(operation, Permutation):
            names = np.argsort(operation.source(num_qubits))[names]
        elif isinstance(operation, Phases):
            steps.append(Step(None, operation.values(names)))
        elif len(operation.qubits) == num_qubits <= _SMALL:  # the matrix is reordered, not the rows
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
