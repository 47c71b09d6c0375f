"""The `halves` engine: the register cut in two, for shallow ansätze on many qubits.

Encoded qubits are independent, and so are the two halves of the register until the first gate across the cut. From
there on the state is kept as a sum of terms, each the product of a state of one half and one of the other (see `cut`):
for each term 2 * 2^(n/2) amplitudes instead of 2^n. Every gate across the cut multiplies the number of terms, by 2 if
it is controlled or diagonal. Permutations and phases at the end join the observables, across the cut as well.

Source: I. L. Markov, A. Fatima, S. V. Isakov and S. Boixo, "Quantum supremacy is both closer and farther than it
appears", arXiv:1807.10749 (2018), where this is the hybrid of Schrödinger's and Feynman's simulation.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.alike import built_together
from qconv.circuit.chunks import in_chunks
from qconv.circuit.circuit import Circuit, example_ansatz, example_encoding, record_ansatz, scaled
from qconv.circuit.columns import Columns
from qconv.circuit.cut import halved, num_terms
from qconv.circuit.ends import leading_gates, trailing_gates
from qconv.circuit.light_cone import seen
from qconv.circuit.measurement import Basis, bases, in_order
from qconv.circuit.operations import Permutation
from qconv.circuit.order import ordered
from qconv.circuit.product_states import is_product, product_states, qubit_matrices, qubit_states
from qconv.gates import Gate

_CHUNK_BYTES = 2**18
"""Amplitudes of one half, for one chunk of patches: what stays in the cache from one step to the next."""


class Parts(NamedTuple):
    """An ansatz in three parts."""

    leading: list[Gate]
    """What joins the encoding."""
    middle: list[Gate]
    """What the two halves do."""
    trailing: list[Gate]
    """What joins the observables."""


class Products(NamedTuple):
    """Diagonal observables as sums of products of diagonals of either half.

    Attributes:
        first: of the first half, (products, 2^k).
        second: of the second half.
        sums: which products belong to which observable, (observables, products).
    """

    first: np.ndarray
    second: np.ndarray
    sums: np.ndarray

    def renamed(self, first: np.ndarray, second: np.ndarray) -> "Products":
        """Of states whose rows hold other amplitudes: which ones."""
        return self._replace(first=self.first[:, first], second=self.second[:, second])

    def expectations(self, first: Columns, second: Columns, terms: int) -> Float[Array, "observables columns"]:
        """Of the sum of `terms` products of states of the halves."""
        are_real = first.shape[1] == 1 == second.shape[1]
        values = _overlaps(self.first, first, terms, are_real) * _overlaps(self.second, second, terms, are_real)
        values = jnp.einsum("pstc,st->pc", values, _weights(terms, are_real).astype(first.dtype), precision="highest")
        if np.array_equal(self.sums, np.eye(len(self.sums))):
            return values
        return jnp.matmul(self.sums, values, precision="highest")


def products(basis: Basis, trailing: Sequence[Gate], cut: int) -> Products:
    """The observables of a basis, after permutations and phases; by singular values, exact ones but for rounding."""
    num_qubits = basis.diagonals.shape[1].bit_length() - 1
    renaming = Permutation(num_qubits)
    for gate in trailing:
        if gate.permutation is not None:
            renaming.add(gate)
    before = basis.diagonals[:, np.argsort(renaming.source)].astype(np.float64)
    first, second, sums = [], [], []
    for index, diagonal in enumerate(before.reshape(len(before), 2**cut, -1)):
        left, values, right = np.linalg.svd(diagonal, full_matrices=False)
        for place in np.flatnonzero(values > 1e-9 * values[0]):
            first.append(left[:, place] * values[place])
            second.append(right[place])
            sums.append(np.arange(len(before)) == index)
    dtype = basis.diagonals.dtype
    return Products(np.array(first, dtype), np.array(second, dtype), np.array(sums, dtype).T)


def _overlaps(
    diagonals: np.ndarray, states: Columns, terms: int, are_real: bool
) -> Float[Array, "products terms terms columns"]:
    """<s| D |t> for the terms of one half: the real part where s <= t, else the imaginary one; <t| D |s> is conjugate.

    Of real states, the real part throughout.
    """
    size, parts, columns = states.shape
    states = states.reshape(size, parts, terms, columns // terms)
    left, right = states[:, :, :, None], states[:, :, None]
    overlaps = (left * right).sum(1)
    if not are_real:
        imaginary = left[:, 0] * right[:, -1] - left[:, -1] * right[:, 0] if parts == 2 else jnp.zeros_like(overlaps)
        is_real_part = np.triu(np.ones((terms, terms), bool))[None, :, :, None]
        overlaps = jnp.where(is_real_part, overlaps, imaginary)
    return jnp.tensordot(diagonals, overlaps, 1, precision="highest")


def _weights(terms: int, are_real: bool) -> np.ndarray:
    """How the products of overlaps add up: the real part of <s|t> <s|t>' for all s and t."""
    if are_real:
        return np.ones((terms, terms))
    return np.eye(terms) + 2 * np.triu(np.ones((terms, terms)), 1) - 2 * np.tril(np.ones((terms, terms)), -1)


