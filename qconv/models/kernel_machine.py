"""Kernel machines: scores by how alike an item is to known points."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.bounds import require_at_least
from qconv.circuit.circuit import check_floating
from qconv.kernels.kernel import Kernel
from qconv.models.num_classes import check_num_classes, known_num_classes
from qconv.patches import flattened

SUPPORT = "support"
"""The collection of the points that items are compared with."""


class KernelMachine(nn.Module):
    """The score of each class is a sum over known points: K(s x, s p) times a coefficient, plus a bias.

    It is a network by itself, or the last stage of a `Network` whose other stages have nothing to train. `KernelFit`
    finds points, coefficients, biases and the scale s. All numbers of an item are one point.

    Source: Boser, Guyon and Vapnik, "A training algorithm for optimal margin classifiers", COLT (1992).
    """

    kernel: Kernel
    """How alike two points are, with the parameters that it has before any training."""
    num_points: int = 1000
    """Known points. With at least as many as there are training items these are all of them, and coefficients of points
    that are left over are 0; with fewer they are landmarks, drawn from the training items."""
    num_classes: int | None = None
    """Number of scores; None for as many as the data have classes."""
    kernel_seed: int = 0
    """Fixes what the kernel draws, such as angles between re-uploads."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least(self, 1, "num_points")
        check_num_classes(self)

    @nn.compact
    def __call__(self, features: Float[Array, "batch ..."], *, train: bool = False) -> Float[Array, "batch classes"]:
        """Scores of each item."""
        check_floating(features=features)
        rows, count = flattened(features), known_num_classes(self)
        points = self.variable(SUPPORT, "points", jnp.zeros, (self.num_points, rows.shape[1]), rows.dtype).value
        scale = self.param("scale", nn.initializers.ones, (), rows.dtype)
        params = self.param("kernel", lambda key: self.kernel.init(rows.shape[1], self.kernel_seed))
        coefficients = self.param("coefficients", nn.initializers.zeros, (self.num_points, count), rows.dtype)
        biases = self.param("biases", nn.initializers.zeros, (count,), rows.dtype)
        alike = self.kernel(params, scale * rows, scale * points)
        return jnp.matmul(alike, coefficients, precision="highest") + biases[None]
