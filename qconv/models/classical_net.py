"""A classical network alone."""

import flax.linen as nn
from jaxtyping import Array, Float

from qconv.models.base import ImageModel


class ClassicalNet(ImageModel):
    """No quantum layer: the head sees the images. A control for tables."""

    head: nn.Module
    """From images to logits; called as `head(images, train=...)`."""

    def classify(self, features: Float[Array, "batch ..."], *, train: bool = False) -> Float[Array, "batch classes"]:
        """The head's logits."""
        return self.head(features, train=train)
