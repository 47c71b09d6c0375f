"""A classical convolution as a filter: the control of quanvolutions."""

import math
from typing import Any

import flax.linen as nn
from jaxtyping import Array, Float

from qconv.bounds import require_at_least
from qconv.circuit.circuit import check_floating
from qconv.layers.initial import uniform
from qconv.patches import Padding, Size, check_padding, pair


class ConvFilter(nn.Module):
    """`nn.Conv` and tanh, trained or left as it was drawn.

    Weights and biases start uniform in [-1 / sqrt(k), 1 / sqrt(k)], k numbers of a window, as PyTorch's `Conv2d` has
    it, and so most published controls. Those of a filter that is not trained are in the collection `frozen`.

    Source: LeCun et al., "Gradient-based learning applied to document recognition", Proceedings of the IEEE 86, 2278
    (1998).
    """

    features: int = 4
    """Output channels."""
    kernel_size: Size = 2
    """Height and width of the window."""
    strides: Size = 2
    """Step from one window to the next."""
    padding: Padding = "SAME"
    """SAME, VALID, a number of pixels, or ((top, bottom), (left, right))."""
    trainable: bool = True
    """Whether it is trained."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least(self, 1, "features")
        for name in ("kernel_size", "strides"):
            pair(name, getattr(self, name))
        check_padding(self.padding)

    @nn.compact
    def __call__(self, images: Float[Array, "*batch height width channels"]) -> Float[Array, "*batch rows columns out"]:
        """Filters the images: values in [-1, 1]."""
        check_floating(images=images)
        kernel_size = pair("kernel_size", self.kernel_size)
        initial = uniform(math.prod(kernel_size) * images.shape[-1])
        convolution = nn.Conv(
            features=self.features,
            kernel_size=kernel_size,
            strides=pair("strides", self.strides),
            padding=[self.padding] * 2 if isinstance(self.padding, int) else self.padding,
            kernel_init=initial,
            bias_init=initial,
            parent=self if self.trainable else None,
        )
        if self.trainable:
            return nn.tanh(convolution(images))
        weights = self.variable("frozen", "conv", lambda: convolution.init(self.make_rng("params"), images)["params"])
        outputs: Any = convolution.apply({"params": weights.value}, images)
        return nn.tanh(outputs)
