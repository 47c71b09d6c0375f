"""The `heisenberg` engine: what is measured, run back through the ansatz once for all patches.

An encoding that keeps qubits independent makes product states. An observable that has been run back to them is linear
in the density matrix of each qubit, so it is known from its values on d states of each qubit: three where all
amplitudes are real, else four. Any other density matrix is a combination of those,

    rho = sum_i w_i |t_i><t_i|,    <O> = sum_ij... w_i w'_j ... <t_i t_j ...| U^dag O U |t_i t_j ...>.

The d^n values are a table that all patches share, and the only thing that is simulated. A patch has d weights for each
qubit. The weights of the first half of the qubits are multiplied together and with the table, in one matrix product;
then the others are summed over, two qubits at a time. So the d^n products of all weights of a patch are never there.

Source: Schreiber, Eisert and Meyer, "Classical surrogates for quantum learning models", Physical Review Letters 131,
100803 (2023), where a circuit is known from as few values, in another basis: 1, cos and sin of each feature.
"""

import math
from functools import reduce
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, example_encoding, scaled
from qconv.gates.library import in_one_dtype
from qconv.lowering.columns import Columns
from qconv.lowering.encoded_states import QubitStates, is_product, qubit_states
from qconv.lowering.observables import measured_images, observed, times
from qconv.simulate.chunks import in_chunks

_CHUNK_BYTES = 2**25
"""For one chunk of patches, the products of weights, and of those with the table."""
_AT_ONCE = 4
"""Qubits whose product states are put together in advance; of more there would be too many numbers in them."""
_SUMMED = 2
"""Qubits that are summed over at a time: XLA does sums of few terms many times faster than sums of many."""

_TRINE = np.array([[math.cos(angle), math.sin(angle)] for angle in (0, math.pi / 3, -math.pi / 3)])
"""Real states, as far apart as can be: the weights stay small, and so does the rounding of their sums."""
_TETRAHEDRON = np.array([[1, 0], *([1, math.sqrt(2) * np.exp(1j * angle)] for angle in np.arange(3) * 2 * math.pi / 3)])
_TETRAHEDRON[1:] /= math.sqrt(3)
"""Complex ones, likewise."""


def fits(circuit: Circuit, patch_size: int) -> bool:
    """Whether the encoded qubits are independent, and encoded once."""
    return not circuit.reuploads and is_product(example_encoding(circuit, patch_size))


