"""Gates gathered: alike ones, whose matrices are computed at once, and operations of several gates.

There are three kinds of operations: permutations of the amplitudes (CNOT, X, SWAP, ...); phases (RZ, CZ, RZZ, ...), one
number an amplitude; and matrices of a few qubits.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Inexact

from qconv.gates.kinds import Matrix, in_one_dtype
from qconv.gates.sincos import sincos
from qconv.gates.tape import Entry, Gate, GateGroup, stacked
from qconv.lowering.order import kind

_Built = TypeVar("_Built")

_SUMMED = 5
"""Qubits of a gate that is applied as a sum."""


def built_together(gates: Sequence[Gate]) -> list[Gate]:
    """Gates with the matrices of each name computed at once, but for phases and for what is a matrix already."""
    result = list(gates)
    for members in alike(gates):
        members = [index for index in members if gates[index].built is None]
        if not members or gates[members[0]].rates is not None or gates[members[0]].name == "any":
            continue
        matrices = GateGroup(tuple(gates[index] for index in members)).matrices
        for position, index in enumerate(members):
            result[index] = replace(gates[index], built=Entry(matrices, position))
    return result


def alike(gates: Sequence[Gate]) -> list[list[int]]:
    """Which gates with angles differ in nothing but them and the qubits."""
    groups: dict[Any, list[int]] = {}
    for index, gate in enumerate(gates):
        if gate.angles:
            groups.setdefault(gate.likeness, []).append(index)
    return list(groups.values())


def of_all(repeats: Sequence[Sequence[Gate]], build: Callable[[list[Gate]], _Built]) -> _Built:
    """What `build` makes of each of several sequences of gates that differ in angles only, computed at once.

    Args:
        repeats: the sequences.
        build: a function of the gates of one of them, to a pytree.

    Returns:
        The pytree, its arrays with a leading axis for the sequences.
    """
    first = repeats[0]
    groups = alike(first)
    angles = [GateGroup(tuple(gates[index] for gates in repeats for index in members)).params for members in groups]
    angles = jax.tree.map(lambda values: values.reshape(len(repeats), -1, *values.shape[1:]), angles)

    def of_one(angles: list[dict[str, Array]]) -> _Built:
        gates = list(first)
        for members, values in zip(groups, angles, strict=True):
            for position, index in enumerate(members):
                own = {name: Entry(value, position) for name, value in values.items()}
                gates[index] = first[index].with_params({**first[index].params, **own})
        return build(gates)

    return jax.vmap(of_one, axis_size=len(repeats))(angles)


@dataclass(eq=False)
class _Gathered:
    """Gates that are done at once.

    Attributes:
        gates: in order.
    """

    gates: list[Gate]

    @property
    def qubits(self) -> tuple[int, ...]:
        """All qubits that the gates act on, in increasing order."""
        return tuple(sorted({qubit for gate in self.gates for qubit in gate.qubits}))

    def commutes(self, gate: Gate) -> bool:
        """Whether `gate` may as well come before the operation."""
        return set(self.qubits).isdisjoint(gate.qubits)


class Permutation(_Gathered):
    """Replaces amplitudes by others."""

    def source(self, num_qubits: int) -> np.ndarray:
        """The amplitude that each one of a register comes from, (2^n,)."""
        source = np.arange(2**num_qubits)
        for gate in self.gates:
            assert gate.permutation is not None
            source = source[embedded(gate.permutation, gate.qubits, num_qubits)]
        return source


class Phases(_Gathered):
    """Multiplies each amplitude by a number of its own."""

    def commutes(self, gate: Gate) -> bool:
        """Whether `gate` may as well come before the operation."""
        return gate.is_diagonal or super().commutes(gate)

    def values(self, names: np.ndarray) -> Any:
        """The numbers (2^n,), real or complex, of the amplitudes in the order of `names`."""
        num_qubits = len(names).bit_length() - 1
        turning = [gate for gate in self.gates if gate.rates is not None]
        constant = np.ones((2,) * num_qubits, self.gates[0].dtype)
        for gate in self.gates:
            if gate.rates is None:
                constant = constant * spread(np.asarray(gate.matrix).diagonal(), gate.qubits, num_qubits)
        constant = constant.ravel()[names]
        if not turning:
            return constant
        thetas = stacked([gate.params.get("theta", 0.0) for gate in turning]).astype(turning[0].dtype)
        angles = phase_angles(turning, num_qubits, thetas, names)
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


class Fused(_Gathered):
    """Multiplies amplitudes by the matrix of gates on a few qubits."""

    def matrix(self) -> Matrix:
        """The matrix of the gates on `qubits`, (2^k, 2^k)."""
        return matrix_of_gates(self.gates, self.qubits, self.gates[0].dtype)


Operation = Permutation | Phases | Fused


def merged(gates: Sequence[Gate], max_block: int) -> list[Operation]:
    """The gates as operations: each joins the last one that it fits and that it may be moved to.

    Args:
        gates: in order.
        max_block: qubits of a dense block, unless a single gate has more.
    """
    result: list[Operation] = []
    for gate in gates:
        operation = next((own for own in _reached(result, gate) if _takes(own, gate, max_block)), None)
        if operation is None:
            operation = (Permutation, Phases, Fused)[kind(gate)]([])
            result.append(operation)
        operation.gates.append(gate)
    found: list[Operation] = []
    for of_kind, run in groupby(result, type):
        operations = list(run)
        found += _regrouped(operations, max_block) if of_kind is Fused else operations
    return found


def _takes(operation: Operation, gate: Gate, max_block: int) -> bool:
    """Whether a gate is of the kind of an operation, and a block stays small enough with it."""
    if isinstance(operation, Fused):
        return kind(gate) == 2 and len({*operation.qubits, *gate.qubits}) <= max_block
    return gate.is_diagonal if isinstance(operation, Phases) else gate.permutation is not None


def _reached(operations: Sequence[Operation], gate: Gate) -> Iterator[Operation]:
    """The operations that a gate may be moved to, the last one first."""
    for operation in reversed(operations):
        yield operation
        if not operation.commutes(gate):
            return


def _regrouped(blocks: list[Operation], most: int) -> list[Operation]:
    """Fewer blocks with the same gates, if there is a way: each next one is that which takes up most gates."""
    waiting = [gate for block in blocks for gate in block.gates]
    found: list[Operation] = []
    while waiting and len(found) < len(blocks):
        options = [_taken(waiting, _needed(waiting[: index + 1]), most) for index in range(len(waiting))]
        taken = max(options, key=len)
        found.append(Fused([waiting[index] for index in taken]))
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


def spread(diagonal: Any, qubits: tuple[int, ...], num_qubits: int) -> Any:
    """The diagonal of a gate, with an axis for each qubit of the register, of length 1 where it does not act."""
    diagonal = diagonal.reshape((2,) * len(qubits)).transpose(tuple(np.argsort(qubits)))
    return diagonal.reshape(tuple(2 if qubit in qubits else 1 for qubit in range(num_qubits)))


def matrix_of_gates(gates: Sequence[Gate], qubits: Sequence[int], dtype: Any) -> Matrix:
    """The unitary (2^k, 2^k) of gates on k qubits, real if they are.

    Args:
        gates: in order; see `built_together`.
        qubits: all that they act on, the most significant bit of the matrix first.
        dtype: float32 or float64.
    """
    position = {qubit: index for index, qubit in enumerate(qubits)}
    chains: dict[int, list[Gate]] = {}  # of single-qubit gates, not yet in `matrix`
    matrix: Any = np.eye(2 ** len(qubits), dtype=dtype)
    for gate in gates:
        if len(gate.qubits) == 1:
            chains.setdefault(position[gate.qubits[0]], []).append(gate)
            continue
        matrix = _after_chains(matrix, chains, len(qubits))
        chains = {}
        places = tuple(position[qubit] for qubit in gate.qubits)
        if gate.permutation is not None:
            matrix = matrix[embedded(gate.permutation, places, len(qubits))]
        else:
            matrix = _after_gate(matrix, gate.matrix, places)
    return _after_chains(matrix, chains, len(qubits))


def _after_gate(states: Any, gate: Matrix, places: tuple[int, ...]) -> Array:
    """States (2^n, ...) after a gate. As a sum it becomes part of larger kernels, where a product would be called.

    Of large gates the sum would need (2^k)^3 numbers for each row of a matrix.
    """
    states, gate = in_one_dtype(states, gate)
    k, axes = len(places), (2,) * (len(states).bit_length() - 1)
    inner = jnp.moveaxis(jnp.reshape(states, (*axes, *states.shape[1:])), places, range(k)).reshape(2**k, -1)
    summed = k <= _SUMMED
    outer = (gate[:, :, None] * inner[None]).sum(1) if summed else jnp.matmul(gate, inner, precision="highest")
    return jnp.moveaxis(outer.reshape(*axes, *states.shape[1:]), range(k), places).reshape(states.shape)


def after_gates(state: Array, gates: Iterable[Gate]) -> Array:
    """A state (2^n,) after gates, one by one; real if the state and all of them are.

    Products are written out: `vmap` over states with gates of their own makes small ones slow.
    """
    num_qubits = state.size.bit_length() - 1
    for gate in gates:
        if len(gate.qubits) == 1:
            matrix, halves = in_one_dtype(gate.matrix, state.reshape(2 ** gate.qubits[0], 2, -1))
            zero, one = halves[:, 0], halves[:, 1]
            (a, b), (c, d) = jnp.asarray(matrix)
            state = jnp.stack([a * zero + b * one, c * zero + d * one], axis=1).ravel()
        elif gate.permutation is not None:
            rows = embedded(gate.permutation, gate.qubits, num_qubits)
            state = state.at[rows].get(unique_indices=True, mode="promise_in_bounds")
        else:
            state = _after_gate(state, gate.matrix, gate.qubits)
    return state


def _after_chains(matrix: Matrix, chains: dict[int, list[Gate]], num_qubits: int) -> Matrix:
    """A matrix after the chains of gates on single qubits, all of these at once."""
    if not chains:
        return matrix
    product: Any = None
    for place in range(max(len(chain) for chain in chains.values())):
        own = [chains.get(qubit, [])[place : place + 1] for qubit in range(num_qubits)]
        identity = np.eye(2, dtype=matrix.real.dtype)
        factors = stacked([(gate[0].built or gate[0].matrix) if gate else identity for gate in own])
        product = factors if product is None else products_of(factors, product)
    kronecker = joined(product, _products)
    if isinstance(matrix, np.ndarray) and np.array_equal(matrix, np.eye(len(matrix))):
        return kronecker
    return jnp.matmul(*in_one_dtype(kronecker, matrix), precision="highest")


def products_of(later: Inexact[Array, "count rows _"], earlier: Inexact[Array, "count _ columns"]) -> Array:
    """The products of small matrices, pair by pair; as sums, which become part of larger kernels."""
    later, earlier = in_one_dtype(later, earlier)
    return (later[:, :, :, None] * earlier[:, None]).sum(2)


def joined(factors: Array, product: Callable[[Array, Array], Array]) -> Array:
    """The product of factors of equal size, (factors, ...): neighbours first, so that only the last product is large.

    Args:
        factors: the first one slowest in the product.
        product: of factors with others, pair by pair.
    """
    if len(factors) == 1:
        return factors[0]
    even = len(factors) // 2 * 2
    pairs, last = jax.lax.split(factors, [even, len(factors) - even])  # not indexed: its gradient is one copy
    first, second = jax.lax.split(pairs.reshape(even // 2, 2, *factors.shape[1:]), [1, 1], axis=1)
    whole = joined(product(first[:, 0], second[:, 0]), product)
    return product(whole[None], last)[0] if len(last) else whole


def _products(left: Inexact[Array, "_ _ _"], right: Inexact[Array, "_ _ _"]) -> Array:
    """Kronecker products, pair by pair."""
    size = left.shape[1] * right.shape[1]
    return (left[:, :, None, :, None] * right[:, None, :, None, :]).reshape(-1, size, size)


def embedded(local: np.ndarray, qubits: tuple[int, ...], num_qubits: int) -> np.ndarray:
    """A permutation of the basis states of `qubits`, on the register."""
    index = np.arange(2**num_qubits)
    shifts = [num_qubits - 1 - qubit for qubit in qubits]
    outcome = sum(((index >> shift) & 1) << place for place, shift in enumerate(reversed(shifts)))
    cleared = index & ~sum(1 << shift for shift in shifts)
    moved = local[outcome]
    return cleared | sum(((moved >> place) & 1) << shift for place, shift in enumerate(reversed(shifts)))
