"""The `lookup` engine: for encodings of bits, a table with the result of every basis state.

A register of n qubits that starts in a basis state has 2^n possible results, however many patches there are. They are
columns of the ansatz's unitary, so they are all computed at once, exactly, and each patch only looks up its own.

Source: Henderson et al., "Quanvolutional neural networks", Quantum Machine Intelligence 2:2 (2020), look results up so.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit
from qconv.encoding.base import BitEncoding
from qconv.lowering.observables import measured_images, observed


def fits(circuit: Circuit) -> bool:
    """Whether the encoding is one of bits, and runs once: then a patch is a basis state."""
    return isinstance(circuit.encoding, BitEncoding) and not circuit.reuploads


def expectations(
    circuit: Circuit,
    theta: Float[Array, "..."],
    columns: Float[Array, "pixels columns"],
    scaling: Float[Array, "blocks pixels"] | None = None,
) -> Float[Array, "channels columns"]:
    """See `qconv.simulate.expectations.expectations`; patches are columns here."""
    assert isinstance(circuit.encoding, BitEncoding) and scaling is None  # `Circuit` refuses to scale bits
    table = observed(measured_images(circuit, theta, len(columns)))
    bits = jax.vmap(circuit.encoding.bits, in_axes=-1, out_axes=-1)(columns)
    places = 2 ** np.arange(len(bits))[::-1, None]
    # A patch with a NaN is no basis state: it has a row of its own, the last one.
    results = jnp.pad(circuit.readout.decode(table), ((0, 0), (0, 1)), constant_values=jnp.nan)
    rows = jnp.where(jnp.isnan(columns).any(axis=0), 2 ** len(bits), jnp.sum(jnp.where(bits, places, 0), axis=0))
    return results[:, rows]
