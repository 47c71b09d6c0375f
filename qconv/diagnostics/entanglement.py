"""Entangling capability: the mean Meyer-Wallach measure of a circuit's states.

Source: Meyer and Wallach, "Global entanglement in multiparticle systems", Journal of Mathematical Physics 43, 4273
(2002), in the form of Brennen, Quantum Information and Computation 3, 619 (2003); as a property of circuits: Sim,
Johnson and Aspuru-Guzik, Advanced Quantum Technologies 2, 1900070 (2019), section 3.2.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Inexact


def meyer_wallach(states: Inexact[Array, "batch amplitudes"]) -> Float[Array, " batch"]:
    """Q = 2 (1 - mean over qubits of Tr rho_q^2), rho_q the state of qubit q alone; 0 for product states, at most 1."""
    size = states.shape[1]
    num_qubits = size.bit_length() - 1
    bits = 2 ** np.arange(num_qubits)[:, None]
    zeros = np.stack([np.flatnonzero(np.arange(size) & bit == 0) for bit in bits])  # (qubits, N / 2)

    def purity(places: tuple[Array, Array]) -> Array:
        zero, one = (states[:, half] for half in places)
        populations = [jnp.sum(jnp.square(jnp.abs(part)), axis=1) for part in (zero, one)]
        coherence = jnp.sum(zero.conj() * one, axis=1)
        return populations[0] ** 2 + populations[1] ** 2 + 2 * jnp.square(jnp.abs(coherence))

    # One after the other by `map` and not by Python, which would compile it for every qubit.
    purities = jax.lax.map(purity, (jnp.asarray(zeros), jnp.asarray(zeros + bits)))
    return jnp.clip(2 * (1 - purities.mean(axis=0)), 0, 1)  # rounding may lead out by the last digit


def haar_meyer_wallach(num_qubits: int) -> float:
    """Mean of Q over Haar-random states: (N - 2) / (N + 1) with N = 2^n.

    From the mean purity of one qubit, (2 + N / 2) / (N + 1): Lubkin, Journal of Mathematical Physics 19, 1028 (1978).
    """
    return (2**num_qubits - 2) / (2**num_qubits + 1)
