"""Gates as few steps on many states at once.

States are columns: an array (2^n, parts, columns) of real numbers, with one part if all amplitudes are real, else the
real and the imaginary part. Columns lie next to each other in memory, so every step runs over long vectors, and
products are of real matrices.

Recorded gates are gathered into three kinds of operations: permutations of the amplitudes (CNOT, X, SWAP, ...);
phases (RZ, CZ, RZZ, ...), one number an amplitude; and dense blocks of a few qubits, one small matrix each. A
permutation costs nothing: from there on the rows are known by other names. Rows move only where a block needs its
qubits in front. Layers that repeat are compiled once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.gates import Gate, Matrix, apply_matrix

Columns = Float[Array, "_ _ _"]
"""(2^n, parts, columns)."""


@dataclass(eq=False)
class Permutation:
    """Amplitude i is replaced by amplitude `source[i]`."""

    num_qubits: int
    qubits: set[int] = field(default_factory=set)
    source: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.source = np.arange(2**self.num_qubits)

    def add(self, gate: Gate) -> bool:
        """Appends a gate, if it is of this kind."""
        if (local := gate.permutation) is None:
            return False
        self.qubits |= set(gate.qubits)
        self.source = self.source[_embedded(local, gate.qubits, self.num_qubits)]
        return True

    def commutes(self, gate: Gate) -> bool:
        """Whether `gate` may as well come before."""
        return self.qubits.isdisjoint(gate.qubits)


@dataclass(eq=False)
class Phases:
    """Each amplitude is multiplied by a number of its own."""

    num_qubits: int
    gates: list[Gate] = field(default_factory=list)

    def add(self, gate: Gate) -> bool:
        """Appends a gate, if it is of this kind."""
        if gate.is_diagonal:
            self.gates.append(gate)
        return gate.is_diagonal

    def commutes(self, gate: Gate) -> bool:
        """Whether `gate` may as well come before."""
        return gate.is_diagonal or all(set(own.qubits).isdisjoint(gate.qubits) for own in self.gates)

    def values(self) -> Any:
        """The numbers (2^n,), real or complex."""
        phases: Any = 1
        for gate in self.gates:
            phases = phases * spread(gate.matrix, gate.qubits, self.num_qubits)
        if isinstance(phases, np.ndarray):
            return np.broadcast_to(phases, (2,) * self.num_qubits).ravel()
        # They are of size 1 as it is. But XLA never repeats a division for each column, as it would the products.
        phases = jnp.broadcast_to(phases, (2,) * self.num_qubits).ravel()
        return phases / jnp.sqrt(jnp.square(phases.real) + jnp.square(phases.imag))


@dataclass(eq=False)
class Block:
    """A unitary of a few qubits."""

    max_qubits: int
    gates: list[Gate] = field(default_factory=list)

    @property
    def qubits(self) -> tuple[int, ...]:
        """In increasing order."""
        return tuple(sorted({qubit for gate in self.gates for qubit in gate.qubits}))

    def add(self, gate: Gate) -> bool:
        """Appends a gate, if it is of no other kind and the block stays small enough."""
        fits = len({*self.qubits, *gate.qubits}) <= self.max_qubits or not self.gates
        if fits := fits and not gate.is_diagonal and gate.permutation is None:
            self.gates.append(gate)
        return fits

    def commutes(self, gate: Gate) -> bool:
        """Whether `gate` may as well come before."""
        return set(self.qubits).isdisjoint(gate.qubits)

    def matrix(self) -> Matrix:
        """The unitary on `qubits`."""
        position = {qubit: index for index, qubit in enumerate(self.qubits)}
        chains: dict[int, Any] = {}  # of single-qubit gates, not yet in `matrix`
        matrix: Any = None
        for gate in self.gates:
            if len(gate.qubits) == 1:
                qubit = gate.qubits[0]
                chains[qubit] = _product(gate.matrix, chains[qubit]) if qubit in chains else gate.matrix
                continue
            matrix = self._with_chains(matrix, chains)
            chains = {}
            matrix = apply_matrix(jnp.asarray(matrix).T, gate.matrix, tuple(position[q] for q in gate.qubits)).T
        return self._with_chains(matrix, chains) if chains or matrix is None else matrix

    def _with_chains(self, matrix: Any, chains: dict[int, Any]) -> Any:
        """`matrix`, then the chains, all at once."""
        if not chains:
            return np.eye(2 ** len(self.qubits), dtype=self.gates[0].dtype) if matrix is None else matrix
        factors = [chains.get(qubit, np.eye(2, dtype=np.float32)) for qubit in self.qubits]
        kronecker = factors[0]
        for factor in factors[1:]:
            size = len(kronecker) * len(factor)
            kronecker = (kronecker[:, None, :, None] * factor[None, :, None, :]).reshape(size, size)
        return kronecker if matrix is None else jnp.matmul(kronecker, matrix, precision="highest")


Operation = Permutation | Phases | Block


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
            states = states.at[self.rows].get(unique_indices=True, mode="promise_in_bounds")
        return multiply(self.values[:, None], states) if self.values.ndim == 1 else _dense(self.values, states)


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
            return states if self.closing is None else states[self.closing], None

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
        return states if _is_sorted(self.names) else states[np.argsort(self.names)]


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
    if repeats > 1:
        layers = [gates[start : start + period] for start in range(0, repeats * period, period)]
        steps.append(_layers(layers, num_qubits, max_block, names))
        gates = gates[repeats * period :]
    operations = merged(built_together(gates), num_qubits, max_block)
    while measured and operations and isinstance(operations[-1], Phases):
        operations.pop()
    more, names = _steps(operations, names)
    return Program([*steps, *more], names)


def _layers(layers: list[Sequence[Gate]], num_qubits: int, max_block: int, names: np.ndarray) -> Layers:
    first = layers[0]
    groups = _alike(first)
    angles = [_stacked([layer[index] for layer in layers for index in members]) for members in groups]
    angles = jax.tree.map(lambda values: values.reshape(len(layers), -1, *values.shape[1:]), angles)
    rows: list[list[np.ndarray | None]] = []
    last: list[np.ndarray] = []

    def build(angles: list[dict[str, Array]]) -> list[Any]:
        gates = list(first)
        for members, values in zip(groups, angles, strict=True):
            for index, matrix in zip(members, _matrices(first[members[0]], values), strict=True):
                gates[index] = first[index].with_matrix(matrix)
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
            steps.append(Step(None, operation.values()[names]))
        else:
            rows = None
            if not _in_front(operation.qubits, names):
                wanted = _rows_with_front(operation.qubits, names)
                rows, names = np.argsort(names)[wanted], wanted
            steps.append(Step(rows, operation.matrix()))
    return steps, names


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


def merged(gates: Sequence[Gate], num_qubits: int, max_block: int) -> list[Operation]:
    """The gates as operations: each joins the last one that it fits and that it may be moved to."""
    result: list[Operation] = []
    for gate in gates:
        for operation in reversed(result):
            if operation.add(gate):
                break
            if not operation.commutes(gate):
                result.append(_started(gate, num_qubits, max_block))
                break
        else:
            result.append(_started(gate, num_qubits, max_block))
    return result


def _started(gate: Gate, num_qubits: int, max_block: int) -> Operation:
    return next(
        operation
        for operation in (Permutation(num_qubits), Phases(num_qubits), Block(max_block))
        if operation.add(gate)
    )


def built_together(gates: Sequence[Gate]) -> list[Gate]:
    """The same gates, with the matrices of each name computed at once: less to trace and to compile."""
    result = list(gates)
    for members in _alike(gates):
        for index, matrix in zip(members, stacked_matrices([gates[index] for index in members]), strict=True):
            result[index] = gates[index].with_matrix(matrix)
    return result


def stacked_matrices(gates: Sequence[Gate]) -> Array:
    """The matrices (gates, 2^k, 2^k) of gates that differ only in qubits and angles."""
    if not has_angles(gates[0]):
        return jnp.broadcast_to(gates[0].matrix, (len(gates), *gates[0].matrix.shape))
    return _matrices(gates[0], _stacked(gates))


def _alike(gates: Sequence[Gate]) -> list[list[int]]:
    """Which gates with angles differ in nothing but them and the qubits."""
    groups: dict[Any, list[int]] = {}
    for index, gate in enumerate(gates):
        if has_angles(gate):
            groups.setdefault(signature(gate)[::2], []).append(index)
    return list(groups.values())


def _stacked(gates: Sequence[Gate]) -> dict[str, Array]:
    names = [name for name, value in gates[0].params.items() if _is_angle(value)]
    return {name: jnp.stack([jnp.asarray(gate.params[name]) for gate in gates]) for name in names}


def _matrices(gate: Gate, angles: dict[str, Array]) -> Array:
    return jax.vmap(lambda values: jnp.asarray(gate.with_params({**gate.params, **values}).matrix))(angles)


def has_angles(gate: Gate) -> bool:
    """Whether a parameter of the gate is a number, or an array that may be traced."""
    return any(_is_angle(value) for value in gate.params.values())


def _is_angle(value: Any) -> bool:
    """Whether a parameter is a number, or an array that may be traced; else it is the same in every run."""
    return isinstance(value, float | np.floating | jax.Array)


def signature(gate: Gate) -> tuple[Any, ...]:
    """Name, qubits, and parameters but for the angles."""
    return (
        gate.name,
        gate.qubits,
        tuple(
            (name, np.shape(value)) if _is_angle(value) else (name, np.shape(value), np.asarray(value).tobytes())
            for name, value in gate.params.items()
        ),
    )


def _period(items: Sequence[Any]) -> int:
    """The smallest p with items[i] == items[i + p] throughout, by the failure function of Knuth, Morris and Pratt."""
    overlaps: list[int] = []
    for item in items:
        overlap = overlaps[-1] if overlaps else -1
        while overlap >= 0 and items[overlap] != item:
            overlap = overlaps[overlap - 1] if overlap else -1
        overlaps.append(overlap + 1)
    return len(items) - overlaps[-1] if overlaps else 0


def multiply(numbers: Any, states: Columns) -> Columns:
    """Real or complex numbers (2^n, columns or 1) times states, element by element."""
    if not jnp.iscomplexobj(numbers):
        return numbers[:, None] * states
    real, imaginary = numbers.real, numbers.imag
    if states.shape[1] == 1:
        return jnp.stack([real * states[:, 0], imaginary * states[:, 0]], axis=1)
    parts = (states[:, 0], states[:, 1])
    return jnp.stack([real * parts[0] - imaginary * parts[1], real * parts[1] + imaginary * parts[0]], axis=1)


def _dense(matrix: Matrix, states: Columns) -> Columns:
    def times(real_matrix: Any) -> Columns:
        # Full float32 products: accelerators would use fewer bits by default.
        product = jnp.matmul(real_matrix, states.reshape(len(matrix), -1), precision="highest")
        return product.reshape(states.shape)

    if not jnp.iscomplexobj(matrix):
        return times(matrix)
    by_real, by_imaginary = times(matrix.real), times(matrix.imag)
    if states.shape[1] == 1:
        return jnp.concatenate([by_real, by_imaginary], axis=1)
    return jnp.stack([by_real[:, 0] - by_imaginary[:, 1], by_real[:, 1] + by_imaginary[:, 0]], axis=1)


def _product(later: Matrix, earlier: Matrix) -> Matrix:
    """Of two small matrices; as a sum it becomes part of a larger kernel, where a call for a product would not."""
    return (later[:, :, None] * earlier[None]).sum(1)


def _embedded(local: np.ndarray, qubits: tuple[int, ...], num_qubits: int) -> np.ndarray:
    """A permutation of the basis states of `qubits`, on the register."""
    index = np.arange(2**num_qubits)
    shifts = [num_qubits - 1 - qubit for qubit in qubits]
    outcome = sum(((index >> shift) & 1) << place for place, shift in enumerate(reversed(shifts)))
    cleared = index & ~sum(1 << shift for shift in shifts)
    moved = local[outcome]
    return cleared | sum(((moved >> place) & 1) << shift for place, shift in enumerate(reversed(shifts)))


def spread(matrix: Matrix, qubits: tuple[int, ...], num_qubits: int) -> Any:
    """The diagonal of a gate, with an axis for each qubit of the register, of length 1 where it does not act."""
    diagonal = matrix.diagonal().reshape((2,) * len(qubits))
    diagonal = diagonal.transpose(tuple(np.argsort(qubits)))
    return diagonal.reshape(tuple(2 if qubit in qubits else 1 for qubit in range(num_qubits)))
