"""The one pure function of the quantum part, and the choice of its engine."""

from functools import lru_cache, partial
from typing import Literal, cast, get_args

import jax
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, real_dtype
from qconv.encoding.base import BitEncoding
from qconv.errors import InputError
from qconv.simulate import basis_table, bipartite, fused, product_table, tensorcircuit, unitary
from qconv.simulate.choose import MANY, Rates, costs
from qconv.simulate.memory import check_memory, devices_of

EngineName = Literal["statevector", "unitary", "fused", "halves", "heisenberg", "lookup"]
Engine = Literal["auto", "statevector", "unitary", "fused", "halves", "heisenberg", "lookup"]

_ENGINES = {
    "statevector": tensorcircuit,
    "unitary": unitary,
    "fused": fused,
    "halves": bipartite,
    "heisenberg": product_table,
    "lookup": basis_table,
}
_APART = {"halves": bipartite, "heisenberg": product_table}
"""Engines for encodings that keep qubits apart."""


def check_engine(engine: str) -> None:
    """Refuses the name of no engine.

    Raises:
        InputError: so.
    """
    if engine not in get_args(Engine):
        raise InputError(f"engine = {engine!r}; allowed: {', '.join(map(repr, get_args(Engine)))}")


@lru_cache(maxsize=1024)
def choose_engine(
    circuit: Circuit, patch_size: int, engine: Engine = "auto", patches: int = MANY, rates: Rates | None = None
) -> EngineName:
    """The engine named, or the cheapest by `qconv.simulate.choose` for so many patches.

    Args:
        circuit: encoding, ansatz and readout.
        patch_size: numbers of a patch.
        engine: the name, or auto.
        patches: how many there are to share the angles, about.
        rates: of the machine, by default those of the platform that JAX computes on.

    Raises:
        InputError: no such engine, or one that cannot take this encoding: `lookup` needs one of bits, `halves` and
            `heisenberg` one with gates on single qubits only; none of them takes re-uploads.
    """
    check_engine(engine)
    name = type(circuit.encoding).__name__
    if engine == "lookup" and not basis_table.fits(circuit):
        if circuit.reuploads and isinstance(circuit.encoding, BitEncoding):
            raise InputError(
                f"engine = 'lookup' looks up one encoding, but reuploads = {circuit.reuploads}; allowed: 0"
            )
        raise InputError(f"engine = 'lookup' needs an encoding of bits, such as Basis; this one is {name}")
    if engine in _APART and not _APART[engine].fits(circuit, patch_size):
        if circuit.reuploads:
            raise InputError(
                f"engine = {engine!r} takes one encoding apart, but reuploads = {circuit.reuploads}; allowed: 0"
            )
        size = ", and two qubits or more" if engine == "halves" else ""
        raise InputError(
            f"engine = {engine!r} needs an encoding with gates on single qubits only, such as Angle{size}; "
            f"this one is {name} with {circuit.num_qubits(patch_size)}"
        )
    if engine != "auto":
        return engine
    found = costs(circuit, patch_size, patches, rates)
    return cast(EngineName, min(found, key=lambda name: found[name].seconds))


def expectations(
    circuit: Circuit,
    theta: Float[Array, "..."],
    patches: Float[Array, "patches pixels"],
    engine: Engine = "auto",
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
    name = choose_engine(circuit, patch_size, engine, max(1, len(patches)))
    check_memory(circuit, patch_size, name, dtype, len(patches), devices=devices_of(patches))
    return _quantum_circuit(circuit, *(array.astype(dtype) for array in arrays.values()), engine=name)


@partial(jax.jit, static_argnames=("circuit", "engine"))
def _quantum_circuit(
    circuit: Circuit, theta: Array, patches: Array, scaling: Array | None = None, *, engine: EngineName
) -> Array:
    # Compiled as a whole also where the caller is not: gate by gate, the first call would take seconds.
    # The barriers keep XLA from moving the transpositions of the two ends into the engine, at half its speed.
    columns = jax.lax.optimization_barrier(patches.T)
    return jax.lax.optimization_barrier(_ENGINES[engine].expectations(circuit, theta, columns, scaling)).T
