"""The `halves` engine: the register cut in two, for shallow ansätze on many qubits.

Encoded qubits are independent, and so are the two halves of the register until the first gate across the cut. From
there on the state is kept as a sum of terms, each the product of a state of one half and one of the other (see `cut`):
for each term 2 * 2^(n/2) amplitudes instead of 2^n. Every gate across the cut multiplies the number of terms, by 2 if
it is controlled or diagonal. Permutations and phases at the end join the observables, across the cut as well.

Source: I. L. Markov, A. Fatima, S. V. Isakov and S. Boixo, "Quantum supremacy is both closer and farther than it
appears", arXiv:1807.10749 (2018), where this is the hybrid of Schrödinger's and Feynman's simulation.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.alike import built_together
from qconv.circuit import fused
from qconv.circuit.blocks import ansatz_gates
from qconv.circuit.chunks import in_chunks
from qconv.circuit.circuit import Circuit, example_encoding, scaled
from qconv.circuit.columns import Columns
from qconv.circuit.cut import halved, num_terms
from qconv.circuit.ends import leading_gates, trailing_gates
from qconv.circuit.light_cone import seen
from qconv.circuit.measurement import Basis, bases, diagonals, expectations_in, in_order
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


def products(basis: Basis, source: np.ndarray, cut: int, dtype: np.dtype) -> Products:
    """The observables of a basis, after a permutation; by singular values, exact ones but for rounding."""
    first, second, sums = [], [], []
    for index, kinds in enumerate(basis.kinds):  # one by one: together they may be too many numbers
        diagonal = diagonals(kinds[None])[0, np.argsort(source)]
        left, values, right = np.linalg.svd(diagonal.reshape(2**cut, -1), full_matrices=False)
        for place in np.flatnonzero(values > 1e-9 * values[0]):
            first.append(left[:, place] * values[place])
            second.append(right[place])
            sums.append(np.arange(len(basis.kinds)) == index)
    return Products(np.array(first, dtype), np.array(second, dtype), np.array(sums, dtype).T)


def renamed(trailing: Sequence[Gate], num_qubits: int) -> np.ndarray:
    """Which amplitude is in which place after the permutations among the gates, (2^n,)."""
    renaming = Permutation(num_qubits)
    for gate in trailing:
        if gate.permutation is not None:
            renaming.add(gate)
    return renaming.source


def joins(observables: int, num_qubits: int, terms: int) -> bool:
    """Whether the whole state is put together to be measured, for so many observables.

    Each of them takes singular values of its own, and an overlap of each term with each other one.
    """
    return observables > 8 * num_qubits or observables * terms > 2**num_qubits


def _of_whole(
    basis: Basis, names: np.ndarray, terms: int, first: Columns, second: Columns
) -> Float[Array, "observables columns"]:
    """The members of a basis, from the whole state: the sum of `terms` products of states of the halves."""

    def apart(states: Columns) -> list[Array]:
        size, parts, columns = states.shape
        split = jax.lax.split(states, [1] * parts, axis=1)
        return [part.reshape(size, terms, columns // terms) for part in split]

    def times(left: Array, right: Array) -> Array:
        product = (left[:, None] * right[None]).sum(2)
        return product.reshape(-1, product.shape[2])

    (real, *imaginary), (others, *more) = apart(first), apart(second)
    whole = [times(real, others)]
    if imaginary and more:
        whole = [whole[0] - times(imaginary[0], more[0]), times(real, more[0]) + times(imaginary[0], others)]
    elif imaginary or more:
        whole.append(times(imaginary[0], others) if imaginary else times(real, more[0]))
    return expectations_in(basis, names, jnp.stack(whole, axis=1))


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


def patches_at_once(circuit: Circuit, patch_size: int, terms: int, dtype: np.dtype) -> int:
    """Patches of a chunk, for so many terms."""
    num_qubits = circuit.num_qubits(patch_size)
    amplitudes = 2 ** (num_qubits - num_qubits // 2 + 1) * terms  # of the larger half, at most
    chunk = _CHUNK_BYTES // (amplitudes * np.dtype(dtype).itemsize)
    if joins(circuit.num_observables(patch_size), num_qubits, terms):
        chunk = min(chunk, fused.patches_at_once(circuit, patch_size, dtype))
    return max(1, chunk)


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
    observables = circuit.observables(len(columns))
    parts = in_parts(circuit, len(columns), ansatz_gates(circuit, theta, num_qubits))
    terms = num_terms(parts.middle, cut)
    leading = qubit_matrices(parts.leading, num_qubits)
    halves = halved(built_together(parts.middle), num_qubits, cut)
    source = renamed(parts.trailing, num_qubits)
    joined = joins(len(observables), num_qubits, terms)
    measured = []
    for basis in bases(observables, theta.dtype):
        turns = halved(basis.turn, num_qubits, cut, (halves[0].names, halves[1].names))
        names = turns[0].names, turns[1].names
        if joined:
            rows = (names[0][:, None] << (num_qubits - cut) | names[1]).ravel()
            measure = partial(_of_whole, basis, np.argsort(source)[rows], terms)
        else:
            measure = partial(products(basis, source, cut, theta.dtype).renamed(*names).expectations, terms=terms)
        measured.append((basis, turns, measure))

    def evaluate(chunk: Float[Array, "pixels chunk"]) -> Float[Array, "channels chunk"]:
        zero, one = qubit_states(circuit, scaled(chunk, scaling, 0), leading)
        encoded = zip(_halved(zero, cut), _halved(one, cut), strict=True)
        states = [half.run(product_states(own)) for half, own in zip(halves, encoded, strict=True)]
        channels = []
        for basis, turns, measure in measured:
            turned = [turn.run(own) for turn, own in zip(turns, states, strict=True)]
            channels.append((basis, measure(*turned)))
        return circuit.readout.decode(in_order(channels))

    return in_chunks(evaluate, columns, patches_at_once(circuit, len(columns), terms, theta.dtype))


def _halved(qubits: Array, cut: int) -> Sequence[Array]:
    """Not indexed, since the gradient of a split is one copy."""
    return jax.lax.split(qubits, [cut, len(qubits) - cut])
