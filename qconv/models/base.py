"""What a network is."""

import dataclasses
from typing import Any

import flax.linen as nn
from jaxtyping import Array, Float


class ImageModel(nn.Module):
    """A network from images to logits, in two parts: features, then classification.

    A subclass gives both. Where the features have no trainable parameters it says so in `frozen_features`: training
    then computes them once for all images instead of in each epoch.
    """

    def features(self, images: Float[Array, "batch height width channels"]) -> Float[Array, "batch ..."]:
        """The first part; by default the images themselves."""
        return images

    def classify(self, features: Float[Array, "batch ..."], *, train: bool = False) -> Float[Array, "batch classes"]:
        """The second part: logits from features.

        Args:
            features: what `features` returned.
            train: whether dropout is active; it then needs a key named `dropout`.
        """
        raise NotImplementedError  # abstract: a Flax module cannot be an ABC as well

    def __call__(
        self, images: Float[Array, "batch height width channels"], *, train: bool = False
    ) -> Float[Array, "batch classes"]:
        """Logits of images in [0, 1]."""
        return self.classify(self.features(images), train=train)

    @nn.nowrap
    def frozen_features(self) -> bool:
        """Whether `features` has no trainable parameters and is worth computing only once."""
        return False


def fields(spec: Any) -> dict[str, Any]:
    """The fields of a dataclass by name; of a Flax module without those that are Flax's own."""
    own = {"parent", "name"} if isinstance(spec, nn.Module) else set()
    return {field.name: getattr(spec, field.name) for field in dataclasses.fields(spec) if field.name not in own}
