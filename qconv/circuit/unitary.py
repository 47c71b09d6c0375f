"""The `unitary` engine: the ansatz as one matrix, built once and applied to all patches as a matrix product.

All patches run the same ansatz, only their encoding differs. So its 2^n x 2^n unitary is built once a call, and

    patches -> states (2^n, patches) -> [Re U ; Im U] times them -> squares -> the observables' diagonals times them.

States of an encoding with real gates stay real, so the product is one of real numbers.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.chunks import in_chunks
from qconv.circuit.circuit import Circuit, record_ansatz
from qconv.circuit.measurement import bases, expectations_in, in_order
from qconv.circuit.operations import Columns, operations
from qconv.circuit.states import encoded

_CHUNK_BYTES = 2**27
"""Amplitudes of one chunk of patches, before and after the unitary."""
_BLOCK = 4
"""Qubits of the dense blocks that the unitary is built from."""


def bytes_needed(circuit: Circuit, patch_size: int, dtype: np.dtype) -> int:
    """Memory for the unitary after each layer of operations, about, which the gradient needs."""
    num_qubits = circuit.num_qubits(patch_size)
    return 8 * 4**num_qubits * 2 * np.dtype(dtype).itemsize


def expectations(
    circuit: Circuit, theta: Float[Array, "..."], columns: Float[Array, "pixels columns"]
) -> Float[Array, "channels columns"]:
    """See `qconv.circuit.expectations.expectations`; patches are columns here."""
    num_qubits = circuit.num_qubits(len(columns))
    images: Columns = jnp.eye(2**num_qubits, dtype=theta.dtype)[None]  # column b: the image of basis state b
    for operation in operations(record_ansatz(circuit, theta, num_qubits).gates, num_qubits, _BLOCK):
        images = operation.apply(images)
    measured = []
    for basis in bases(circuit.observables(len(columns)), theta.dtype):
        turned = images
        for operation in operations(basis.turn, num_qubits, _BLOCK):
            turned = operation.apply(turned)
        measured.append((basis, turned))

    def evaluate(chunk: Float[Array, "pixels chunk"]) -> Float[Array, "channels chunk"]:
        states = encoded(circuit, chunk)
        return in_order([(b, expectations_in(b.diagonals, _times(turned, states))) for b, turned in measured])

    amplitudes = 2 ** (num_qubits + 2)
    return in_chunks(evaluate, columns, max(1, _CHUNK_BYTES // (amplitudes * theta.dtype.itemsize)))


def _times(images: Columns, states: Columns) -> Columns:
    """Matrix times states, complex if either is; one product of real numbers."""
    size = images.shape[1]
    if len(states) == 1:
        left, right = images.reshape(-1, size), states[0]
    else:
        real, imaginary = images if len(images) == 2 else (images[0], jnp.zeros_like(images[0]))
        left, right = jnp.block([[real, -imaginary], [imaginary, real]]), states.reshape(2 * size, -1)
    # Full float32 products: accelerators would use fewer bits by default.
    return jnp.matmul(left, right, precision="highest").reshape(-1, size, right.shape[1])
