"""What a kernel is: how alike two points are, from what is computed of each of them once."""

from abc import ABC, abstractmethod
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.errors import InputError

Params = dict[str, Any]
"""What of a kernel can be trained: a pytree of arrays."""
Embedded = Any
"""What a kernel knows of points: a pytree of arrays whose first axis are the points."""
POSITIVE = ("bandwidth", "gamma")
"""Parameters that are more than 0, by their last name. They are trained by their logarithms."""


class Kernel(ABC):
    """How alike two points are: a symmetric, positive function of them. Subclasses are frozen dataclasses.

    A kernel says what is computed; the numbers that can be trained, its parameters, are given to each call, so that
    all of it is pure and differentiable. Each point is embedded once, by itself; only embedded points are compared.
    `kernel + kernel` and `kernel * kernel` are kernels.
    """

    @abstractmethod
    def init(self, columns: int, seed: int = 0) -> Params:
        """The parameters before any training.

        Args:
            columns: numbers of a point.
            seed: fixes what is random.

        Raises:
            InputError: the kernel cannot take points of so many numbers.
        """

    @abstractmethod
    def embed(self, params: Params, points: Float[Array, "points columns"]) -> Embedded:
        """What is computed once for each point.

        Args:
            params: as `init` gives them.
            points: one in each row.
        """

    @abstractmethod
    def compare(self, params: Params, left: Embedded, right: Embedded) -> Float[Array, "left right"]:
        """The kernel of each point on the left with each one on the right.

        Args:
            params: with which both were embedded.
            left: embedded points.
            right: embedded points.
        """

    def diagonal(self, params: Params, embedded: Embedded) -> Float[Array, " points"]:
        """The kernel of each point with itself.

        Args:
            params: with which they were embedded.
            embedded: the points.
        """

        def alone(own: Embedded) -> Array:
            point = jax.tree.map(lambda leaf: leaf[None], own)
            return self.compare(params, point, point)[0, 0]

        return jax.vmap(alone)(embedded)

    def scaled(self, params: Params, factor: float) -> Params:
        """The parameters with which points are seen as if each of their numbers were multiplied by a factor.

        They stay what they are where the kernel has no bandwidth.

        Args:
            params: as `init` gives them.
            factor: more than 0.
        """
        return {**params, "bandwidth": params["bandwidth"] * factor} if "bandwidth" in params else params

    def __call__(
        self, params: Params, x: Float[Array, "left columns"], y: Float[Array, "right columns"] | None = None
    ) -> Float[Array, "left right"]:
        """The matrix of the kernel, at once: pure, differentiable in all arrays.

        For more points than a few thousand there is `qconv.gram`, which does it in blocks.

        Args:
            params: as `init` gives them.
            x: points, one in each row.
            y: other points; None for the same.

        Raises:
            InputError: the points on the left and on the right have not as many numbers.
        """
        left = self.embed(params, x)
        if y is None:
            return self.compare(params, left, left)
        if x.shape[1] != y.shape[1]:
            raise InputError(f"points of {x.shape[1]} and of {y.shape[1]} numbers; allowed: as many on both sides")
        return self.compare(params, left, self.embed(params, y))

    def __add__(self, other: "Kernel") -> "Kernel":
        from qconv.kernels.combined import KernelSum

        return KernelSum((self, other))

    def __mul__(self, other: "Kernel") -> "Kernel":
        from qconv.kernels.combined import KernelProduct

        return KernelProduct((self, other))


def scalar(value: float) -> Array:
    """A parameter that is one number."""
    return jnp.asarray(value, jnp.result_type(float))
