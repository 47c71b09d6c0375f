"""The pure functions of the quantum part: what a circuit measures of patches, and what many circuits do."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, real_dtype
from qconv.errors import InputError
from qconv.simulate.choose import EngineChoice, EngineName, choose_engine, engine_named
from qconv.simulate.evaluation import devices_of
from qconv.simulate.memory import check_memory, numbers

_MANY_CHANNELS = 100
"""From here on a product that writes patches first takes less time than one that does not and a turn of its outputs."""


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
    return _turned(_quantum_circuit(circuit, arrays[0][None], *arrays[1:], engine=name)[0])


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


def run_circuits(
    circuit: Circuit,
    params: list[Float[Array, "features registers ..."]],
    patches: Float[Array, "registers patches pixels"],
    engine: EngineName,
) -> Float[Array, "patches registers features channels"]:
    """The channels of every circuit of a layer on the patches of its register.

    Args:
        circuit: of all of them.
        params: angles and, if the circuit has any, factors of the data.
        patches: what each register encodes.
        engine: how circuits are evaluated, by name.

    Raises:
        InputError: an array that is not of floating point, or too little memory.
    """
    dtype = real_dtype(inputs=patches, **dict(zip(("theta", "scaling"), params, strict=False)))
    registers, count, patch_size = patches.shape
    filters = len(params[0])
    check_memory(circuit, patch_size, engine, dtype, count, filters, registers, devices_of(patches))
    together = engine_named(engine).together(circuit, patch_size, filters)
    by_register = [jnp.swapaxes(param, 0, 1).astype(dtype) for param in params]

    def one_register(own: tuple[list[Array], Array]) -> Float[Array, "features channels patches"]:
        params, own_patches = own
        if together == filters > 1:
            return _quantum_circuit(circuit, *params, own_patches, engine=engine)

        def one_filter(own: list[Array]) -> Float[Array, "channels patches"]:
            theta, *scaling = own
            return _quantum_circuit(circuit, theta[None], own_patches, *scaling, engine=engine)[0]

        return _one_by_one(one_filter, params)

    at_once = 1
    if together > 1:  # with few patches, each operation on them is called for several registers at once
        at_once = max(1, numbers(circuit, patch_size, engine, dtype, together).at_once // max(1, count))
    outputs = _one_by_one(one_register, (by_register, patches.astype(dtype)), at_once)
    shape = outputs.shape[:3]
    return _turned(outputs.reshape(math.prod(shape), count)).reshape(count, *shape)


@jax.custom_jvp
def _turned(channels: Float[Array, "channels patches"]) -> Float[Array, "patches channels"]:
    """Patches first. XLA would join this with a product before it, which pays where there are many channels."""
    apart = jax.lax.optimization_barrier(channels) if len(channels) < _MANY_CHANNELS else channels
    return apart.T


@_turned.defjvp
def _turned_tangent(channels: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    """Products of the backward pass read gradients as they lie, so nothing keeps XLA from joining them with this."""
    return _turned(*channels), tangents[0].T


def _one_by_one(function: Callable[[Any], Array], inputs: Any, at_once: int = 1) -> Array:
    """`function` of each row, or of so many at once.

    As one batch, the long axis of patches would not stay where most engines are quick with it.
    """
    rows = len(jax.tree.leaves(inputs)[0])
    if rows == 1:
        return function(jax.tree.map(lambda rows: rows[0], inputs))[None]
    if at_once >= rows:
        return jax.vmap(function)(inputs)
    return jax.lax.map(function, inputs, batch_size=at_once if at_once > 1 else None)


@partial(jax.jit, static_argnames=("circuit", "engine"))
def _quantum_circuit(
    circuit: Circuit,
    thetas: Float[Array, "filters ..."],
    patches: Float[Array, "patches pixels"],
    scaling: Float[Array, "blocks pixels"] | None = None,
    *,
    engine: EngineName,
) -> Float[Array, "filters channels patches"]:
    # Compiled as a whole also where the caller is not: gate by gate, the first call would take seconds.
    # The barrier keeps XLA from moving the transposition into the engine, at half its speed.
    columns = jax.lax.optimization_barrier(patches.T)
    evaluation = engine_named(engine).evaluation(circuit, len(columns), thetas, scaling)
    return evaluation.read(circuit.readout.decode, columns)
