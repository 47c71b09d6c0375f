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
from qconv.diagnostics.states import chunk_rows, in_chunks, states
from qconv.gates import apply_matrix, complex_dtype

_OPERATORS = {
    "X": np.array([[0.0, 1], [1, 0]]),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1.0, -1]),
    "0": np.diag([1.0, 0]),
    "1": np.diag([0.0, 1]),
}


def gradients(
    circuit: Circuit,
    thetas: Float[Array, "samples ..."],
    patches: Float[Array, "samples pixels"],
    num_gates: int,
) -> Float[np.ndarray, "samples channels angles"]:
    """d<O>/dtheta_k of each channel O by each angle, at angles `thetas[s]` (radians) for the patch `patches[s]`.

    Every sample has angles of its own, so no two share a unitary: states are differentiated, not matrices.

    Args:
        circuit: encoding, ansatz and readout.
        thetas: of shape (samples, *param_shape).
        patches: pixels row by row.
        num_gates: of the circuit; the states after all of them are in memory for each sample of a chunk.
    """
    patch_size, num_angles = patches.shape[1], math.prod(thetas.shape[1:])
    observables = circuit.observables(patch_size)
    # Forward mode takes a pass for each angle, reverse mode one for each channel.
    jacobian = jax.jacfwd if num_angles <= len(observables) else jax.jacrev

    def channels(theta: Array, patch: Array) -> Array:
        state = states(circuit, theta[None], patch[None])
        return jnp.stack([_expectation(state, observable) for observable in observables])

    def of_rows(thetas: Array, patches: Array) -> Array:
        return jax.vmap(jacobian(channels))(thetas, patches)

    held = (num_gates + min(num_angles, len(observables))) * 2 ** circuit.num_qubits(patch_size)
    found = in_chunks(of_rows, (thetas, patches), chunk_rows(held, thetas.dtype))
    return found.reshape(len(thetas), len(observables), num_angles)


def gradient_variance(
    sample: Float[np.ndarray, "samples channels angles"],
) -> Float[np.ndarray, "channels angles"]:
    """Unbiased variance over the sample.

    Where each angle is that of one rotation and uniform over a full turn, the mean of a gradient is 0 for every patch, so
    that this is the variance over angles, averaged over patches.
    """
    return np.var(np.asarray(sample, np.float64), axis=0, ddof=1)


def _expectation(state: Array, observable: str) -> Array:
    """<state| O |state> of one state (1, 2^n), an operator of one qubit after the other."""
    image = state
    for qubit, letter in enumerate(observable):
        if letter != "I":
            operator = _OPERATORS[letter]
            dtype = complex_dtype(state.dtype) if np.iscomplexobj(operator) else jnp.real(state).dtype
            image = apply_matrix(image, jnp.asarray(operator, dtype), (qubit,))
    return jnp.real(jnp.vdot(state, image))
