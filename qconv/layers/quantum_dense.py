"""The quantum dense layer."""

import math

import flax.linen as nn
from jaxtyping import Array, Float

from qconv.errors import InputError
from qconv.layers.circuit_layer import CircuitLayer
from qconv.layers.classical_dense import ClassicalDense
from qconv.patches import flattened


class QuantumDense(CircuitLayer):
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

    @nn.compact
    def __call__(self, inputs: Float[Array, "batch ..."]) -> Float[Array, "batch out"]:
        """What the circuits measure: real, bounded as the readout's observables are.

        Args:
            inputs: images or vectors.
        """
        if inputs.ndim < 2:
            raise InputError(f"inputs have shape {inputs.shape}; allowed: (batch, numbers) or (batch, ..., channels)")
        in_features = self.in_features(inputs.shape)
        outputs = self.run(self.patches(inputs), in_features)
        return outputs.reshape(len(inputs), self.num_channels(in_features))

    @nn.nowrap
    def patches(self, inputs: Float[Array, "batch ..."]) -> Float[Array, "1 batch numbers"]:
        """What the register encodes: each input as one row."""
        return flattened(inputs)[None]

    @nn.nowrap
    def in_features(self, shape: tuple[int, ...]) -> int:
        """Numbers of one image: what the sizes below depend on."""
        return math.prod(shape[1:])

    @nn.nowrap
    def patch_size(self, in_features: int) -> int:
        """Numbers that the register encodes: all of the input."""
        return in_features

    @nn.nowrap
    def num_registers(self, in_features: int) -> int:
        """One register, for all numbers."""
        return 1

    @nn.nowrap
    def num_channels(self, in_features: int) -> int:
        """Outputs for images of `in_features` numbers."""
        return self.features * self.circuit.num_channels(in_features)

    @nn.nowrap
    def window(self, in_features: int) -> str:
        """How many numbers a patch has, in words."""
        return f"{in_features} numbers"

    @nn.nowrap
    def twin(self) -> ClassicalDense:
        """The classical layers that stand in for this one in a classical twin."""
        return ClassicalDense(like=self, parent=None)
