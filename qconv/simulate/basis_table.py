"""The `lookup` engine: for encodings of bits, a table with the result of every basis state.

A register of n qubits that starts in a basis state has 2^n possible results, however many patches there are. They are
columns of the ansatz's unitary, so they are all computed at once, exactly, and each patch only looks up its own.

Source: Henderson et al., "Quanvolutional neural networks", Quantum Machine Intelligence 2:2 (2020), look results up so.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from qconv.circuit.circuit import Circuit
from qconv.encoding.base import BitEncoding
from qconv.lowering.observables import measured_images, observed
from qconv.simulate.counts import MOST_QUBITS_OF_MATRIX, Counts
from qconv.simulate.engine import Cost, Engine, Numbers, cost
from qconv.simulate.evaluation import Table, of_each
from qconv.simulate.rates import Rates


class BasisTable(Engine):
    """The result of every basis state, looked up."""

    name = "lookup"
    most_qubits = MOST_QUBITS_OF_MATRIX

    def refusal(self, circuit: Circuit, patch_size: int) -> str | None:
        """The encoding must be one of bits, and run once: then a patch is a basis state."""
        if not isinstance(circuit.encoding, BitEncoding):
            return f"needs an encoding of bits, such as Basis; this one is {type(circuit.encoding).__name__}"
        if circuit.reuploads:
            return f"looks up one encoding, but reuploads = {circuit.reuploads}; allowed: 0"
        return None

    def cost(self, counts: Counts, filters: int, patches: int, rates: Rates) -> Cost:
        """The matrix of the ansatz, measured; a row for each patch."""
        flops, numbers = counts.reading
        table = counts.size * (flops / rates.large.products + numbers / rates.large.numbers)
        once = filters * (counts.build(rates) + table)
        work = 0, 2 * filters * counts.num_observables
        return cost(counts, patches, rates, rates.large, 3, work, counts.calls_to_build(), once)

    def numbers(self, counts: Counts, filters: int, dtype: np.dtype) -> Numbers:
        """The matrix of the ansatz and the table; the bits of a patch."""
        table = 2 * counts.num_observables * counts.size
        return Numbers(filters * (counts.numbers_of_matrix + table), 2 * counts.num_qubits, 2**62)

    def shares(self, circuit: Circuit, patch_size: int) -> bool:
        """A patch is in the same row of all tables."""
        return True

    def evaluation(self, circuit: Circuit, patch_size: int, thetas: Array, scaling: Array | None = None) -> Table:
        """The tables of all basis states, and the row of each patch in it."""
        encoding = circuit.encoding
        assert isinstance(encoding, BitEncoding) and scaling is None  # `Circuit` refuses to scale bits

        def rows(columns: Float[Array, "pixels columns"]) -> Int[Array, " columns"]:
            bits = jax.vmap(encoding.bits, in_axes=-1, out_axes=-1)(columns)
            places = 2 ** np.arange(len(bits))[::-1, None]
            # A patch with a NaN is in no basis state.
            return jnp.where(
                jnp.isnan(columns).any(axis=0), 2 ** len(bits), jnp.sum(jnp.where(bits, places, 0), axis=0)
            )

        def table(theta: Array) -> Float[Array, "observables states"]:
            return observed(measured_images(circuit, theta, patch_size))

        return Table(of_each(table, thetas, 2 * 4 ** circuit.num_qubits(patch_size)), rows)
