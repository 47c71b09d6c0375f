"""Expressibility: how far the states of a circuit are from evenly spread ones.

Source: Sim, Johnson and Aspuru-Guzik, "Expressibility and entangling capability of parameterized quantum circuits for
hybrid quantum-classical algorithms", Advanced Quantum Technologies 2, 1900070 (2019), section 3.1 (Expr).
"""

import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Inexact

_FLOOR_REPEATS = 100


def fidelities(
    first: Inexact[Array, "batch amplitudes"], second: Inexact[Array, "batch amplitudes"]
) -> Float[Array, " batch"]:
    """|<first|second>|^2, row by row, in [0, 1]."""
    overlaps = jnp.sum(first.conj() * second, axis=1)
    return jnp.clip(jnp.square(jnp.abs(overlaps)), 0, 1)  # rounding may lead out by the last digit


def haar_log_probabilities(num_qubits: int, bins: int) -> Float[np.ndarray, " bins"]:
    """Natural logarithm of the part of Haar-random pairs of states whose fidelity is in each of equal bins of [0, 1].

    The density is P(F) = (N - 1) (1 - F)^(N - 2) with N = 2^n, so the bin [a, b] has (1 - a)^(N-1) - (1 - b)^(N-1).
    Logarithms, since these are below the smallest float from 9 qubits on.
    """
    exponent = 2**num_qubits - 1
    above = 1 - np.arange(bins + 1) / bins  # 1 - F at the edges
    above[-1] = 0
    ratio = above[1:] / above[:-1]
    return exponent * np.log(above[:-1]) + np.log1p(-(ratio**exponent))


def expressibility(sample: Float[np.ndarray, " pairs"], num_qubits: int, bins: int) -> float:
    """KL divergence, in nats, of the histogram of a sample of fidelities from that of Haar-random states.

    0 is as expressive as can be; a circuit that always gives the same state has (2^n - 1) ln(bins). A finite sample is
    biased upwards, by about (bins that are hit - 1) / (2 pairs): compare with `haar_floor`.

    Args:
        sample: fidelities of pairs of states.
        num_qubits: n of the states.
        bins: of the histogram. Where 2^n is much larger, nearly all fidelities of Haar-random states are in the first
            one, and the divergence tells little.

    Returns:
        NaN if a fidelity is.
    """
    if np.isnan(sample).any():  # in no bin, so it would vanish
        return math.nan
    counts, _ = np.histogram(np.asarray(sample, np.float64), bins, (0, 1))
    hit = counts > 0
    part = counts[hit] / counts.sum()
    return float(np.sum(part * (np.log(part) - haar_log_probabilities(num_qubits, bins)[hit])))


def haar_floor(num_qubits: int, pairs: int, bins: int, seed: int) -> float:
    """Mean of `expressibility` over 100 samples, each of the fidelities of `pairs` pairs of Haar-random states.

    The fidelities are drawn from their distribution, by its inverse 1 - F = u^(1 / (N - 1)) for u uniform in [0, 1].
    """
    rng = np.random.default_rng(seed)
    draws = (1 - rng.random(pairs) ** (1 / (2**num_qubits - 1)) for _ in range(_FLOOR_REPEATS))
    return float(np.mean([expressibility(draw, num_qubits, bins) for draw in draws]))
