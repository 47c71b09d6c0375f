"""The classical twin of a quantum convolution."""

from typing import Any

import flax.linen as nn
from jaxtyping import Array, Float

from qconv.circuit.circuit import check_floating
from qconv.layers.classical_twin import ClassicalTwin
from qconv.patches import pair


class ClassicalConv(ClassicalTwin):
    """`nn.Conv` and ReLU, with the windows and the output channels of a quantum convolution.

    It has one weight a pixel and no bias: for four qubits as many as two layers of two angles a qubit; where it has
    more, the report says so. ReLU, because with it twins classify validation images no worse than with tanh, the
    control of some published comparisons. Input channels whose registers have separate outputs get separate filters (a
    depthwise convolution). Where the quantum convolution is not trained, neither is its twin: its weights are in the
    collection `frozen`.
    """

    @nn.compact
    def __call__(self, images: Float[Array, "*batch height width channels"]) -> Float[Array, "*batch rows columns out"]:
        """Filters the images; same output shape as the quantum convolution."""
        check_floating(images=images)
        layer: Any = self.like
        in_channels = images.shape[-1]
        convolution = nn.Conv(
            features=layer.num_channels(in_channels),
            kernel_size=pair("kernel_size", layer.kernel_size),
            strides=pair("strides", layer.strides),
            padding=layer.padding,
            kernel_dilation=pair("kernel_dilation", layer.kernel_dilation),
            feature_group_count=in_channels if layer.channels == "concatenate" else 1,
            use_bias=False,
            parent=self if layer.trainable else None,
        )
        if layer.trainable:
            return nn.relu(convolution(images))
        weights = self.variable("frozen", "conv", lambda: convolution.init(self.make_rng("params"), images)["params"])
        outputs: Any = convolution.apply({"params": weights.value}, images)
        return nn.relu(outputs)
