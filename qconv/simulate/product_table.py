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
from dataclasses import replace
from functools import reduce
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, example_encoding, scaled
from qconv.gates.kinds import in_one_dtype
from qconv.gates.tape import Tape
from qconv.lowering.encoded_states import QubitStates, qubit_states
from qconv.lowering.observables import measured_images, observed, times
from qconv.lowering.program import Columns
from qconv.simulate.counts import Counts
from qconv.simulate.engine import Cost, Engine, Numbers, cost, refusal_of_joined
from qconv.simulate.evaluation import Evaluation, Observables, of_each, patches_at_once
from qconv.simulate.rates import Rates

_CHUNK_BYTES = 2**26
"""For one chunk of patches, the products of weights, and of those with the table."""
_MAX_TABLE = 2**19
"""Product states times amplitudes. Beyond (8 qubits, 7 if complex), a table gains little for 10,000 windows, and for a
few hundred it takes several times as long as the unitary."""
_TABLE_CALLS = 3
"""Operations that make a table, forward and backward, as measured with four qubits and few windows."""
_AT_ONCE = 4
"""Qubits whose product states are put together in advance; of more there would be too many numbers in them."""
_SUMMED = 2
"""Qubits that are summed over at a time: XLA does sums of few terms many times faster than sums of many."""

_TRINE = np.array([[math.cos(angle), math.sin(angle)] for angle in (0, math.pi / 3, -math.pi / 3)])
"""Real states, as far apart as can be: the weights stay small, and so does the rounding of their sums."""
_TETRAHEDRON = np.array([[1, 0], *([1, math.sqrt(2) * np.exp(1j * angle)] for angle in np.arange(3) * 2 * math.pi / 3)])
_TETRAHEDRON[1:] /= math.sqrt(3)
"""Complex ones, likewise."""


class ProductTable(Engine):
    """The results on products of few states, and the weights of those states in each patch."""

    name = "heisenberg"

    def refusal(self, circuit: Circuit, patch_size: int) -> str | None:
        """Encoded qubits must be independent, and encoded once."""
        return refusal_of_joined(circuit, patch_size)

    def cost(self, counts: Counts, filters: int, patches: int, rates: Rates) -> Cost | None:
        """A table, and sums over it for each patch; None where the table would be large."""
        num_qubits, size = counts.num_qubits, counts.size
        known, cut, rows = len(known_states(counts.encoding)), half(num_qubits), filters * counts.num_observables
        if (2 * known) ** num_qubits > _MAX_TABLE:
            return None
        second = known ** (num_qubits - cut)
        flops = 2 * size * second * (size + known**cut * 2**cut)
        # Amplitudes are written, moved, squared and summed; measured, that takes as long as writing five times as many.
        table = flops / rates.large.products + 5 * size * known**num_qubits / rates.large.numbers
        # What is gathered gives with the table is summed over at once, from the cache: as good as half the numbers.
        first = gathered(num_qubits, known, rows)
        others = num_qubits - first
        numbers = num_qubits * (known + 2) + known**first + others // 2 * known**2 + rows * known**others / 2
        once = filters * (counts.build(rates) + len(counts.bases) * counts.end * table)
        called = counts.calls_to_build() + _TABLE_CALLS
        return cost(counts, patches, rates, rates.large, 3, (2.0 * rows * known**num_qubits, numbers), called, once)

    def numbers(self, counts: Counts, filters: int, dtype: np.dtype) -> Numbers:
        """The matrix of the ansatz and the table; the weights of a patch and their sums."""
        num_qubits, observables = counts.num_qubits, counts.num_observables
        known, rows = len(known_states(counts.encoding)), filters * observables
        table = (3 * len(counts.bases) * counts.end * 2**num_qubits + 2 * observables) * known**num_qubits
        each = 2 * num_qubits * known + _written(num_qubits, known, rows)
        shared = filters * (counts.numbers_of_matrix + table)
        return Numbers(shared, each, _patches_at_once(num_qubits, known, rows, dtype))

    def shares(self, circuit: Circuit, patch_size: int) -> bool:
        """Patches have the same weights for all filters."""
        return True

    def evaluation(self, circuit: Circuit, patch_size: int, thetas: Array, scaling: Array | None = None) -> Evaluation:
        """Builds the tables; a chunk of patches is its weights, and their sums with the tables."""
        num_qubits, known = circuit.num_qubits(patch_size), known_states(example_encoding(circuit, patch_size))
        rows = len(thetas) * circuit.num_observables(patch_size)
        first = gathered(num_qubits, len(known), rows)
        summed = [min(_SUMMED, num_qubits - first - place) for place in range(0, num_qubits - first, _SUMMED)]

        def table(theta: Array) -> Float[Array, "observables products"]:
            images = measured_images(circuit, theta, patch_size)
            return observed([replace(own, columns=_of_products(own.columns, known)) for own in images])

        amplitudes = 2 * 2**num_qubits * len(known) ** num_qubits
        # The short side first: so both products of the backward pass take the gradient as it lies, patches first.
        tables = jax.lax.optimization_barrier(of_each(table, thetas, amplitudes).reshape(-1, len(known) ** first).T)

        def observables(chunk: Float[Array, "pixels chunk"]) -> Observables:
            every = weights(qubit_states(circuit, scaled(chunk, scaling, 0)), known)
            apart = jnp.roll(every, -half(num_qubits), axis=0)  # as the products of a table, the first one slowest
            *others, own = jax.lax.split(apart, [*summed, first])
            values = jnp.einsum("pr,pc->rc", tables, _together(own), precision="highest")
            for qubits in reversed(others):
                factors = _together(qubits)
                values = (values.reshape(-1, *factors.shape) * factors[None]).sum(1)
            return values.reshape(len(thetas), -1, chunk.shape[1])

        return Evaluation(observables, _patches_at_once(num_qubits, len(known), rows, thetas.dtype))


