"""The bandwidth of a kernel, chosen by training points."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from qconv.kernels.alignment import centred_alignment
from qconv.kernels.combined import KernelProduct, KernelSum, View
from qconv.kernels.concentration import concentration
from qconv.kernels.gram import gram
from qconv.kernels.kernel import Kernel, Params
from qconv.kernels.points import checked_labels, checked_points
from qconv.kernels.stratified import stratified_order

_REACH = 8
"""Powers of 2 by which a bandwidth is divided and multiplied, at most."""
_FINEST = 1 / 8
"""Power of 2 to which it is found: a tenth."""


@dataclass(frozen=True, eq=False)
class BandwidthSearch:
    """What the kernel is worth with each bandwidth that was tried."""

    factors: Float[np.ndarray, " tried"]
    """Times the bandwidth that the search began with; ascending."""
    worths: Float[np.ndarray, " tried"]
    """Centred alignment with labels; without labels the standard deviation of the kernel over pairs of points."""

    @property
    def best(self) -> float:
        """The factor that is worth most; of equals, the one that changes least."""
        highest = self.factors[self.worths == self.worths.max()]
        return float(highest[np.abs(np.log(highest)).argmin()])


def fit_bandwidth(
    kernel: Kernel, x: Any, y: Any = None, params: Params | None = None, *, most: int = 500, seed: int = 0
) -> Params:
    """The parameters of a kernel with the bandwidths that suit training points; all others stay what they are.

    With labels a bandwidth is chosen by centred alignment. Without, it is the one with which the kernel differs most
    between pairs of points; for an RBF on many columns that is the known choice of 1 / gamma as the typical squared
    distance. A grid of powers of 2 is refined to a tenth. Each part of a sum or a product has its own; those of a
    product are then scaled together, since factors that suit alone are too narrow together. The gamma of an RBF is
    chosen likewise; that of the kernel in which a projected one ends is left.

    Source: Shaydulin and Wild, "Importance of kernel bandwidth in quantum machine learning", Physical Review A 106,
    042407 (2022), show what it decides.

    Args:
        kernel: whose bandwidth is chosen.
        x: training points, one in each row.
        y: a label for each; None for none.
        params: where the search begins; None for those before any training.
        most: points that are looked at, at most, with the classes in their shares.
        seed: fixes which ones, and parameters before any training.

    Raises:
        InputError: points or labels that are none, or points that the kernel cannot take.
    """
    points, labels = sample(x, y, most, seed)
    return _fitted(kernel, kernel.init(points.shape[1], seed) if params is None else params, points, labels)


def sample(
    x: Any, y: Any, most: int, seed: int
) -> tuple[Float[np.ndarray, "points columns"], Int[np.ndarray, " points"] | None]:
    """At most so many points and, where there are any, their labels, with the classes in their shares.

    Raises:
        InputError: points or labels that are none.
    """
    points = checked_points("x", x)
    labels = None if y is None else checked_labels(y, len(points))
    rows = stratified_order(np.zeros(len(points), int) if labels is None else labels, seed)[:most]
    return points[rows], None if labels is None else labels[rows]


def search_bandwidth(
    kernel: Kernel,
    params: Params,
    points: Float[np.ndarray, "points columns"],
    labels: Int[np.ndarray, " points"] | None,
) -> BandwidthSearch:
    """Tries multiples of all bandwidths of a kernel together.

    Args:
        kernel: of the points.
        params: where the search begins.
        points: one in each row.
        labels: number of the class of each; None for none.
    """
    worths: dict[float, float] = {}

    def found() -> BandwidthSearch:
        powers = sorted(worths)
        return BandwidthSearch(2.0 ** np.array(powers), np.array([worths[power] for power in powers]))

    tried, step = [float(power) for power in range(-_REACH, _REACH + 1)], 1.0
    while step >= _FINEST:
        for power in tried:
            worths[power] = _worth(gram(kernel, points, params=kernel.scaled(params, 2.0**power)), labels)
        step, best = step / 2, float(np.log2(found().best))
        tried = [best - step, best + step]
    return found()


def _fitted(
    kernel: Kernel,
    params: Params,
    points: Float[np.ndarray, "points columns"],
    labels: Int[np.ndarray, " points"] | None,
) -> Params:
    if isinstance(kernel, View):
        return _fitted(kernel.kernel, params, points[:, kernel.start : kernel.stop], labels)
    if isinstance(kernel, KernelSum | KernelProduct):
        parts = zip(kernel.parts, params["parts"], strict=True)
        params = {**params, "parts": [_fitted(part, own, points, labels) for part, own in parts]}
        if isinstance(kernel, KernelSum):
            return params
    return kernel.scaled(params, search_bandwidth(kernel, params, points, labels).best)


def _worth(matrix: Float[np.ndarray, "points points"], labels: Int[np.ndarray, " points"] | None) -> float:
    if labels is None:
        return float(np.sqrt(concentration(matrix).variance))
    return float(centred_alignment(jnp.asarray(matrix), jnp.asarray(labels)))
