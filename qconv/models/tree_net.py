"""A tree over the whole image, quantum or not, and a classical head."""

import flax.linen as nn
from jaxtyping import Array, Float

from qconv.models.base import ImageModel


class TreeNet(ImageModel):
    """A quantum convolutional network at the resolution of the image, then a classical head on what it measures."""

    tree: nn.Module
    """From images to numbers: a `QuantumTree`, or a classical layer."""
    head: nn.Module
    """From its output to logits; called as `head(features, train=...)`."""

    def features(self, images: Float[Array, "batch height width channels"]) -> Float[Array, "batch ..."]:
        """What the tree measures."""
        return self.tree(images)

    def classify(self, features: Float[Array, "batch ..."], *, train: bool = False) -> Float[Array, "batch classes"]:
        """The head's logits."""
        return self.head(features, train=train)
