"""What all quantum layers have in common."""

import math
from collections.abc import Callable
from typing import Any, Literal, Protocol, runtime_checkable

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, real_dtype
from qconv.circuit.expectations import EngineName, check_engine, expectations
from qconv.circuit.memory import check_memory
from qconv.errors import InputError
from qconv.gates import x64_enabled

AngleDistribution = Literal["uniform", "normal"]


@runtime_checkable
class QuantumLayer(Protocol):
    """What reports and diagnostics ask of a layer; `in_features` is what `in_features` says of its inputs' shape."""

    @property
    def circuit(self) -> Circuit:
        """What happens to one patch."""
        ...

    def in_features(self, shape: tuple[int, ...]) -> int:
        """What the layer's sizes depend on, of inputs of this shape: input channels, or all numbers of an image."""
        ...

    def patch_size(self, in_features: int) -> int:
        """Numbers that one register encodes."""
        ...

    def chosen_engine(self, in_features: int) -> str:
        """The engine that is used."""
        ...

    def title(self, in_features: int) -> str:
        """What the layer is, in a line."""
        ...

    def patches(self, inputs: Float[Array, "..."], /) -> Float[Array, "registers ... pixels"]:
        """What each register encodes."""
        ...

    def twin(self) -> nn.Module:
        """The classical layer that stands in for this one in a classical twin."""
        ...


def check_fields(layer: Any) -> None:
    """Refuses fields that no quantum layer can have.

    Raises:
        InputError: so.
    """
    if layer.features < 1:
        raise InputError(f"features = {layer.features}; allowed: at least 1 filter")
    if not 0 <= layer.angle_range < math.inf:
        raise InputError(f"angle_range = {layer.angle_range}; allowed: 0 or more radians")
    if layer.angle_distribution not in ("uniform", "normal"):
        raise InputError(f"angle_distribution = {layer.angle_distribution!r}; allowed: 'uniform', 'normal'")
    if layer.param_dtype not in ("float32", "float64"):
        raise InputError(f"param_dtype = {layer.param_dtype!r}; allowed: 'float32', 'float64'")
    check_engine(layer.engine)
    if layer.trainable and not layer.circuit.readout.is_differentiable:
        name = type(layer.circuit.readout).__name__
        raise InputError(f"trainable = True; allowed: False with the readout {name}, which has no gradient")


def title(layer: Any, in_features: int) -> str:
    """What a layer of circuits on patches is, in a line."""
    circuit, patch_size = layer.circuit, layer.patch_size(in_features)
    circuits = layer.features * layer.num_registers(in_features)
    return (
        f"{type(circuit.encoding).__name__}, {type(circuit.ansatz).__name__}, {type(circuit.readout).__name__}: "
        f"{layer.window(in_features)}, {circuit.num_qubits(patch_size)} qubits, "
        f"{circuits} circuit{'s' if circuits > 1 else ''} of {math.prod(circuit.param_shape(patch_size))} angles"
        f"{f' and {math.prod(circuit.scaling_shape(patch_size))} factors' if circuit.trainable_scaling else ''}, "
        f"engine {layer.chosen_engine(in_features)}"
    )


def parameters(layer: Any, registers: int, patch_size: int) -> list[Float[Array, "features registers ..."]]:
    """The angles of all circuits, `theta`, and the factors of the data, `scaling`, if the circuit has any.

    They are parameters, or of a layer that is not trained in the collection `frozen`.

    Raises:
        InputError: float64 without JAX's 64-bit mode.
    """
    if layer.param_dtype == "float64" and not x64_enabled():
        raise InputError("param_dtype = 'float64' needs JAX's 64-bit mode; call the layer under jax.enable_x64(True)")
    shape = (layer.features, registers, *layer.circuit.param_shape(patch_size))

    def init(key: Any) -> Array:
        if layer.angle_distribution == "normal":
            return layer.angle_range * jax.random.normal(key, shape, layer.param_dtype)
        return jax.random.uniform(key, shape, layer.param_dtype, -layer.angle_range, layer.angle_range)

    # An ansatz without angles has no such parameter.
    theta = jnp.zeros(shape, layer.param_dtype) if 0 in shape else _own(layer, "theta", init)
    if not layer.circuit.trainable_scaling:
        return [theta]
    factors = (layer.features, registers, *layer.circuit.scaling_shape(patch_size))
    return [theta, _own(layer, "scaling", lambda key: jnp.ones(factors, layer.param_dtype))]


def _own(layer: Any, name: str, init: Callable[[Any], Array]) -> Array:
    """A parameter, or where the layer is not trained, what would be one."""
    if layer.trainable:
        return layer.param(name, init)
    return layer.variable("frozen", name, lambda: init(layer.make_rng("params"))).value


def run_circuits(
    circuit: Circuit,
    params: list[Float[Array, "features registers ..."]],
    patches: Float[Array, "registers patches pixels"],
    engine: EngineName,
) -> Float[Array, "patches registers features observables"]:
    """The channels of every circuit, with what `parameters` returns, on the patches of its register."""
    dtype = real_dtype(*params, patches)
    registers, count, patch_size = patches.shape
    check_memory(circuit, patch_size, engine, dtype, count, registers * len(params[0]))

    def one_register(params: list[Array], own_patches: Array) -> Float[Array, "features patches observables"]:
        own_patches = own_patches.astype(dtype)

        def one_filter(own: list[Array]) -> Float[Array, "patches observables"]:
            theta, *scaling = (param.astype(dtype) for param in own)
            return expectations(circuit, theta, own_patches, engine, *scaling)

        return _one_by_one(one_filter, params)

    by_register = [jnp.swapaxes(param, 0, 1) for param in params]
    outputs = _one_by_one(lambda own: one_register(*own), (by_register, patches))
    return jnp.moveaxis(outputs, 2, 0)


def _one_by_one(function: Callable[[Any], Array], inputs: Any) -> Array:
    """`function` of each row. As one batch, the long axis of patches would not stay where engines are quick with it."""
    if len(jax.tree.leaves(inputs)[0]) == 1:
        return function(jax.tree.map(lambda rows: rows[0], inputs))[None]
    return jax.lax.map(function, inputs)