def fits(circuit: Circuit, patch_size: int) -> bool:
    """Whether the encoded qubits are independent, at least two, and encoded once."""
    if circuit.reuploads or circuit.num_qubits(patch_size) < 2:
        return False
    return is_product(example_encoding(circuit, patch_size))


def bytes_needed(circuit: Circuit, patch_size: int, dtype: np.dtype) -> int:
    """Memory for one patch, about: both halves after each gate, the overlaps of their terms, and the observables."""
    num_qubits = circuit.num_qubits(patch_size)
    gates = example_ansatz(circuit, patch_size).gates
    terms = num_terms(in_parts(circuit, patch_size, gates).middle, num_qubits // 2)
    states = 2 * (len(gates) + 1) * terms * _amplitudes(num_qubits) * np.dtype(dtype).itemsize
    overlaps = 3 * terms**2 * _amplitudes(num_qubits) * np.dtype(dtype).itemsize
    return states + overlaps + 3 * len(circuit.observables(patch_size)) * 2**num_qubits * np.dtype(float).itemsize


def in_parts(circuit: Circuit, patch_size: int, gates: Sequence[Gate]) -> Parts:
    """The gates of the ansatz, by who takes them over."""
    observables = circuit.observables(patch_size)
    leading, rest = leading_gates(ordered(seen(gates, observables)))
    if any(set("XY") & set(observable) for observable in observables):
        return Parts(leading, rest, [])
    return Parts(leading, *trailing_gates(rest))


def expectations(
    circuit: Circuit,
    theta: Float[Array, "..."],
    columns: Float[Array, "pixels columns"],
    scaling: Float[Array, "blocks pixels"] | None = None,
) -> Float[Array, "channels columns"]:
    """See `qconv.circuit.expectations.expectations`; patches are columns here."""
    num_qubits = circuit.num_qubits(len(columns))
    cut = num_qubits // 2
    parts = in_parts(circuit, len(columns), record_ansatz(circuit, theta, num_qubits).gates)
    terms = num_terms(parts.middle, cut)
    leading = qubit_matrices(parts.leading, num_qubits)
    halves = halved(built_together(parts.middle), num_qubits, cut)
    measured = []
    for basis in bases(circuit.observables(len(columns)), theta.dtype):
        turns = halved(basis.turn, num_qubits, cut, (halves[0].names, halves[1].names))
        own = products(basis, parts.trailing, cut).renamed(turns[0].names, turns[1].names)
        measured.append((basis, turns, own))

    def evaluate(chunk: Float[Array, "pixels chunk"]) -> Float[Array, "channels chunk"]:
        zero, one = qubit_states(circuit, scaled(chunk, scaling, 0), leading)
        encoded = zip(_halved(zero, cut), _halved(one, cut), strict=True)
        states = [half.run(product_states(own)) for half, own in zip(halves, encoded, strict=True)]
        channels = []
        for basis, turns, diagonals in measured:
            turned = [turn.run(own) for turn, own in zip(turns, states, strict=True)]
            channels.append((basis, diagonals.expectations(turned[0], turned[1], terms)))
        return circuit.readout.decode(in_order(channels))

    chunk = _CHUNK_BYTES // (_amplitudes(num_qubits) * terms * theta.dtype.itemsize)
    return in_chunks(evaluate, columns, max(1, chunk))


def _halved(qubits: Array, cut: int) -> Sequence[Array]:
    """Not indexed, since the gradient of a split is one copy."""
    return jax.lax.split(qubits, [cut, len(qubits) - cut])


def _amplitudes(num_qubits: int) -> int:
    """Numbers of the larger half of one term, at most."""
    return 2 ** (num_qubits - num_qubits // 2 + 1)
