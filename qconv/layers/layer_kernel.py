"""Layers as kernels: what a quantum convolution or a tree makes of images, compared by a classical kernel."""

import math
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.bounds import require
from qconv.errors import InputError
from qconv.kernels.classical import RBF
from qconv.kernels.kernel import Embedded, Kernel, Params, scalar
from qconv.layers.quantum_conv import QuantumConv


@dataclass(frozen=True)
class LayerKernel(Kernel):
    """A classical kernel of what a layer makes of two images: a projected kernel whose circuits see windows.

    A quantum convolution has the same small circuit in each window, so the kernel is one of local features with angles
    that may be trained, at any size of the images. A point is an image row by row, the channel fastest.
    """

    layer: nn.Module = field(default_factory=QuantumConv)
    """What makes features of images (batch, height, width, channels): `QuantumConv`, `QuantumTree`, or any Linen module
    that needs nothing but the images."""
    image_shape: tuple[int, int, int] = (28, 28, 1)
    """Height, width and channels of the image that a point is."""
    outer: Kernel = field(default_factory=RBF)
    """The kernel of the features."""
    bandwidth: float = 1.0
    """Times each pixel, where training starts."""

    def __post_init__(self) -> None:
        require(self, "image_shape", all(size > 0 for size in self.image_shape), "three positive numbers")
        require(self, "bandwidth", 0 < self.bandwidth < math.inf, "a positive number")

    def init(self, columns: int, seed: int = 0) -> Params:
        """`bandwidth`; `layer`, the layer's variables; `outer`, of that kernel.

        Raises:
            InputError: points that are no images of this shape, or images that the layer cannot take.
        """
        image = jnp.zeros((1, *self._checked(columns)))
        layer = self._layer()
        variables = jax.jit(layer.init)(jax.random.key(seed), image)
        features = jax.eval_shape(partial(layer.apply, variables), image)
        return {
            "bandwidth": scalar(self.bandwidth),
            "layer": variables,
            "outer": self.outer.init(math.prod(features.shape[1:]), seed + 1),
        }

    def embed(self, params: Params, points: Float[Array, "points columns"]) -> Embedded:
        """What the outer kernel knows of the features."""
        return self.outer.embed(params["outer"], self.features(params, points))

    def features(self, params: Params, points: Float[Array, "points columns"]) -> Float[Array, "points features"]:
        """What the layer makes of each point; of its variables those in the collection `params` have a gradient."""
        images = points.reshape(-1, *self._checked(points.shape[1])) * params["bandwidth"].astype(points.dtype)
        variables: Any = {
            name: own if name == "params" else jax.lax.stop_gradient(own) for name, own in params["layer"].items()
        }
        found = jnp.asarray(self._layer().apply(variables, images))
        return found.reshape(len(points), -1)

    def compare(self, params: Params, left: Embedded, right: Embedded) -> Float[Array, "left right"]:
        """The outer kernel of the features."""
        return self.outer.compare(params["outer"], left, right)

    def diagonal(self, params: Params, embedded: Embedded) -> Float[Array, " points"]:
        """The diagonal of the outer kernel."""
        return self.outer.diagonal(params["outer"], embedded)

    def _checked(self, columns: int) -> tuple[int, int, int]:
        """The shape of an image.

        Raises:
            InputError: a point has another number of columns.
        """
        if columns != math.prod(self.image_shape):
            allowed = f"{columns} numbers in all, as a point has"
            raise InputError(f"image_shape = {self.image_shape}; allowed: {allowed}")
        return self.image_shape

    def _layer(self) -> nn.Module:
        """The layer by itself, also where the kernel is a field of a module."""
        return self.layer.clone(parent=None)
