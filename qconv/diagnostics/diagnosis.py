"""All diagnostics of one circuit."""

import math
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, num_gates, real_dtype
from qconv.diagnostics.effective_dimension import effective_dimension, fisher_information, spectrum
from qconv.diagnostics.effective_dimension import numbers_held as fisher_held
from qconv.diagnostics.entanglement import haar_meyer_wallach, meyer_wallach
from qconv.diagnostics.expressibility import expressibility, fidelities, haar_floor
from qconv.diagnostics.gradients import gradient_variance, gradients
from qconv.diagnostics.gradients import numbers_held as gradients_held
from qconv.diagnostics.sampling import Sampling, resolution
from qconv.diagnostics.states import after_ansatz, chunk_rows, encoded, ground, in_chunks
from qconv.errors import InputError
from qconv.gates.kinds import complex_dtype
from qconv.simulate.memory import available_bytes, refuse_beyond

_MAX_NUMBERS = 5e8
"""Random numbers that are drawn at once: two GiB in single precision."""
_MAX_WORK = 2e11
"""Amplitudes times gates: from minutes to an hour on two CPU cores."""


@dataclass(frozen=True, eq=False)
class StateDiagnosis:
    """What is read off random states."""

    fidelities: Float[np.ndarray, " pairs"]
    expressibility: float
    """KL divergence in nats; see `expressibility`."""
    meyer_wallach: Float[np.ndarray, " pairs"]
    """Q of the first state of each pair."""


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """The diagnostics of one circuit, from angles uniform in [-pi, pi] and random patches."""

    num_qubits: int
    observables: tuple[str, ...]
    num_angles: int
    """Angles of the circuit."""
    sampling: Sampling
    data_count: int
    ansatz: StateDiagnosis
    """Random angles on |0...0>, as in the literature."""
    whole: StateDiagnosis
    """Encoding and ansatz: each state has a random patch and random angles."""
    expressibility_floor: float
    """What Haar-random states give with the same number of pairs and bins."""
    haar_meyer_wallach: float
    """Mean Q of Haar-random states."""
    gradient_variance: Float[np.ndarray, "channels angles"] | None
    """Variance of each derivative; None if the circuit has no angles."""
    effective_dimension: float | None
    """The effective dimension as a part of the number of angles; None if there are none."""
    spectrum: Float[np.ndarray, "samples angles"] | None
    """Eigenvalues of the normalised Fisher information, the largest first; None likewise."""


def diagnose_circuit(
    circuit: Circuit, patches: Float[Array, "patches pixels"], data_count: int, sampling: Sampling, seed: int
) -> Diagnosis:
    """Draws angles and patches and computes all diagnostics.

    Args:
        circuit: encoding, ansatz and readout.
        patches: what is drawn from, with replacement.
        data_count: number of data n in the effective dimension.
        sampling: how much is drawn.
        seed: of the draws.

    Raises:
        InputError: it would take too long or too much memory, or `data_count` is too small for the effective dimension.
    """
    patch_size = patches.shape[1]
    num_qubits, shape = circuit.num_qubits(patch_size), circuit.param_shape(patch_size)
    has_angles = math.prod(shape) > 0
    _check_work(circuit, patch_size, sampling)
    _check_memory(circuit, patch_size, sampling, real_dtype(patches=patches))
    if has_angles:
        resolution(data_count, sampling.gamma)
    keys = iter(jax.random.split(jax.random.key(seed), 6))

    def draw(count: int) -> tuple[Array, Array]:
        thetas = jax.random.uniform(next(keys), (count, *shape), real_dtype(patches=patches), -math.pi, math.pi)
        return thetas, patches[jax.random.randint(next(keys), (count,), 0, len(patches))]

    ansatz, whole = _state_diagnoses(circuit, *draw(2 * sampling.pairs), sampling)
    variance = dimension = eigenvalues = None
    if has_angles:
        variance = gradient_variance(gradients(circuit, *draw(sampling.gradients)))
        thetas, windows = draw(max(sampling.fisher_angles, sampling.fisher_patches))
        fisher = fisher_information(circuit, thetas[: sampling.fisher_angles], windows[: sampling.fisher_patches])
        dimension, eigenvalues = effective_dimension(fisher, data_count, sampling.gamma), spectrum(fisher)
    return Diagnosis(
        num_qubits=num_qubits,
        observables=circuit.observables(patch_size),
        num_angles=math.prod(shape),
        sampling=sampling,
        data_count=data_count,
        ansatz=ansatz,
        whole=whole,
        expressibility_floor=haar_floor(num_qubits, sampling.pairs, sampling.bins, seed),
        haar_meyer_wallach=haar_meyer_wallach(num_qubits),
        gradient_variance=variance,
        effective_dimension=dimension,
        spectrum=eigenvalues,
    )


