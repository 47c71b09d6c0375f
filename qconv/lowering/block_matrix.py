"""The matrix of a few gates together."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Inexact

from qconv.gates.kinds import Matrix, in_one_dtype
from qconv.gates.tape import Gate, stacked

_SUMMED = 5
"""Qubits of a gate that is applied as a sum."""


def matrix_of_gates(gates: Sequence[Gate], qubits: Sequence[int], dtype: Any) -> Matrix:
    """The unitary (2^k, 2^k) of gates on k qubits, real if they are.

    Args:
        gates: in order; see `qconv.lowering.grouping.built_together`.
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


def _after_gate(matrix: Matrix, gate: Matrix, places: tuple[int, ...]) -> Array:
    """As a sum it becomes part of larger kernels, where a product would be called, between transpositions.

    Of large gates the sum would need (2^k)^3 numbers.
    """
    matrix, gate = in_one_dtype(matrix, gate)
    size, k = len(matrix), len(places)
    axes = (2,) * (size.bit_length() - 1)
    inner = jnp.moveaxis(jnp.reshape(matrix, (*axes, size)), places, range(k)).reshape(2**k, -1)
    summed = k <= _SUMMED
    outer = (gate[:, :, None] * inner[None]).sum(1) if summed else jnp.matmul(gate, inner, precision="highest")
    return jnp.moveaxis(outer.reshape(*axes, size), range(k), places).reshape(size, size)


def _after_chains(matrix: Matrix, chains: dict[int, list[Gate]], num_qubits: int) -> Matrix:
    """All of them at once."""
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