def _patches_at_once(num_qubits: int, known: int, rows: int, dtype: np.dtype) -> int:
    """Patches of a chunk."""
    return patches_at_once(_CHUNK_BYTES, _written(num_qubits, known, rows), dtype)


def _written(num_qubits: int, known: int, rows: int) -> int:
    """Products of the weights of a patch, and of these with the tables; with nothing left to sum, those are results."""
    first = gathered(num_qubits, known, rows)
    return 2 * known**first + (2 * rows * known ** (num_qubits - first) if first < num_qubits else rows)


def gathered(num_qubits: int, known: int, rows: int) -> int:
    """Of how many qubits the weights are multiplied together, before the product with the tables.

    All of the first half, at least, so that least is left to be summed over; more, where the sums of many rows, of all
    observables and filters, would be more numbers than the products of weights, which all rows share.
    """
    return min(
        range(half(num_qubits), num_qubits + 1), key=lambda first: known**first + rows * known ** (num_qubits - first)
    )


def known_states(encoding: Tape) -> np.ndarray:
    """The states of a qubit that the table is for, (d, 2): as few as make up any state that is encoded."""
    return _TRINE if all(gate.is_real for gate in encoding.gates) else _TETRAHEDRON


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
    if len(weights) == 1:
        return weights[0]
    # In halves, each computed once: XLA would compute all factors again for each product, and in the gradient slowly.
    cut = half(len(weights))
    halves = [_together(part) for part in jax.lax.split(weights, [cut, len(weights) - cut])]
    if len(weights) > 2:
        halves = jax.lax.optimization_barrier(halves)
    return (halves[0][:, None] * halves[1][None]).reshape(-1, weights.shape[2])


def _products(known: np.ndarray, num_qubits: int, dtype: np.dtype) -> np.ndarray:
    """All products of known states, as columns (2^n, parts, d^n), the first qubit slowest."""
    states = reduce(np.kron, [known.T] * num_qubits, np.ones((1, 1)))
    parts = [states.real, states.imag] if np.iscomplexobj(states) else [states]
    return np.stack(parts, axis=1).astype(dtype)