def patches_at_once(circuit: Circuit, patch_size: int, dtype: np.dtype) -> int:
    """Patches of a chunk."""
    num_qubits, known = circuit.num_qubits(patch_size), len(known_states(circuit, patch_size))
    cut = half(num_qubits)
    numbers = 2 * circuit.num_observables(patch_size) * known ** (num_qubits - cut) + 2 * known**cut
    return max(1, _CHUNK_BYTES // (numbers * np.dtype(dtype).itemsize))


def known_states(circuit: Circuit, patch_size: int) -> np.ndarray:
    """The states of a qubit that the table is for, (d, 2)."""
    return _TRINE if all(gate.is_real for gate in example_encoding(circuit, patch_size).gates) else _TETRAHEDRON


def expectations(
    circuit: Circuit,
    theta: Float[Array, "..."],
    columns: Float[Array, "pixels columns"],
    scaling: Float[Array, "blocks pixels"] | None = None,
) -> Float[Array, "channels columns"]:
    """See `qconv.simulate.expectations.expectations`; patches are columns here."""
    num_qubits = circuit.num_qubits(len(columns))
    cut, known = half(num_qubits), known_states(circuit, len(columns))
    groups = [cut, *(min(_SUMMED, num_qubits - place) for place in range(cut, num_qubits, _SUMMED))]
    images = measured_images(circuit, theta, len(columns))
    amplitudes = [(basis, names, _of_products(turned, known)) for basis, names, turned in images]
    table = observed(amplitudes).reshape(-1, len(known) ** cut)

    def evaluate(chunk: Float[Array, "pixels chunk"]) -> Float[Array, "channels chunk"]:
        apart = weights(qubit_states(circuit, scaled(chunk, scaling, 0)), known)
        first, *second = jax.lax.split(apart, groups)
        values = jnp.matmul(table, _together(first), precision="highest")
        for qubits in reversed(second):
            factors = _together(qubits)
            values = (values.reshape(-1, *factors.shape) * factors[None]).sum(1)
        return circuit.readout.decode(values)

    return in_chunks(evaluate, columns, patches_at_once(circuit, len(columns), theta.dtype))


def half(num_qubits: int) -> int:
    """Qubits of the first half, the larger one: so that least is left to be summed over."""
    return -(-num_qubits // 2)


def _of_products(images: Columns, known: np.ndarray) -> Columns:
    """The images of all products of known states, (2^n, parts, d^n), the second half of the qubits slowest."""
    rows, _, size = images.shape
    num_qubits = size.bit_length() - 1
    cut = half(num_qubits)
    first, second = (_products(known, count, images.dtype) for count in (cut, num_qubits - cut))
    if num_qubits <= _AT_ONCE:
        products = _products(known, num_qubits, images.dtype)
        apart = products.reshape(*products.shape[:2], first.shape[2], second.shape[2])
        return times(images, np.swapaxes(apart, 2, 3).reshape(products.shape))
    halves = images.reshape(rows, -1, len(first), len(second))
    halves = jnp.moveaxis(halves, 2, 1).reshape(rows * len(first), -1, len(second))
    halves = times(halves, second).reshape(rows, len(first), -1, second.shape[2])
    halves = jnp.swapaxes(halves, 1, 3).reshape(rows * second.shape[2], -1, len(first))
    halves = times(halves, first).reshape(rows, second.shape[2], -1, first.shape[2])
    return jnp.swapaxes(halves, 1, 2).reshape(rows, -1, second.shape[2] * first.shape[2])


def weights(states: QubitStates, known: np.ndarray) -> Float[Array, "qubits known columns"]:
    """The w with which the states of `known` (d, 2) make up the density matrix of each qubit; some are below 0."""
    combinations = np.linalg.inv(np.stack(_entries(known.T), axis=1).T)
    entries = _entries(states)
    rows = [
        sum(np.asarray(factor, entry.dtype) * entry for factor, entry in zip(row, entries, strict=True) if factor)
        for row in np.where(np.abs(combinations) < 1e-9, 0, combinations)
    ]
    return jnp.stack(rows, axis=1)


def _entries(states: Any) -> list[Any]:
    """What the density matrices of states (a, b) are known from: |a|^2, |b|^2, and a b^* as real numbers."""
    zero, one = states
    if not jnp.iscomplexobj(zero) and not jnp.iscomplexobj(one):
        return [zero * zero, one * one, zero * one]
    zero, one = in_one_dtype(zero, one)
    both = zero * one.conj()
    return [zero.real**2 + zero.imag**2, one.real**2 + one.imag**2, both.real, both.imag]


def _together(weights: Float[Array, "qubits known columns"]) -> Float[Array, "_ columns"]:
    """The products of the weights of all qubits, the first one slowest."""
    qubits = [qubit[0] for qubit in jax.lax.split(weights, [1] * len(weights))]
    return reduce(lambda a, b: (a[:, None] * b[None]).reshape(-1, a.shape[1]), qubits)


def _products(known: np.ndarray, num_qubits: int, dtype: np.dtype) -> np.ndarray:
    """All products of known states, as columns (2^n, parts, d^n), the first qubit slowest."""
    states = reduce(np.kron, [known.T] * num_qubits, np.ones((1, 1)))
    parts = [states.real, states.imag] if np.iscomplexobj(states) else [states]
    return np.stack(parts, axis=1).astype(dtype)
