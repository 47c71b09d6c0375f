"""Gates as few operations on many states at once.

States are columns: an array (parts, 2^n, columns) of real numbers, with one part if all amplitudes are real, else the
real and the imaginary part. Columns lie next to each other in memory, so every operation runs over long vectors,
and products are of real matrices.

Recorded gates are gathered into three kinds of operations: permutations of the amplitudes (CNOT, X, SWAP, ...), which
are known before anything runs; phases (RZ, CZ, RZZ, ...), one number an amplitude; and dense blocks of a few qubits,
one small matrix each.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.gates import Gate, Matrix, apply_matrix, complex_dtype

Columns = Float[Array, "parts amplitudes columns"]


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

    def apply(self, states: Columns) -> Columns:
        """The states after it."""
        return states[:, self.source]


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

    def apply(self, states: Columns) -> Columns:
        """The states after it."""
        phases: Any = np.ones((), states.dtype)
        for gate in self.gates:
            phases = phases * spread(gate.matrix, gate.qubits, self.num_qubits)
        phases = jnp.broadcast_to(phases, (2,) * self.num_qubits).reshape(-1, 1)
        return multiply(phases, states)


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
            matrix = apply_matrix(matrix.T, gate.matrix, tuple(position[q] for q in gate.qubits)).T
        return self._with_chains(matrix, chains) if chains or matrix is None else matrix

    def _with_chains(self, matrix: Any, chains: dict[int, Any]) -> Any:
        """`matrix`, then the chains, all at once."""
        if not chains:
            return jnp.eye(2 ** len(self.qubits)) if matrix is None else matrix
        factors = [chains.get(qubit, np.eye(2, dtype=np.float32)) for qubit in self.qubits]
        kronecker = factors[0]
        for factor in factors[1:]:
            size = len(kronecker) * len(factor)
            kronecker = (kronecker[:, None, :, None] * factor[None, :, None, :]).reshape(size, size)
        return kronecker if matrix is None else jnp.matmul(kronecker, matrix, precision="highest")

    def apply(self, states: Columns) -> Columns:
        """The states after it."""
        parts, size, columns = states.shape
        qubits, num_qubits = self.qubits, size.bit_length() - 1
        first = qubits[0]
        order = None
        if qubits != tuple(range(first, first + len(qubits))):  # neighbours need no copy
            first, order = 0, (*qubits, *(q for q in range(num_qubits) if q not in qubits))
            states = states[:, _reordered(order)]
        rows = 2 ** len(qubits)
        states = _dense(self.matrix(), states.reshape(parts, 2**first, rows, -1))
        states = states.reshape(-1, size, columns)
        return states if order is None else states[:, np.argsort(_reordered(order))]


@dataclass(eq=False)
class Repeated:
    """Layers of the same gates with angles of their own, one after the other: compiled once."""

    layers: Sequence[Sequence[Gate]]
    num_qubits: int
    max_block: int

    def apply(self, states: Columns) -> Columns:
        """The states after it."""
        first = self.layers[0]
        groups = _alike(first)
        angles = [_stacked([layer[index] for layer in self.layers for index in members]) for members in groups]
        angles = jax.tree.map(lambda values: values.reshape(len(self.layers), -1, *values.shape[1:]), angles)

        def layer(states: Columns, angles: list[dict[str, Array]]) -> tuple[Columns, None]:
            gates = list(first)
            for members, values in zip(groups, angles, strict=True):
                for index, matrix in zip(members, _matrices(first[members[0]], values), strict=True):
                    gates[index] = first[index].with_matrix(matrix)
            for operation in _merged(gates, self.num_qubits, self.max_block):
                states = operation.apply(states)
            return states, None

        parts = jax.eval_shape(layer, states, jax.tree.map(lambda values: values[0], angles))[0].shape[0]
        if parts > len(states):
            states = jnp.concatenate([states, jnp.zeros_like(states)])
        return jax.lax.scan(layer, states, angles)[0]


Operation = Permutation | Phases | Block | Repeated


def operations(gates: Sequence[Gate], num_qubits: int, max_block: int) -> list[Operation]:
    """The gates, in as few operations as merging neighbours that commute gives.

    Args:
        gates: in order.
        num_qubits: size of the register.
        max_block: qubits of a dense block, unless a single gate has more.
    """
    period = _period([_signature(gate) for gate in gates])
    repeats = len(gates) // period if period else 0
    if repeats < 2:
        return _merged(built_together(gates), num_qubits, max_block)
    layers = [gates[start : start + period] for start in range(0, repeats * period, period)]
    rest = _merged(built_together(gates[repeats * period :]), num_qubits, max_block)
    return [Repeated(layers, num_qubits, max_block), *rest]


def _merged(gates: Sequence[Gate], num_qubits: int, max_block: int) -> list[Operation]:
    result: list[Permutation | Phases | Block] = []
    for gate in gates:
        for operation in reversed(result):
            if operation.add(gate):
                break
            if not operation.commutes(gate):
                result.append(_started(gate, num_qubits, max_block))
                break
        else:
            result.append(_started(gate, num_qubits, max_block))
    return [*result]


def _started(gate: Gate, num_qubits: int, max_block: int) -> Permutation | Phases | Block:
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
    if not any(_is_angle(value) for value in gates[0].params.values()):
        return jnp.broadcast_to(gates[0].matrix, (len(gates), *gates[0].matrix.shape))
    return _matrices(gates[0], _stacked(gates))


def _alike(gates: Sequence[Gate]) -> list[list[int]]:
    """Which gates with angles differ in nothing but them and the qubits."""
    groups: dict[Any, list[int]] = {}
    for index, gate in enumerate(gates):
        if any(_is_angle(value) for value in gate.params.values()):
            groups.setdefault(_signature(gate)[::2], []).append(index)
    return list(groups.values())


def _stacked(gates: Sequence[Gate]) -> dict[str, Array]:
    names = [name for name, value in gates[0].params.items() if _is_angle(value)]
    return {name: jnp.stack([jnp.asarray(gate.params[name]) for gate in gates]) for name in names}


def _matrices(gate: Gate, angles: dict[str, Array]) -> Array:
    return jax.vmap(lambda values: gate.with_params({**gate.params, **values}).matrix)(angles)


def _is_angle(value: Any) -> bool:
    """Whether a parameter is a number, or an array that may be traced; else it is the same in every run."""
    return isinstance(value, float | np.floating | jax.Array)


def _signature(gate: Gate) -> tuple[Any, ...]:
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


def multiply(phases: Array, states: Columns) -> Columns:
    """Real or complex numbers times states, element by element."""
    if not jnp.iscomplexobj(phases):
        return phases * states
    if len(states) == 1:
        return jnp.concatenate([phases.real * states, phases.imag * states])
    real, imaginary = states
    return jnp.stack([phases.real * real - phases.imag * imaginary, phases.real * imaginary + phases.imag * real])


def _dense(matrix: Matrix, states: Float[Array, "parts left rows right"]) -> Float[Array, "parts left rows right"]:
    def times(real_matrix: Any) -> Array:
        # Full float32 products: accelerators would use fewer bits by default.
        return jnp.einsum("ij,pljr->plir", real_matrix, states, precision="highest")

    if not jnp.iscomplexobj(matrix):
        return times(matrix)
    by_real, by_imaginary = times(matrix.real), times(matrix.imag)
    if len(states) == 1:
        return jnp.concatenate([by_real, by_imaginary])
    return jnp.stack([by_real[0] - by_imaginary[1], by_real[1] + by_imaginary[0]])


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


def _reordered(order: tuple[int, ...]) -> np.ndarray:
    """Which amplitude comes where when qubit `order[0]` becomes the first, and so on."""
    return np.arange(2 ** len(order)).reshape((2,) * len(order)).transpose(order).ravel()


def spread(matrix: Matrix, qubits: tuple[int, ...], num_qubits: int) -> Any:
    """The diagonal of a gate as an array with an axis for each qubit of the register, of length 1 where it does not act."""
    diagonal = matrix.diagonal().reshape((2,) * len(qubits))
    diagonal = diagonal.transpose(tuple(np.argsort(qubits)))
    return diagonal.reshape(tuple(2 if qubit in qubits else 1 for qubit in range(num_qubits)))
