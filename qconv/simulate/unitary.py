"""The `unitary` engine: the ansatz as one matrix, built once and applied to all patches as a matrix product.

All patches run the same ansatz, only their encoding differs. So its 2^n x 2^n unitary is built once a call, and

    patches -> states (2^n, patches) -> [Re U ; Im U] times them -> squares -> the observables' diagonals times them.

States of an encoding with real gates stay real, so the product is one of real numbers. With re-uploads there is such a
product for each block.
"""

from collections.abc import Sequence
from functools import partial

import jax
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, block_angles, scaled
from qconv.gates.tape import Gate
from qconv.lowering.columns import Columns
from qconv.lowering.encoded_states import encoded
from qconv.lowering.fusion import ansatz_gates
from qconv.lowering.observables import UNITARY_BLOCK, basis_states, measured_images, observed, times
from qconv.lowering.reupload import between, upload
from qconv.lowering.schedule import program
from qconv.simulate.chunks import in_chunks

_CHUNK_BYTES = 2**24
"""Amplitudes of one chunk of patches, before and after the unitary."""


def patches_at_once(circuit: Circuit, patch_size: int, dtype: np.dtype) -> int:
    """Patches of a chunk."""
    return max(1, _CHUNK_BYTES // (2 ** (circuit.num_qubits(patch_size) + 2) * np.dtype(dtype).itemsize))


def expectations(
    circuit: Circuit,
    theta: Float[Array, "..."],
    columns: Float[Array, "pixels columns"],
    scaling: Float[Array, "blocks pixels"] | None = None,
) -> Float[Array, "channels columns"]:
    """See `qconv.simulate.expectations.expectations`; patches are columns here."""
    num_pixels, angles = len(columns), block_angles(circuit, theta)
    if circuit.reuploads:
        again = upload(circuit, num_pixels, theta.dtype)
        build = partial(_unitary, circuit, num_pixels, after=again.opening)
        first = build(angles[0], before=())
        later = (times, jax.vmap(partial(build, before=again.closing))(theta[1:-1])) if circuit.reuploads > 1 else None
    images = measured_images(circuit, angles[-1], num_pixels, again.closing if circuit.reuploads else ())

    def evaluate(chunk: Float[Array, "pixels chunk"]) -> Float[Array, "channels chunk"]:
        states = encoded(circuit, scaled(chunk, scaling, 0))
        if circuit.reuploads:
            states = between(states, again, chunk, scaling, partial(times, first), later)
        turned = [(basis, names, times(matrix, states)) for basis, names, matrix in images]
        return circuit.readout.decode(observed(turned))

    return in_chunks(evaluate, columns, patches_at_once(circuit, len(columns), theta.dtype))


def _unitary(
    circuit: Circuit, num_pixels: int, theta: Float[Array, "..."], before: Sequence[Gate], after: Sequence[Gate]
) -> Columns:
    """The images of all basis states under the ansatz between other gates."""
    num_qubits = circuit.num_qubits(num_pixels)
    images = basis_states(num_qubits, theta.dtype)
    for gates in (before, ansatz_gates(circuit, theta, num_qubits), after):
        images = program(gates, num_qubits, UNITARY_BLOCK).run_in_order(images)
    return images
