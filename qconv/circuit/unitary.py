"""The `unitary` engine: the ansatz as one matrix, built once and applied to all patches as a matrix product.

All patches run the same ansatz, only their encoding differs. So its 2^n x 2^n unitary is built once a call, and

    patches -> states (2^n, patches) -> [Re U ; Im U] times them -> squares -> the observables' diagonals times them.

States of an encoding with real gates stay real, so the product is one of real numbers. With re-uploads there is such a
product for each block.
"""

from collections.abc import Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.blocks import ansatz_gates
from qconv.circuit.chunks import in_chunks
from qconv.circuit.circuit import Circuit, block_angles, scaled
from qconv.circuit.columns import Columns
from qconv.circuit.light_cone import seen
from qconv.circuit.measurement import Basis, bases, expectations_in, in_order
from qconv.circuit.program import program
from qconv.circuit.reupload import between, upload
from qconv.circuit.states import encoded
from qconv.gates import Gate

_CHUNK_BYTES = 2**24
"""Amplitudes of one chunk of patches, before and after the unitary."""
BLOCK = 4
"""Qubits of the dense blocks that the unitary is built from."""


def patches_at_once(circuit: Circuit, patch_size: int, dtype: np.dtype) -> int:
    """Patches of a chunk."""
    return max(1, _CHUNK_BYTES // (2 ** (circuit.num_qubits(patch_size) + 2) * np.dtype(dtype).itemsize))


def expectations(
    circuit: Circuit,
    theta: Float[Array, "..."],
    columns: Float[Array, "pixels columns"],
    scaling: Float[Array, "blocks pixels"] | None = None,
) -> Float[Array, "channels columns"]:
    """See `qconv.circuit.expectations.expectations`; patches are columns here."""
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


Images = list[tuple[Basis, np.ndarray, Columns]]
"""For each basis that is measured in: which amplitude each row holds, and the images of states there."""


def measured_images(
    circuit: Circuit, theta: Float[Array, "..."], patch_size: int, before: Sequence[Gate] = ()
) -> Images:
    """The images of all basis states under the last ansatz, to be measured.

    Args:
        circuit: ansatz and readout.
        theta: angles of the last ansatz.
        patch_size: numbers of a patch.
        before: gates before it.
    """
    num_qubits = circuit.num_qubits(patch_size)
    gates = seen(ansatz_gates(circuit, theta, num_qubits), circuit.observables(patch_size))
    found = bases(circuit.observables(patch_size), theta.dtype)
    ansatz = program(gates, num_qubits, BLOCK, measured=not any(basis.turn for basis in found))
    images = ansatz.run(program(before, num_qubits, BLOCK).run_in_order(_identity(num_qubits, theta.dtype)))
    turns = [(basis, program(basis.turn, num_qubits, BLOCK, ansatz.names)) for basis in found]
    return [(basis, turn.names, turn.run(images)) for basis, turn in turns]


def observed(images: Images) -> Float[Array, "observables columns"]:
    """The expectations of all observables, for the states whose images they are."""
    return in_order([(basis, expectations_in(basis, names, turned)) for basis, names, turned in images])


def _unitary(
    circuit: Circuit, num_pixels: int, theta: Float[Array, "..."], before: Sequence[Gate], after: Sequence[Gate]
) -> Columns:
    """The images of all basis states under the ansatz between other gates."""
    num_qubits = circuit.num_qubits(num_pixels)
    images = _identity(num_qubits, theta.dtype)
    for gates in (before, ansatz_gates(circuit, theta, num_qubits), after):
        images = program(gates, num_qubits, BLOCK).run_in_order(images)
    return images


def _identity(num_qubits: int, dtype: np.dtype) -> Columns:
    return np.eye(2**num_qubits, dtype=dtype)[:, None]


def times(images: Columns, states: Columns) -> Columns:
    """A matrix (rows, parts, size) times states (size, parts, columns), complex if either is; one real product."""
    rows, _, size = images.shape
    if states.shape[1] == 1:
        left, right = jnp.swapaxes(images, 0, 1).reshape(-1, size), states[:, 0]
    else:
        real = images[:, 0]
        imaginary = images[:, 1] if images.shape[1] == 2 else jnp.zeros_like(real)
        left = jnp.block([[real, -imaginary], [imaginary, real]])
        right = jnp.swapaxes(states, 0, 1).reshape(2 * size, -1)
    # Full float32 products: accelerators would use fewer bits by default.
    product = jnp.matmul(left, right, precision="highest")
    return jnp.swapaxes(product.reshape(-1, rows, right.shape[1]), 0, 1)
