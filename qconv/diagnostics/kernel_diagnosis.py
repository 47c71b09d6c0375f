"""All diagnostics of one kernel: whether it can tell points apart, and whether another bandwidth would do better."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from qconv.errors import InputError
from qconv.kernels.alignment import centred_alignment
from qconv.kernels.bandwidth import BandwidthSearch, fit_bandwidth, sample, search_bandwidth
from qconv.kernels.classical import RBF
from qconv.kernels.concentration import Concentration, concentration, pairs, product_concentration, reaches
from qconv.kernels.geometry import geometric_difference, model_complexity
from qconv.kernels.gram import gram
from qconv.kernels.kernel import POSITIVE, Kernel, Params
from qconv.kernels.spectrum import effective_rank, rounding, spectrum

REGULARISATION = 0.01
"""Of the geometric difference and the model complexity: far beyond rounding, far below the mean eigenvalue, 1."""
_NEAR = 0.9
"""The part of what the best bandwidth is worth with which one is fine."""


@dataclass(frozen=True, eq=False)
class MatrixDiagnosis:
    """What is read off one matrix."""

    pairs: Float[np.ndarray, " pairs"]
    """The kernel of each two different points, normalised so that each is 1 with itself."""
    concentration: Concentration
    """Mean and variance of these."""
    eigenvalues: Float[np.ndarray, " points"]
    """The largest first."""
    rounding: float
    """Below the negative of it an eigenvalue means that the matrix is that of no kernel."""
    alignment: float | None
    """Centred alignment with the labels; None without labels."""
    complexity: float | None
    """`model_complexity` over the number of points, the mean of each class against all others; None likewise."""

    @property
    def effective_rank(self) -> float:
        """See `qconv.kernels.spectrum.effective_rank`."""
        return effective_rank(self.eigenvalues)

    @property
    def is_positive(self) -> bool:
        """Whether it is the matrix of a kernel, as far as rounding lets see."""
        return bool(self.eigenvalues[-1] >= -self.rounding)


@dataclass(frozen=True, eq=False)
class KernelDiagnosis:
    """What tells whether a kernel can work, from training points."""

    own: MatrixDiagnosis
    """Of the kernel."""
    rbf: MatrixDiagnosis
    """Of the Gaussian kernel with the gamma that `fit_bandwidth` chooses by the same points."""
    geometric_difference: float | None
    """g(rbf || own), at most about sqrt(points / `REGULARISATION`); None where the matrix is that of no kernel."""
    uniform: Concentration | None
    """What the kernel would give, were each column uniform in its range and independent; None where that is unknown."""
    periodic: Concentration | None
    """Concentration by the closed form, were the angles uniform on a period; None where there is no closed form."""
    search: BandwidthSearch
    """What other bandwidths are worth."""
    scales: dict[str, float]
    """Bandwidth or gamma of each part, by where it stands in the parameters."""
    better: dict[str, float]
    """Bandwidth or gamma of each part with which the search found the best, by where it stands in the parameters."""
    verdict: str
    """In words: concentrated, too flat or fine, and which bandwidth would be better."""

    @property
    def num_points(self) -> int:
        """Points that were looked at."""
        return len(self.own.eigenvalues)


def diagnose_kernel(
    kernel: Kernel, x: Any, y: Any = None, params: Params | None = None, *, most: int = 500, seed: int = 0
) -> KernelDiagnosis:
    """Looks at the matrix of a kernel for training points, and at those for other bandwidths.

    Args:
        kernel: that is looked at.
        x: training points, one in each row.
        y: a label for each; None for none.
        params: of the kernel; None for those before any training.
        most: points that are looked at, at most, with the classes in their shares.
        seed: fixes which ones, and parameters before any training.

    Raises:
        InputError: points or labels that are none, fewer than three points, or points that the kernel cannot take.
    """
    points, labels = sample(x, y, most, seed)
    if len(points) < 3:
        raise InputError(f"x has {len(points)} points to look at; allowed: at least 3")
    columns = points.shape[1]
    params = kernel.init(columns, seed) if params is None else params
    matrix = gram(kernel, points, params=params)
    rbf = gram(RBF(), points, params=fit_bandwidth(RBF(), points, labels, most=most))
    own, search = _diagnosed(matrix, labels), search_bandwidth(kernel, params, points, labels)
    reach = reaches(kernel, params, points)
    scales, better = _scales(params), _scales(kernel.scaled(params, search.best))
    return KernelDiagnosis(
        own=own,
        rbf=_diagnosed(rbf, labels),
        geometric_difference=geometric_difference(rbf, matrix, REGULARISATION) if own.is_positive else None,
        uniform=None if reach is None else product_concentration(reach),
        periodic=None if reach is None else product_concentration(np.full(len(reach), np.pi)),
        search=search,
        scales=scales,
        better=better,
        verdict=_verdict(own, search, scales, better),
    )


def _diagnosed(
    matrix: Float[np.ndarray, "points points"], labels: Int[np.ndarray, " points"] | None
) -> MatrixDiagnosis:
    eigenvalues, limit = spectrum(matrix), rounding(matrix)
    aligned = complexity = None
    if labels is not None:
        aligned = float(centred_alignment(jnp.asarray(matrix), jnp.asarray(labels)))
        if eigenvalues[-1] >= -limit:
            targets = 2.0 * np.eye(labels.max() + 1)[labels] - 1
            complexity = model_complexity(matrix, targets, REGULARISATION) / targets.size
    return MatrixDiagnosis(pairs(matrix), concentration(matrix), eigenvalues, limit, aligned, complexity)


def _scales(params: Params) -> dict[str, float]:
    """What `Kernel.scaled` changes."""
    found = jax.tree_util.tree_leaves_with_path(params)
    names = {jax.tree_util.keystr(path, simple=True, separator="."): leaf for path, leaf in found}
    return {
        name: float(leaf)
        for name, leaf in names.items()
        if name.rpartition(".")[2] in POSITIVE and "outer" not in name.split(".")
    }


def _verdict(own: MatrixDiagnosis, search: BandwidthSearch, scales: dict[str, float], better: dict[str, float]) -> str:
    if not own.is_positive:
        smallest = own.eigenvalues[-1]
        return (
            f"no kernel: an eigenvalue of {smallest:.2g} is further below 0 than rounding, {own.rounding:.1g}, explains"
        )
    worth, best = search.worths[search.factors == 1][0], search.worths.max()
    mean, count = own.concentration.mean, len(own.eigenvalues)
    if worth < _NEAR * best:
        word = "concentrated" if search.best < 1 else "too flat"
        changes = ", ".join(f"{name} {better[name]:.3g} instead of {scale:.3g}" for name, scale in scales.items())
        measure = "standard deviation of pairs" if own.alignment is None else "centred alignment"
        return f"{word}: pairs have {mean:.2g} in the mean; {changes} gives a {measure} of {best:.2g}, not {worth:.2g}"
    if own.effective_rank > count / 2:
        return (
            f"concentrated: a point is more like itself than like all {count - 1} others together, and no bandwidth "
            "of this kernel does better"
        )
    return f"fine: no bandwidth is worth over {1 / _NEAR - 1:.0%} more"
