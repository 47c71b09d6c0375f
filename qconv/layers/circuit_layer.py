"""A quantum layer that runs circuits on patches of its inputs."""

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import KW_ONLY
from typing import Any, Literal

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.bounds import require, require_at_least, require_choices
from qconv.circuit.circuit import Circuit
from qconv.layers.initial import angles
from qconv.layers.quantum_layer import QuantumLayer, check_precision
from qconv.simulate.choose import EngineName, choose_engine
from qconv.simulate.device import Device
from qconv.simulate.expectations import run_circuits


class CircuitLayer(QuantumLayer):
    """What a quantum convolution and a quantum dense layer have in common: fields, parameters, and how circuits run.

    The angles are the parameter `theta`, of shape (features, registers, *circuit.param_shape(patch_size)), and factors
    of the data, if the circuit has `trainable_scaling`, the parameter `scaling`, with the same two axes first. Those of
    a layer that is not trainable are in the collection `frozen`, drawn from the same key.
    """

    circuit: Circuit = Circuit()
    """Encoding, ansatz and readout of one register."""
    features: int = 1
    """Number of circuits with angles of their own: of filters, in a convolution."""
    _: KW_ONLY
    trainable: bool = True
    """Whether the parameters are trained; if not, a model computes this layer's output once, not in each epoch."""
    angle_range: float = math.pi
    """Angles start in [-angle_range, angle_range] radians."""
    angle_distribution: Literal["uniform", "normal"] = "uniform"
    """Uniform there, or normal with mean 0 and standard deviation angle_range."""
    device: Device = Device()
    """What the circuits run on."""
    param_dtype: Literal["float32", "float64"] = "float32"
    """Precision of the parameters; float64 (with complex128 states) needs JAX's 64-bit mode."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least(self, 1, "features")
        require(self, "angle_range", 0 <= self.angle_range < math.inf, "0 or more radians")
        require_choices(self)
        readout = self.circuit.readout
        trains = not self.trainable or readout.is_differentiable
        require(self, "trainable", trains, f"False with the readout {type(readout).__name__}, which has no gradient")

    @nn.nowrap
    @abstractmethod
    def num_registers(self, in_features: int) -> int:
        """Registers of a filter, each with angles of its own."""

    @nn.nowrap
    @abstractmethod
    def num_channels(self, in_features: int) -> int:
        """Channels of the outputs."""

    @nn.nowrap
    @abstractmethod
    def window(self, in_features: int) -> str:
        """What a patch is, in two words."""

    @nn.nowrap
    def chosen_engine(self, in_features: int, num_patches: int) -> EngineName:
        """The engine that is used for so many patches of each register, those of all images of a batch."""
        patch_size, filters = self.patch_size(in_features), self.features
        return choose_engine(self.circuit, patch_size, self.device.engine, num_patches, filters=filters)

    @nn.nowrap
    def title(self, in_features: int) -> str:
        """What the layer is, in a line."""
        circuit, patch_size = self.circuit, self.patch_size(in_features)
        circuits = self.features * self.num_registers(in_features)
        return (
            f"{type(circuit.encoding).__name__}, {type(circuit.ansatz).__name__}, {type(circuit.readout).__name__}: "
            f"{self.window(in_features)}, {circuit.num_qubits(patch_size)} qubits, "
            f"{circuits} circuit{'s' if circuits > 1 else ''} of {math.prod(circuit.param_shape(patch_size))} angles"
            f"{f' and {math.prod(circuit.scaling_shape(patch_size))} factors' if circuit.trainable_scaling else ''}"
        )

    @nn.nowrap
    def run(
        self, patches: Float[Array, "registers patches pixels"], in_features: int
    ) -> Float[Array, "patches registers features observables"]:
        """The channels of every circuit on the patches of its register.

        Raises:
            InputError: float64 without JAX's 64-bit mode, an array that is not of floating point, or too little memory.
        """
        engine = self.chosen_engine(in_features, max(1, patches.shape[1]))
        return run_circuits(self.circuit, self._parameters(in_features), patches, engine)

    @nn.nowrap
    def _parameters(self, in_features: int) -> list[Float[Array, "features registers ..."]]:
        """The angles of all circuits and, if the circuit has any, the factors of the data."""
        check_precision(self.param_dtype)
        circuit, patch_size = self.circuit, self.patch_size(in_features)
        circuits = (self.features, self.num_registers(in_features))
        shape = (*circuits, *circuit.param_shape(patch_size))

        def init(key: Any) -> Array:
            return angles(self.angle_range, self.angle_distribution)(key, shape, self.param_dtype)

        # An ansatz without angles has no such parameter.
        theta = jnp.zeros(shape, self.param_dtype) if 0 in shape else self._parameter("theta", init)
        if not circuit.trainable_scaling:
            return [theta]
        factors = (*circuits, *circuit.scaling_shape(patch_size))
        return [theta, self._parameter("scaling", lambda key: jnp.ones(factors, self.param_dtype))]

    @nn.nowrap
    def _parameter(self, name: str, init: Callable[[Any], Array]) -> Array:
        """A parameter, or where the layer is not trained, what would be one."""
        if self.trainable:
            return self.param(name, init)
        value: Any = self.variable("frozen", name, lambda: init(self.make_rng("params"))).value
        return value
