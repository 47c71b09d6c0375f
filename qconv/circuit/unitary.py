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
from qconv.circuit.operations import Columns, program
from qconv.circuit.states import encoded

_CHUNK_BYTES = 2**24
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
    ansatz = program(record_ansatz(circuit, theta, num_qubits).gates, num_qubits, _BLOCK)
    images = ansatz.run(jnp.eye(2**num_qubits, dtype=theta.dtype)[:, None])  # column b: the image of basis state b
    measured = []
    for basis in bases(circuit.observables(len(columns)), theta.dtype):
        turn = program(basis.turn, num_qubits, _BLOCK, ansatz.names)
        measured.append((basis, turn.names, turn.run(images)))

    def evaluate(chunk: Float[Array, "pixels chunk"]) -> Float[Array, "channels chunk"]:
        states = encoded(circuit, chunk)
        return in_order(
            [
                (basis, expectations_in(basis.diagonals[:, names], _times(unitary, states)))
                for basis, names, unitary in measured
            ]
        )

    amplitudes = 2 ** (num_qubits + 2)
    return in_chunks(evaluate, columns, max(1, _CHUNK_BYTES // (amplitudes * theta.dtype.itemsize)))


def _times(images: Columns, states: Columns) -> Columns:
    """Matrix times states, complex if either is; one product of real numbers."""
    size = len(images)
    if states.shape[1] == 1:
        left, right = jnp.swapaxes(images, 0, 1).reshape(-1, size), states[:, 0]
    else:
        real = images[:, 0]
        imaginary = images[:, 1] if images.shape[1] == 2 else jnp.zeros_like(real)
        left = jnp.block([[real, -imaginary], [imaginary, real]])
        right = jnp.swapaxes(states, 0, 1).reshape(2 * size, -1)
    # Full float32 products: accelerators would use fewer bits by default.
    product = jnp.matmul(left, right, precision="highest")
    return jnp.swapaxes(product.reshape(-1, size, right.shape[1]), 0, 1)
