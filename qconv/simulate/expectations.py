"""The one pure function of the quantum part: what a circuit measures of patches."""

from functools import partial

import jax
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, real_dtype
from qconv.errors import InputError
from qconv.simulate.choose import EngineChoice, EngineName, choose_engine, engine_named
from qconv.simulate.chunks import devices_of
from qconv.simulate.memory import check_memory


def expectations(
    circuit: Circuit,
    theta: Float[Array, "..."],
    patches: Float[Array, "patches pixels"],
    engine: EngineChoice = "auto",
    scaling: Float[Array, "blocks pixels"] | None = None,
) -> Float[Array, "patches channels"]:
    """Encodes each patch, runs the ansatz, and measures: pure, differentiable in all arrays.

    Args:
        circuit: encoding, ansatz and readout.
        theta: angles in radians, shape `circuit.param_shape(pixels)`; the same for all patches.
        patches: pixels row by row, the channel fastest.
        engine: `unitary`, `fused`, `halves` and `heisenberg` (for encodings that keep qubits independent), `lookup`
            (for encodings of bits), `statevector` (the reference), or the cheapest for this circuit and so many
            patches. They agree to float accuracy.
        scaling: factors of the patches' numbers for each encoding, shape `circuit.scaling_shape(pixels)`, if the
            circuit has `trainable_scaling`; None for 1.

    Returns:
        Real channels, one for each observable unless the readout decodes them; float32, or float64 if
            one of the arrays is (with JAX's 64-bit mode).

    Raises:
        InputError: patches that the encoding cannot take, theta or scaling of another shape, an array that is not of
            floating point, or more qubits than memory allows.
    """
    arrays = checked(circuit, theta, patches, scaling)
    count, patch_size = patches.shape
    name = choose_engine(circuit, patch_size, engine, max(1, count))
    check_memory(circuit, patch_size, name, arrays[0].dtype, count, devices=devices_of(patches))
    return _quantum_circuit(circuit, *arrays, engine=name)


def checked(circuit: Circuit, theta: Array, patches: Array, scaling: Array | None) -> list[Array]:
    """The arrays that a circuit is given, in one precision; `scaling` only if there is one.

    Raises:
        InputError: one of another shape, or that is not of floating point.
    """
    patch_size = patches.shape[1]
    if theta.shape != circuit.param_shape(patch_size):
        raise InputError(f"theta has shape {theta.shape}; allowed: {circuit.param_shape(patch_size)}")
    arrays = {"theta": theta, "patches": patches}
    if scaling is not None:
        if not circuit.trainable_scaling:
            raise InputError("scaling is given to a circuit with trainable_scaling = False; allowed: None")
        if scaling.shape != circuit.scaling_shape(patch_size):
            raise InputError(f"scaling has shape {scaling.shape}; allowed: {circuit.scaling_shape(patch_size)}")
        arrays["scaling"] = scaling
    dtype = real_dtype(**arrays)
    return [array.astype(dtype) for array in arrays.values()]


@partial(jax.jit, static_argnames=("circuit", "engine"))
def _quantum_circuit(
    circuit: Circuit, theta: Array, patches: Array, scaling: Array | None = None, *, engine: EngineName
) -> Array:
    # Compiled as a whole also where the caller is not: gate by gate, the first call would take seconds.
    # The barriers keep XLA from moving the transpositions of the two ends into the engine, at half its speed.
    columns = jax.lax.optimization_barrier(patches.T)
    evaluation = engine_named(engine).evaluation(circuit, len(columns), theta, scaling)
    return jax.lax.optimization_barrier(evaluation.read(circuit.readout.decode, columns)).T
