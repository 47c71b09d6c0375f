"""Effective dimension: how many of a circuit's angles the probabilities of its outcomes can tell apart.

Source: Abbas et al., "The power of quantum neural networks", Nature Computational Science 1, 403 (2021), eq. 2 and 3.
This is the global one, over all angles; the model is the probability of each of the 2^n outcomes of measuring all
qubits in the computational basis, given a patch.
"""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit
from qconv.diagnostics.sampling import resolution
from qconv.diagnostics.states import amplitude_slopes, chunk_rows, in_chunks

_NO_INFORMATION = 1e-10
"""Traces below are rounding: of float32 they are about the square of its precision, 1e-14, for each angle."""


def fisher_information(
    circuit: Circuit, thetas: Float[Array, "samples ..."], patches: Float[Array, "patches pixels"]
) -> Float[np.ndarray, "samples angles angles"]:
    """Fisher information at each of `thetas` (radians), averaged over the patches.

    F_jk = mean over patches of the sum over outcomes y of (dp_y/dtheta_j) (dp_y/dtheta_k) / p_y. An outcome of
    probability 0 adds nothing: it is never seen.

    Args:
        circuit: encoding and ansatz; the readout plays no part.
        thetas: of shape (samples, *param_shape).
        patches: the same for all samples; pixels row by row.
    """
    smallest = float(np.finfo(thetas.dtype).eps) ** 2

    def one(theta: Array, patch: Array) -> Array:
        state, slopes = amplitude_slopes(circuit, theta, patch)
        probabilities = jnp.square(jnp.abs(state))
        # dp / sqrt(p) = 2 Re(conj(psi) dpsi) / |psi|, whose size is that of dpsi also where p is small.
        scale = jnp.where(probabilities > smallest, jax.lax.rsqrt(jnp.maximum(probabilities, smallest)), 0)
        scores = 2 * jnp.real(state.conj()[None] * slopes) * scale[None]
        with jax.default_matmul_precision("highest"):
            return scores @ scores.T

    rows = chunk_rows(numbers_held(circuit, patches.shape[1]), thetas.dtype)
    at_once = min(rows, len(patches))

    def at_angles(thetas: Array) -> Array:
        def of_patches(theta: Array) -> Array:
            total = jax.lax.map(lambda patch: one(theta, patch), patches, batch_size=at_once)
            return jnp.mean(total, axis=0)

        return jax.vmap(of_patches)(thetas)

    found = in_chunks(at_angles, (thetas,), max(1, rows // at_once))
    return np.asarray(found, np.float64)


def numbers_held(circuit: Circuit, patch_size: int) -> int:
    """Amplitudes, and numbers instead of them, that one patch holds at a time."""
    num_angles = math.prod(circuit.param_shape(patch_size))
    return 4 * (num_angles + 1) * 2 ** circuit.num_qubits(patch_size) + num_angles**2


def normalised(fisher: Float[np.ndarray, "samples angles angles"]) -> Float[np.ndarray, "samples angles angles"]:
    """Fisher information times a number, such that the mean of its trace over the sample is the number of angles.

    All zero if no angle has an effect, but for rounding.
    """
    trace = np.trace(fisher, axis1=1, axis2=2).mean()
    return fisher * (fisher.shape[1] / trace) if trace > _NO_INFORMATION else np.zeros_like(fisher)


def effective_dimension(
    fisher: Float[np.ndarray, "samples angles angles"], data_count: int, gamma: float = 1.0
) -> float:
    """The effective dimension of a model with d angles, as a part of d.

    2 ln(mean over angles of sqrt(det(1 + kappa F))) / ln(kappa) / d, where F is normalised and
    kappa = gamma n / (2 pi ln n).
    As n grows it tends to the largest rank of F, over d. A model all of whose angles count alike has
    ln(1 + kappa) / ln(kappa), slightly above 1.

    Args:
        fisher: at angles drawn uniformly; see `fisher_information`.
        data_count: number of data n.
        gamma: constant of the paper, in (0, 1].

    Raises:
        InputError: kappa is not above 1.
    """
    kappa = resolution(data_count, gamma)
    count = fisher.shape[1]
    _, log_determinants = np.linalg.slogdet(np.eye(count) + kappa * normalised(fisher))
    halves = log_determinants / 2
    largest = halves.max()  # taken out, so that no exponential overflows
    log_mean = largest + np.log(np.mean(np.exp(halves - largest)))
    return float(2 * log_mean / np.log(kappa) / count)


def spectrum(fisher: Float[np.ndarray, "samples angles angles"]) -> Float[np.ndarray, "samples angles"]:
    """Eigenvalues of the normalised Fisher information at each of the sampled angles, the largest first."""
    return np.linalg.eigvalsh(normalised(fisher))[:, ::-1].clip(0)
