"""Variance of gradients: whether a circuit can be trained from random angles, or sits on a barren plateau.

Source: McClean et al., "Barren plateaus in quantum neural network training landscapes", Nature Communications 9, 4812
(2018).
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit
from qconv.diagnostics.states import amplitude_slopes, chunk_rows, in_chunks
from qconv.gate_table import complex_dtype
from qconv.gates import apply_matrix
from qconv.readout.base import OPERATORS


def gradients(
    circuit: Circuit, thetas: Float[Array, "samples ..."], patches: Float[Array, "samples pixels"]
) -> Float[np.ndarray, "samples channels angles"]:
    """d<O>/dtheta_k of each channel O by each angle, at angles `thetas[s]` (radians) for the patch `patches[s]`.

    Every sample has angles of its own, so no two share a unitary: states are differentiated, and
    d<psi|O|psi> = 2 Re <O psi|dpsi>.
    """
    patch_size, num_angles = patches.shape[1], math.prod(thetas.shape[1:])
    observables = circuit.observables(patch_size)

    def of_one(theta: Array, patch: Array) -> Array:
        state, slopes = amplitude_slopes(circuit, theta, patch)
        images = jnp.stack([_image(state, observable) for observable in observables])
        with jax.default_matmul_precision("highest"):
            return 2 * jnp.real(images.conj() @ slopes.T)

    held = 2 * (len(observables) + num_angles + 1) * 2 ** circuit.num_qubits(patch_size)
    return in_chunks(jax.vmap(of_one), (thetas, patches), chunk_rows(held, thetas.dtype))


def gradient_variance(
    sample: Float[np.ndarray, "samples channels angles"],
) -> Float[np.ndarray, "channels angles"]:
    """Unbiased variance over the sample.

    Where each angle is that of one rotation and uniform over a full turn, the mean of a gradient is 0 for every patch,
    so that this is the variance over angles, averaged over patches.
    """
    return np.var(np.asarray(sample, np.float64), axis=0, ddof=1)


def _image(state: Array, observable: str) -> Array:
    """O |state>, by the operator of one qubit after the other; complex, so that all observables are alike."""
    image = state.astype(complex_dtype(jnp.real(state).dtype))[None]
    for qubit, letter in enumerate(observable):
        if letter != "I":
            image = apply_matrix(image, jnp.asarray(OPERATORS[letter], image.dtype), (qubit,))
    return image[0]
