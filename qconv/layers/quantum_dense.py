"""The quantum dense layer."""

import math
from typing import ClassVar, Literal

import flax.linen as nn
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit
from qconv.circuit.expectations import Engine, EngineName, choose_engine
from qconv.errors import InputError
from qconv.layers.classical_dense import ClassicalDense
from qconv.layers.quantum_layer import AngleDistribution, check_fields, parameters, run_circuits, title


class QuantumDense(nn.Module):
    """One register for a whole image or feature vector; outputs are what its circuits measure.

    The numbers of the input, row by row and the channel fastest, are encoded in a register, as in `nn.Dense` all of
    them at once. With `features` circuits that measure r channels each there are `features * r` outputs. Angle encoding
    takes a qubit for each number, amplitude encoding log2 of them.

        layer = QuantumDense(Circuit(Angle(), QCNN(), Probabilities()))
        variables = layer.init(jax.random.key(0), images)      # images (25, 1, 8, 1), in [0, 1]
        outputs = layer.apply(variables, images)               # (25, 2): P(0) and P(1) of the qubit that is left

    The angles are the parameter `theta`, and factors of the data, if the circuit has `trainable_scaling`, the parameter
    `scaling`; of a layer that is not trainable they are in the collection `frozen`, drawn from the same key.
    Differentiable with respect to parameters and inputs.

    Raises (when called):
        InputError: inputs without a batch axis, or a register that does not fit the encoding, the ansatz or the memory.
    """

    circuit: Circuit = Circuit()
    """Encoding, ansatz and readout of the register."""
    features: int = 1
    """Number of circuits with angles of their own."""
    trainable: bool = True
    """Whether the parameters are trained; if not, a model computes this layer's output once, not in each epoch."""
    angle_range: float = math.pi
    """Angles start in [-angle_range, angle_range] radians."""
    angle_distribution: AngleDistribution = "uniform"
    """Uniform there, or normal with mean 0 and standard deviation angle_range."""
    engine: Engine = "auto"
    """How circuits are evaluated: by name, or the fastest by the cost model (auto)."""
    param_dtype: Literal["float32", "float64"] = "float32"
    """Precision of the parameters; float64 (with complex128 states) needs JAX's 64-bit mode."""

    typical_patches: ClassVar[int] = 64
    """What the engine is chosen for, whatever the batch is: so a run has one engine."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fields(self)

    @nn.compact
    def __call__(self, inputs: Float[Array, "batch ..."]) -> Float[Array, "batch out"]:
        """What the circuits measure: real, bounded as the readout's observables are.

        Args:
            inputs: images or vectors.
        """
        if inputs.ndim < 2:
            raise InputError(f"inputs have shape {inputs.shape}; allowed: (batch, numbers) or (batch, ..., channels)")
        in_features = self.in_features(inputs.shape)
        params = parameters(self, 1, in_features)
        outputs = run_circuits(self.circuit, params, self.patches(inputs), self.chosen_engine(in_features))
        return outputs.reshape(len(inputs), self.num_channels(in_features))

    @nn.nowrap
    def patches(self, inputs: Float[Array, "batch ..."]) -> Float[Array, "1 batch numbers"]:
        """What the register encodes."""
        return inputs.reshape(1, len(inputs), -1)

    @nn.nowrap
    def in_features(self, shape: tuple[int, ...]) -> int:
        """Numbers of one image: what the sizes below depend on."""
        return math.prod(shape[1:])

    @nn.nowrap
    def patch_size(self, in_features: int) -> int:
        """All numbers."""
        return in_features

    @nn.nowrap
    def num_registers(self, in_features: int) -> int:
        """One."""
        return 1

    @nn.nowrap
    def num_channels(self, in_features: int) -> int:
        """Outputs for images of `in_features` numbers."""
        return self.features * self.circuit.num_channels(in_features)

    @nn.nowrap
    def chosen_engine(self, in_features: int) -> EngineName:
        """The engine that images of `in_features` numbers use."""
        return choose_engine(self.circuit, in_features, self.engine, self.typical_patches)

    @nn.nowrap
    def window(self, in_features: int) -> str:
        """All of the image."""
        return f"{in_features} numbers"

    @nn.nowrap
    def title(self, in_features: int) -> str:
        """What the layer is, in a line, for images of `in_features` numbers."""
        return title(self, in_features)

    @nn.nowrap
    def twin(self) -> ClassicalDense:
        """The classical layers that stand in for this one in a classical twin."""
        return ClassicalDense(like=self, parent=None)
