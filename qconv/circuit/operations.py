"""Gates gathered into operations.

There are three kinds: permutations of the amplitudes (CNOT, X, SWAP, ...); phases (RZ, CZ, RZZ, ...), one number an
amplitude; and dense blocks of a few qubits, one small matrix each.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Inexact

from qconv.circuit.alike import stacked
from qconv.gate_table import Matrix
from qconv.gates import Gate, apply_matrix
from qconv.sincos import sincos


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
        turning = [gate for gate in self.gates if gate.rates is not None]
        constant = np.ones((2,) * self.num_qubits, self.gates[0].dtype)
        for gate in self.gates:
            if gate.rates is None:
                constant = constant * spread(np.asarray(gate.matrix).diagonal(), gate.qubits, self.num_qubits)
        if not turning:
            return constant.ravel()
        thetas = stacked([gate.params.get("theta", 0.0) for gate in turning]).astype(turning[0].dtype)
        angles = phase_angles(turning, self.num_qubits, thetas)
        sin, cos = sincos(angles + np.angle(constant.ravel()).astype(angles.dtype))
        return jax.lax.complex(cos, sin)


def phase_angles(gates: Sequence[Gate], num_qubits: int, thetas: Float[Array, "gates *_"]) -> Float[Array, "size *_"]:
    """The phases (2^n, ...) of the amplitudes after diagonal gates of angles `thetas`: all of them in one product."""
    rates = [np.broadcast_to(spread(gate.rates, gate.qubits, num_qubits), (2,) * num_qubits).ravel() for gate in gates]
    return jnp.matmul(np.stack(rates, axis=1).astype(thetas.dtype), thetas, precision="highest")


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
        chains: dict[int, list[Gate]] = {}  # of single-qubit gates, not yet in `matrix`
        matrix: Any = None
        for gate in self.gates:
            if len(gate.qubits) == 1:
                chains.setdefault(gate.qubits[0], []).append(gate)
                continue
            matrix = self._with_chains(matrix, chains)
            chains = {}
            matrix = apply_matrix(jnp.asarray(matrix).T, gate.matrix, tuple(position[q] for q in gate.qubits)).T
        return self._with_chains(matrix, chains) if chains or matrix is None else matrix

    def _with_chains(self, matrix: Any, chains: dict[int, list[Gate]]) -> Any:
        """`matrix`, then the chains, all at once."""
        dtype = self.gates[0].dtype
        if not chains:
            return np.eye(2 ** len(self.qubits), dtype=dtype) if matrix is None else matrix
        product: Any = None
        for place in range(max(len(chain) for chain in chains.values())):
            own = [chains.get(qubit, [])[place : place + 1] for qubit in self.qubits]
            factors = stacked([(gate[0].built or gate[0].matrix) if gate else np.eye(2, dtype=dtype) for gate in own])
            # As a sum it becomes part of a larger kernel, where a call for a product would not.
            product = factors if product is None else (factors[:, :, :, None] * product[:, None]).sum(2)
        kronecker = _kronecker(product)
        return kronecker if matrix is None else jnp.matmul(kronecker, matrix, precision="highest")


Operation = Permutation | Phases | Block


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


def _kronecker(factors: Inexact[Array, "factors size size"]) -> Array:
    """The Kronecker product of matrices of equal size: neighbours first, so that only the last product is large."""
    if len(factors) == 1:
        return factors[0]
    even = len(factors) // 2 * 2
    first, second = jax.lax.split(factors[:even].reshape(even // 2, 2, *factors.shape[1:]), [1, 1], axis=1)
    joined = _kronecker(_products(first[:, 0], second[:, 0]))
    return joined if even == len(factors) else _products(joined[None], factors[even:])[0]


def _products(left: Inexact[Array, "_ _ _"], right: Inexact[Array, "_ _ _"]) -> Array:
    """Kronecker products, pair by pair."""
    size = left.shape[1] * right.shape[1]
    return (left[:, :, None, :, None] * right[:, None, :, None, :]).reshape(-1, size, size)


def _embedded(local: np.ndarray, qubits: tuple[int, ...], num_qubits: int) -> np.ndarray:
    """A permutation of the basis states of `qubits`, on the register."""
    index = np.arange(2**num_qubits)
    shifts = [num_qubits - 1 - qubit for qubit in qubits]
    outcome = sum(((index >> shift) & 1) << place for place, shift in enumerate(reversed(shifts)))
    cleared = index & ~sum(1 << shift for shift in shifts)
    moved = local[outcome]
    return cleared | sum(((moved >> place) & 1) << shift for place, shift in enumerate(reversed(shifts)))


def spread(diagonal: Any, qubits: tuple[int, ...], num_qubits: int) -> Any:
    """The diagonal of a gate, with an axis for each qubit of the register, of length 1 where it does not act."""
    diagonal = diagonal.reshape((2,) * len(qubits)).transpose(tuple(np.argsort(qubits)))
    return diagonal.reshape(tuple(2 if qubit in qubits else 1 for qubit in range(num_qubits)))
