"""Gates gathered into operations, and blocks of an ansatz into gates.

There are three kinds of operations: permutations of the amplitudes (CNOT, X, SWAP, ...); phases (RZ, CZ, RZZ, ...), one
number an amplitude; and matrices of a few qubits.

Engines take an ansatz with each copy of a `Block` as one gate (`ansatz_gates`): what a circuit repeats is multiplied
out once, and little is left to be merged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import groupby
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz
from qconv.circuit.circuit import Circuit
from qconv.gates.kinds import Matrix
from qconv.gates.sincos import sincos
from qconv.gates.tape import Block, Gate, Tape, gates_of, stacked, x64_enabled
from qconv.lowering.block_matrix import embedded, matrix_of_gates
from qconv.lowering.grouping import built_together, of_all, recorded


@dataclass(eq=False)
class Permutation:
    """An operation that replaces amplitude i by amplitude `source[i]`."""

    num_qubits: int
    qubits: set[int] = field(default_factory=set)
    own: list[tuple[np.ndarray, tuple[int, ...]]] = field(default_factory=list)

    @property
    def source(self) -> np.ndarray:
        """The amplitude that each one comes from, (2^n,): computed when asked for, since registers may be large."""
        source = np.arange(2**self.num_qubits)
        for local, qubits in self.own:
            source = source[embedded(local, qubits, self.num_qubits)]
        return source

    def add(self, gate: Gate) -> bool:
        """Appends a gate to the operation and says so, if the gate is of this kind."""
        if (local := gate.permutation) is None:
            return False
        self.qubits |= set(gate.qubits)
        self.own.append((local, gate.qubits))
        return True

    def commutes(self, gate: Gate) -> bool:
        """Whether `gate` may as well come before the operation."""
        return self.qubits.isdisjoint(gate.qubits)


@dataclass(eq=False)
class Phases:
    """An operation that multiplies each amplitude by a number of its own."""

    num_qubits: int
    gates: list[Gate] = field(default_factory=list)

    def add(self, gate: Gate) -> bool:
        """Appends a gate to the operation and says so, if the gate is of this kind."""
        if gate.is_diagonal:
            self.gates.append(gate)
        return gate.is_diagonal

    def commutes(self, gate: Gate) -> bool:
        """Whether `gate` may as well come before the operation."""
        return gate.is_diagonal or all(set(own.qubits).isdisjoint(gate.qubits) for own in self.gates)

    def values(self, names: np.ndarray) -> Any:
        """The numbers (2^n,), real or complex, of the amplitudes in the order of `names`."""
        turning = [gate for gate in self.gates if gate.rates is not None]
        constant = np.ones((2,) * self.num_qubits, self.gates[0].dtype)
        for gate in self.gates:
            if gate.rates is None:
                constant = constant * spread(np.asarray(gate.matrix).diagonal(), gate.qubits, self.num_qubits)
        constant = constant.ravel()[names]
        if not turning:
            return constant
        thetas = stacked([gate.params.get("theta", 0.0) for gate in turning]).astype(turning[0].dtype)
        angles = phase_angles(turning, self.num_qubits, thetas, names)
        sin, cos = sincos(angles + np.angle(constant).astype(angles.dtype))
        return jax.lax.complex(cos, sin)


def phase_angles(
    gates: Sequence[Gate], num_qubits: int, thetas: Float[Array, "gates *_"], names: np.ndarray | None = None
) -> Float[Array, "size *_"]:
    """The phases (2^n, ...) of the amplitudes after diagonal gates of angles `thetas`: all of them in one product.

    Args:
        gates: with rates.
        num_qubits: size of the register.
        thetas: their angles.
        names: the order of the amplitudes; by default amplitude i is in row i.
    """
    own = [np.broadcast_to(spread(gate.rates, gate.qubits, num_qubits), (2,) * num_qubits).ravel() for gate in gates]
    rates = np.stack(own, axis=1).astype(thetas.dtype)
    return jnp.matmul(rates if names is None else rates[names], thetas, precision="highest")


@dataclass(eq=False)
class Fused:
    """An operation that multiplies amplitudes by the matrix of gates on a few qubits."""

    max_qubits: int
    gates: list[Gate] = field(default_factory=list)

    @property
    def qubits(self) -> tuple[int, ...]:
        """All qubits that the gates act on, in increasing order."""
        return tuple(sorted({qubit for gate in self.gates for qubit in gate.qubits}))

    def add(self, gate: Gate) -> bool:
        """Appends a gate, if it is of no other kind and the block stays small enough."""
        fits = len({*self.qubits, *gate.qubits}) <= self.max_qubits or not self.gates
        if fits := fits and not gate.is_diagonal and gate.permutation is None:
            self.gates.append(gate)
        return fits

    def commutes(self, gate: Gate) -> bool:
        """Whether `gate` may as well come before the operation."""
        return set(self.qubits).isdisjoint(gate.qubits)

    def matrix(self) -> Matrix:
        """The matrix of the gates on `qubits`, (2^k, 2^k)."""
        return matrix_of_gates(self.gates, self.qubits, self.gates[0].dtype)


Operation = Permutation | Phases | Fused


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
    found: list[Operation] = []
    for _, run in groupby(result, type):
        operations = list(run)
        blocks = [operation for operation in operations if isinstance(operation, Fused)]
        found += _regrouped(blocks) if blocks else operations
    return found


def _regrouped(blocks: list[Fused]) -> list[Fused]:
    """Fewer blocks with the same gates, if there is a way: each next one is that which takes up most gates."""
    most = max(block.max_qubits for block in blocks)
    waiting = [gate for block in blocks for gate in block.gates]
    found: list[Fused] = []
    while waiting and len(found) < len(blocks):
        options = [_taken(waiting, _needed(waiting[: index + 1]), most) for index in range(len(waiting))]
        taken = max(options, key=len)
        found.append(Fused(most, [waiting[index] for index in taken]))
        waiting = [gate for index, gate in enumerate(waiting) if index not in taken]
    return found if len(found) < len(blocks) else blocks


def _needed(gates: Sequence[Gate]) -> set[int]:
    """The qubits of the last gate and of all that have to come before it."""
    qubits = set(gates[-1].qubits)
    for gate in reversed(gates):
        if qubits.intersection(gate.qubits):
            qubits.update(gate.qubits)
    return qubits


def _taken(gates: Sequence[Gate], qubits: set[int], most: int) -> list[int]:
    """Which gates a block on `qubits`, and on others as long as there are not more than `most`, can take up."""
    taken: list[int] = []
    passed: set[int] = set()  # qubits of gates that come later than the block
    for index, gate in enumerate(gates):
        if passed.isdisjoint(gate.qubits) and len(qubits.union(gate.qubits)) <= most:
            qubits = qubits.union(gate.qubits)
            taken.append(index)
        else:
            passed.update(gate.qubits)
    return taken


def _started(gate: Gate, num_qubits: int, max_block: int) -> Operation:
    return next(
        operation
        for operation in (Permutation(num_qubits), Phases(num_qubits), Fused(max_block))
        if operation.add(gate)
    )


def spread(diagonal: Any, qubits: tuple[int, ...], num_qubits: int) -> Any:
    """The diagonal of a gate, with an axis for each qubit of the register, of length 1 where it does not act."""
    diagonal = diagonal.reshape((2,) * len(qubits)).transpose(tuple(np.argsort(qubits)))
    return diagonal.reshape(tuple(2 if qubit in qubits else 1 for qubit in range(num_qubits)))


_MOST_QUBITS = 4
"""Of a block that is multiplied out; the matrix of a larger one takes longer than its gates."""


def ansatz_gates(circuit: Circuit, theta: Float[Array, "..."], num_qubits: int) -> list[Gate]:
    """The gates of one ansatz with angles `theta`, in order, each copy of a block as one."""
    return fuse_blocks(recorded(circuit.ansatz, num_qubits, theta))


def example_gates(circuit: Circuit, patch_size: int) -> list[Gate]:
    """The gates of one ansatz for some angles, with shapes in the place of arrays: nothing is computed."""
    shape = circuit.param_shape(patch_size)[1 if circuit.reuploads else 0 :]
    gates = _example(circuit.ansatz, circuit.num_qubits(patch_size), shape, x64_enabled())
    # For one caller: gates hold matrices once asked, which may belong to a function being traced.
    return jax.tree.map(lambda leaf: leaf, gates)


@lru_cache(maxsize=64)
def _example(ansatz: Ansatz, num_qubits: int, shape: tuple[int, ...], x64: bool) -> list[Gate]:
    """The gates that are kept; in 64-bit mode, a gate may have another dtype."""
    theta = jax.ShapeDtypeStruct(shape, np.dtype(np.float32))
    return jax.eval_shape(lambda theta: fuse_blocks(recorded(ansatz, num_qubits, theta)), theta)


def fuse_blocks(tape: Tape) -> list[Gate]:
    """The gates of a tape, in order, each copy of a block of few qubits as one."""
    blocks = [item for item in tape.items if isinstance(item, Block) and len(item.qubits[0]) <= _MOST_QUBITS]
    alike: dict[Any, list[Block]] = {}
    for block in blocks:
        key = tuple((gate.likeness, gate.qubits) for gate in gates_of(block.definition))
        alike.setdefault((len(block.qubits[0]), key), []).append(block)
    matrices: dict[int, Array] = {}
    for (num_qubits, _), members in alike.items():
        build = partial(_matrix, num_qubits=num_qubits, dtype=tape.dtype)
        of_members = of_all([gates_of(block.definition) for block in members], build)
        matrices |= zip(map(id, members), of_members, strict=True)
    found: list[Gate] = []
    for item in tape.items:
        if (matrix := matrices.get(id(item))) is None:
            found += item.gates
        else:
            found += [Gate("any", places, {"unitary": matrix}, tape.dtype) for places in item.qubits]
    return found


def _matrix(gates: Sequence[Gate], num_qubits: int, dtype: Any) -> Array:
    return jnp.asarray(matrix_of_gates(built_together(gates), range(num_qubits), dtype))
