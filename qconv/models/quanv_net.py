"""A convolution, quantum or not, and a classical head."""

import flax.linen as nn
from jaxtyping import Array, Float

from qconv.models.base import ImageModel


class QuanvNet(ImageModel):
    """Quantum convolution, then a classical head.

    The network of Henderson et al., "Quanvolutional neural networks", Quantum Machine Intelligence 2:2 (2020), where
    the convolution is random and fixed; here it is trained, unless `conv.trainable` is off.
    """

    conv: nn.Module
    """The first layer: a `QuantumConv`, or a classical layer."""
    head: nn.Module
    """From its output to logits; called as `head(features, train=...)`."""

    def features(self, images: Float[Array, "batch height width channels"]) -> Float[Array, "batch ..."]:
        """The channels of the convolution."""
        return self.conv(images)

    def classify(self, features: Float[Array, "batch ..."], *, train: bool = False) -> Float[Array, "batch classes"]:
        """The head's logits."""
        return self.head(features, train=train)

    @nn.nowrap
    def frozen_features(self) -> bool:
        """Whether the convolution says that it is not `trainable`, as ours do."""
        return not getattr(self.conv, "trainable", True)
