"""The states after a circuit: for kernels, and for whatever else asks for more than expectations."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Inexact

from qconv.circuit.circuit import Circuit
from qconv.lowering.program import reordered
from qconv.simulate.evaluation import devices_of, in_chunks, patches_at_once
from qconv.simulate.expectations import checked
from qconv.simulate.fused import evolution
from qconv.simulate.memory import check_memory, refuse_beyond

_CHUNK_BYTES = 2**22
"""Amplitudes of one chunk of patches: what stays in the cache."""


def states(
    circuit: Circuit,
    theta: Float[Array, "..."],
    patches: Float[Array, "patches pixels"],
    scaling: Float[Array, "blocks pixels"] | None = None,
) -> Inexact[Array, "patches amplitudes"]:
    """Encodes each patch and runs the ansatz, and measures nothing: pure, differentiable in all arrays.

    Args:
        circuit: encoding and ansatz; the readout plays no part.
        theta: angles in radians, shape `circuit.param_shape(pixels)`; the same for all patches.
        patches: pixels row by row, the channel fastest.
        scaling: factors of the patches' numbers, as in `qconv.simulate.expectations.expectations`.

    Returns:
        The amplitudes of each patch's state, qubit 0 the most significant bit of their number: real if all gates are,
            else complex; of single precision, or double if one of the arrays is (with JAX's 64-bit mode).

    Raises:
        InputError: as `expectations`.
    """
    arrays = checked(circuit, theta, patches, scaling)
    (count, patch_size), dtype = patches.shape, arrays[0].dtype
    num_qubits, devices = circuit.num_qubits(patch_size), devices_of(patches)
    check_memory(circuit, patch_size, "fused", dtype, count, devices=devices)
    needed = 6 * 2**num_qubits * -(-count // devices) * dtype.itemsize  # with their gradients and copies
    refuse_beyond(needed, f"{count:,} states of {num_qubits} qubits", "", "fewer patches at a time")
    return _quantum_states(circuit, *arrays)


@partial(jax.jit, static_argnames="circuit")
def _quantum_states(circuit: Circuit, theta: Array, patches: Array, scaling: Array | None = None) -> Array:
    count, patch_size = patches.shape
    size = 2 ** circuit.num_qubits(patch_size)
    evolved, names = evolution(circuit, patch_size, theta, scaling)

    def amplitudes(chunk: Float[Array, "pixels chunk"]) -> Float[Array, "numbers chunk"]:
        return jnp.asarray(reordered(evolved(chunk), np.argsort(names))).reshape(-1, chunk.shape[1])

    at_once = patches_at_once(_CHUNK_BYTES, 2 * size, theta.dtype)
    found = in_chunks(amplitudes, patches.T, at_once).reshape(size, -1, count)
    return found[:, 0].T if found.shape[1] == 1 else jax.lax.complex(found[:, 0], found[:, 1]).T
