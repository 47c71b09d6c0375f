"""Variance of gradients: whether a circuit can be trained from random angles, or sits on a barren plateau.

Source: McClean et al., "Barren plateaus in quantum neural network training landscapes", Nature Communications 9, 4812
(2018).
"""

import math
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit
from qconv.diagnostics.states import amplitude_slopes, chunk_rows, in_chunks
from qconv.lowering.fusion import after_gates
from qconv.lowering.observables import bases, in_order


def gradients(
    circuit: Circuit, thetas: Float[Array, "samples ..."], patches: Float[Array, "samples pixels"]
) -> Float[np.ndarray, "samples channels angles"]:
    """d<O>/dtheta_k of each channel O by each angle, at angles `thetas[s]` (radians) for the patch `patches[s]`.

    Every sample has angles of its own, so no two share a unitary: states are differentiated, and in the basis of O the
    probabilities of the outcomes change by dp = 2 Re(conj(psi) dpsi), whose sum with the eigenvalues of O it is.
    """
    measured = bases(circuit.observables(patches.shape[1]), thetas.dtype)

    def of_one(theta: Array, patch: Array) -> Array:
        state, slopes = amplitude_slopes(circuit, theta, patch)
        channels = []
        for basis in measured:
            turned = jax.vmap(partial(after_gates, gates=basis.turn))(jnp.concatenate([state[None], slopes]))
            of_probabilities = 2 * jnp.real(turned[:1].conj() * turned[1:])  # (angles, outcomes)
            channels.append((basis, basis.of_probabilities(of_probabilities.T, np.arange(len(state)))))
        return in_order(channels)

    rows = chunk_rows(numbers_held(circuit, patches.shape[1]), thetas.dtype)
    return in_chunks(jax.vmap(of_one), (thetas, patches), rows)


def numbers_held(circuit: Circuit, patch_size: int) -> int:
    """Amplitudes, and numbers instead of them, that one sample holds at a time."""
    num_angles, observables = math.prod(circuit.param_shape(patch_size)), circuit.observables(patch_size)
    turned = len(bases(observables, np.dtype(np.float32)))
    return (4 + turned) * (num_angles + 1) * 2 ** circuit.num_qubits(patch_size) + len(observables) * num_angles


def gradient_variance(
    sample: Float[np.ndarray, "samples channels angles"],
) -> Float[np.ndarray, "channels angles"]:
    """Unbiased variance over the sample.

    Where each angle is that of one rotation and uniform over a full turn, the mean of a gradient is 0 for every patch,
    so that this is the variance over angles, averaged over patches.
    """
    return np.var(np.asarray(sample, np.float64), axis=0, ddof=1)
