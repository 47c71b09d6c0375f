"""Classical kernels: what quantum kernels are compared with, and what projected kernels end in."""

import math
from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.bounds import require
from qconv.kernels.kernel import Embedded, Kernel, Params, scalar


@dataclass(frozen=True)
class RBF(Kernel):
    """The Gaussian kernel exp(-gamma |x - y|^2)."""

    gamma: float | None = None
    """Inverse square of a length, where training starts; None for 1 / (numbers of a point)."""

    def __post_init__(self) -> None:
        fits = self.gamma is None or 0 < self.gamma < math.inf
        require(self, "gamma", fits, "None or a positive number")

    def init(self, columns: int, seed: int = 0) -> Params:
        """`gamma`."""
        return {"gamma": scalar(1 / max(1, columns) if self.gamma is None else self.gamma)}

    def embed(self, params: Params, points: Float[Array, "points columns"]) -> Embedded:
        """The points, and the squares of their lengths."""
        return points, jnp.square(points).sum(1)

    def compare(self, params: Params, left: Embedded, right: Embedded) -> Float[Array, "left right"]:
        """exp(-gamma |x - y|^2), with |x - y|^2 = |x|^2 + |y|^2 - 2 x.y, which rounding must not make negative."""
        (x, squares), (y, others) = left, right
        distances = squares[:, None] + others[None] - 2 * jnp.matmul(x, y.T, precision="highest")
        return jnp.exp(-params["gamma"] * jnp.maximum(distances, 0))

    def diagonal(self, params: Params, embedded: Embedded) -> Float[Array, " points"]:
        """1, whatever the points."""
        return jnp.ones_like(embedded[1])

    def scaled(self, params: Params, factor: float) -> Params:
        """With gamma times the square of the factor."""
        return {**params, "gamma": params["gamma"] * factor**2}


@dataclass(frozen=True)
class Linear(Kernel):
    """The linear kernel x.y."""

    def init(self, columns: int, seed: int = 0) -> Params:
        """Nothing: a factor changes no classifier but for its price of errors."""
        return {}

    def embed(self, params: Params, points: Float[Array, "points columns"]) -> Embedded:
        """The points themselves."""
        return points

    def compare(self, params: Params, left: Embedded, right: Embedded) -> Float[Array, "left right"]:
        """x.y."""
        return jnp.matmul(left, right.T, precision="highest")
