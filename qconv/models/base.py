"""What a network is, and how its classical twin comes about."""

import dataclasses
from typing import Any

import flax.linen as nn
import jax
import numpy as np
from jaxtyping import Array, Float

from qconv.layers.classical_conv import ClassicalConv
from qconv.layers.classical_dense import ClassicalDense
from qconv.layers.classical_tree import ClassicalTree


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


def called_quantum_layers(model: nn.Module, image_shape: tuple[int, ...]) -> list[tuple[Any, int]]:
    """The quantum layers that a network calls, in order, each with the number of its input features."""
    calls: list[tuple[Any, int]] = []

    def record(call: Any, args: Any, kwargs: Any, context: Any) -> Any:
        if hasattr(context.module, "twin") and context.method_name == "__call__":
            calls.append((context.module, context.module.in_features(args[0].shape)))
        return call(*args, **kwargs)

    images = jax.ShapeDtypeStruct((1, *image_shape), np.dtype(np.float32))
    with nn.intercept_methods(record):
        jax.eval_shape(lambda x: model.init(jax.random.key(0), x), images)
    return calls


def quantum_layers(spec: Any) -> list[Any]:
    """The layers in a tree of modules that have a classical twin, from the outside in."""
    if isinstance(spec, ClassicalConv | ClassicalDense | ClassicalTree):  # knows the layer it stands for
        return []
    if hasattr(spec, "twin"):
        return [spec]
    if isinstance(spec, tuple):
        return [layer for item in spec for layer in quantum_layers(item)]
    if isinstance(spec, nn.Module):
        return [layer for value in fields(spec).values() for layer in quantum_layers(value)]
    return []


def classical_twin(spec: Any) -> Any:
    """The same network with each quantum layer replaced by its classical twin.

    Args:
        spec: a module; layers are looked for in its fields, in tuples, and in the fields of modules there.
    """
    if hasattr(spec, "twin"):
        return spec.twin()
    if isinstance(spec, tuple):
        return type(spec)(classical_twin(item) for item in spec)
    if isinstance(spec, nn.Module) and quantum_layers(spec):
        return type(spec)(**{name: classical_twin(value) for name, value in fields(spec).items()}, parent=None)
    return spec