def _state_diagnoses(
    circuit: Circuit, thetas: Array, patches: Array, sampling: Sampling
) -> tuple[StateDiagnosis, StateDiagnosis]:
    """Of the ansatz alone, and of encoding and ansatz; rows k and k + pairs are a pair."""
    pairs, num_qubits = sampling.pairs, circuit.num_qubits(patches.shape[1])

    def both(*angles_and_patches: Array) -> list[tuple[Array, Array]]:
        a, b, x, y = angles_and_patches
        start = encoded(circuit, jnp.concatenate([x, y]))
        alone = jnp.broadcast_to(ground(num_qubits, start.dtype), start.shape)
        # All four kinds of state at once: the gates of the ansatz are compiled once.
        final = after_ansatz(circuit, jnp.concatenate([a, b, a, b]), jnp.concatenate([alone, start]))
        kinds = final.reshape(2, 2, -1, final.shape[1])
        return [(fidelities(first, second), meyer_wallach(first)) for first, second in kinds]

    rows = chunk_rows(8 * 2**num_qubits, thetas.dtype)  # four states, and what the next gate makes of them
    found = in_chunks(both, (thetas[:pairs], thetas[pairs:], patches[:pairs], patches[pairs:]), rows)
    first, second = (
        StateDiagnosis(sample, expressibility(sample, num_qubits, sampling.bins), entanglement)
        for sample, entanglement in found
    )
    return first, second


def bytes_needed(circuit: Circuit, patch_size: int, sampling: Sampling, dtype: np.dtype) -> int:
    """Memory of all diagnostics, within a factor of two: one chunk of samples, and what is kept of all of them."""
    num_angles = math.prod(circuit.param_shape(patch_size))
    amplitude = complex_dtype(dtype).itemsize
    held = max(
        gradients_held(circuit, patch_size), fisher_held(circuit, patch_size), 8 * 2 ** circuit.num_qubits(patch_size)
    )
    # What is kept is in both precisions, and on the way to its variance or its eigenvalues once or twice more.
    kept = (dtype.itemsize + 2 * 8) * sampling.gradients * circuit.num_observables(patch_size) * num_angles
    fisher = (dtype.itemsize + 3 * 8) * sampling.fisher_angles * num_angles**2
    drawn = 7 * sampling.pairs * (num_angles + patch_size) * dtype.itemsize  # with the copies that chunks are cut from
    return max(chunk_rows(held, dtype) * held * amplitude, fisher) + kept + drawn


def _check_memory(circuit: Circuit, patch_size: int, sampling: Sampling, dtype: np.dtype) -> None:
    """Refuses what does not fit into memory, before any work.

    Raises:
        InputError: more is needed than there is.
    """
    num_qubits, observables = circuit.num_qubits(patch_size), circuit.num_observables(patch_size)
    # Where the states alone are too many, so would be their observables to be written down.
    needed = 8 * 2**num_qubits * complex_dtype(dtype).itemsize
    if needed <= available_bytes():
        needed = bytes_needed(circuit, patch_size, sampling, dtype)
    refuse_beyond(
        needed,
        f"diagnostics of {num_qubits} qubits, {observables:,} channels and {sampling.gradients:,} gradients",
        "",
        "fewer gradients, a readout of fewer channels, or a smaller kernel",
    )


def _check_work(circuit: Circuit, patch_size: int, sampling: Sampling) -> None:
    """Refuses what would take hours, before any work.

    Raises:
        InputError: the work is beyond what is allowed; it says which numbers of samples are too large.
    """
    num_qubits, num_angles = circuit.num_qubits(patch_size), math.prod(circuit.param_shape(patch_size))
    gates = num_gates(circuit, patch_size) + 1
    passes = {
        "pairs": 4 * sampling.pairs,
        "gradients": sampling.gradients * (1 + num_angles),
        "fisher_angles * fisher_patches": sampling.fisher_angles * sampling.fisher_patches * (1 + num_angles),
    }
    for name, count in (("pairs", 2 * sampling.pairs), ("gradients", sampling.gradients)):
        if (numbers := count * (num_angles + patch_size)) > _MAX_NUMBERS:
            raise InputError(
                f"{name} = {getattr(sampling, name)} take {numbers:.1e} angles and pixels; allowed: {_MAX_NUMBERS:.0e}"
            )
    if not num_angles:
        passes = {"pairs": passes["pairs"]}
    work = {name: count * gates * 2**num_qubits for name, count in passes.items()}
    if (total := sum(work.values())) > _MAX_WORK:
        largest = max(work, key=lambda name: work[name])
        numbers = " * ".join(str(getattr(sampling, name)) for name in largest.split(" * "))
        raise InputError(
            f"{num_qubits} qubits, {gates} gates and {num_angles} angles take {total:.1e} updates of an amplitude; "
            f"allowed: {_MAX_WORK:.0e}. Most of them are for {largest} = {numbers}: lower it, or use a smaller kernel"
        )
