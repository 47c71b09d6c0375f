"""Kernels made of kernels, each of which may see columns of its own."""

import math
from dataclasses import dataclass
from functools import reduce
from operator import mul

import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.bounds import require, require_at_least
from qconv.errors import InputError
from qconv.kernels.kernel import Embedded, Kernel, Params


@dataclass(frozen=True)
class View(Kernel):
    """A kernel that sees some of the columns: those that one of several models or owners has given.

    Raises (when called):
        InputError: points without those columns.
    """

    kernel: Kernel
    """Of these columns."""
    start: int
    """The first column, counted from 0."""
    stop: int
    """The first column after them."""

    def __post_init__(self) -> None:
        require_at_least(self, 0, "start")
        require(self, "stop", self.stop > self.start, f"more than start = {self.start}")

    def init(self, columns: int, seed: int = 0) -> Params:
        """The parameters of the kernel."""
        self._check(columns)
        return self.kernel.init(self.stop - self.start, seed)

    def embed(self, params: Params, points: Float[Array, "points columns"]) -> Embedded:
        """What the kernel makes of the columns."""
        self._check(points.shape[1])
        return self.kernel.embed(params, points[:, self.start : self.stop])

    def compare(self, params: Params, left: Embedded, right: Embedded) -> Float[Array, "left right"]:
        """As the kernel does."""
        return self.kernel.compare(params, left, right)

    def diagonal(self, params: Params, embedded: Embedded) -> Float[Array, " points"]:
        """The diagonal of the kernel."""
        return self.kernel.diagonal(params, embedded)

    def scaled(self, params: Params, factor: float) -> Params:
        """The parameters of the kernel, scaled."""
        return self.kernel.scaled(params, factor)

    def _check(self, columns: int) -> None:
        if self.stop > columns:
            raise InputError(f"stop = {self.stop}; allowed: at most {columns}, the columns that there are")


@dataclass(frozen=True)
class _Combined(Kernel):
    """Several kernels of the same points."""

    parts: tuple[Kernel, ...]
    """The kernels."""

    def __post_init__(self) -> None:
        require(self, "parts", len(self.parts) > 0, "at least one kernel")

    def init(self, columns: int, seed: int = 0) -> Params:
        """`parts`: those of each kernel, with seeds of their own."""
        return {"parts": [part.init(columns, seed + place) for place, part in enumerate(self.parts)]}

    def embed(self, params: Params, points: Float[Array, "points columns"]) -> Embedded:
        """What each kernel knows of the points."""
        return [part.embed(own, points) for part, own in zip(self.parts, params["parts"], strict=True)]

    def scaled(self, params: Params, factor: float) -> Params:
        """The parameters of each kernel, scaled by the same factor."""
        parts = zip(self.parts, params["parts"], strict=True)
        return {**params, "parts": [part.scaled(own, factor) for part, own in parts]}

    def _of_each(self, params: Params, left: Embedded, right: Embedded) -> list[Array]:
        return [part.compare(*own) for part, *own in zip(self.parts, params["parts"], left, right, strict=True)]

    def _diagonals(self, params: Params, embedded: Embedded) -> list[Array]:
        return [part.diagonal(*own) for part, *own in zip(self.parts, params["parts"], embedded, strict=True)]


@dataclass(frozen=True)
class KernelSum(_Combined):
    """The sum of kernels with weights, that of their feature maps side by side.

    Of a weight its magnitude counts: so each sum is a kernel, whatever a training makes of the weights.
    """

    weights: tuple[float, ...] | None = None
    """One for each kernel, where training starts; None for the mean of all."""

    def __post_init__(self) -> None:
        super().__post_init__()
        own = self.weights
        fits = own is None or (len(own) == len(self.parts) and all(0 <= weight < math.inf for weight in own))
        require(self, "weights", fits, f"None, or {len(self.parts)} numbers of 0 or more")

    def init(self, columns: int, seed: int = 0) -> Params:
        """`weights`, and `parts`: those of each kernel, with seeds of their own."""
        weights = self.weights or (1 / len(self.parts),) * len(self.parts)
        return super().init(columns, seed) | {"weights": jnp.asarray(weights, jnp.result_type(float))}

    def compare(self, params: Params, left: Embedded, right: Embedded) -> Float[Array, "left right"]:
        """The weighted sum."""
        return self._weighted(params, self._of_each(params, left, right))

    def diagonal(self, params: Params, embedded: Embedded) -> Float[Array, " points"]:
        """The weighted sum of the diagonals."""
        return self._weighted(params, self._diagonals(params, embedded))

    def _weighted(self, params: Params, matrices: list[Array]) -> Array:
        weights = jnp.abs(params["weights"])
        return sum(weights[place] * matrix for place, matrix in enumerate(matrices[1:], 1)) + weights[0] * matrices[0]


@dataclass(frozen=True)
class KernelProduct(_Combined):
    """The product of kernels. Of fidelity kernels it is that of their registers side by side, with no gate between."""

    def compare(self, params: Params, left: Embedded, right: Embedded) -> Float[Array, "left right"]:
        """The product, entry by entry."""
        return reduce(mul, self._of_each(params, left, right))

    def diagonal(self, params: Params, embedded: Embedded) -> Float[Array, " points"]:
        """The product of the diagonals."""
        return reduce(mul, self._diagonals(params, embedded))
