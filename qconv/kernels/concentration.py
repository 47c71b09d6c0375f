"""Concentration: how much the entries of a kernel's matrix differ, and what points without structure would give."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from qconv.encoding.angle import Angle
from qconv.kernels.combined import View
from qconv.kernels.fidelity import FidelityKernel
from qconv.kernels.kernel import Kernel, Params


@dataclass(frozen=True)
class Concentration:
    """The mean and the variance of a kernel over pairs of different points.

    Where the mean is near 0, or near 1, all pairs are much the same. On a quantum device the variance of entries is
    what estimates from shots must resolve.

    Source: Thanasilp et al., "Exponential concentration in quantum kernel methods", Nature Communications 15, 5200
    (2024).
    """

    mean: float
    variance: float

    @property
    def shots(self) -> float:
        """Measurements of an entry with which their noise is as large as the spread of entries, of fidelities."""
        noise = self.mean - self.mean**2 - self.variance  # the mean of k (1 - k)
        return max(1.0, noise / self.variance) if self.variance > 0 else float("inf")


def pairs(matrix: Float[np.ndarray, "points points"]) -> Float[np.ndarray, " pairs"]:
    """The kernel of each two different points, over the root of the product of those of either with itself."""
    sizes = np.sqrt(matrix.diagonal().astype(float))
    return (matrix / np.outer(sizes, sizes))[np.triu_indices(len(matrix), 1)]


def concentration(matrix: Float[np.ndarray, "points points"]) -> Concentration:
    """Mean and variance of `pairs`."""
    entries = pairs(matrix)
    return Concentration(float(entries.mean()), float(entries.var()))


def product_concentration(reaches: Float[np.ndarray, " qubits"]) -> Concentration:
    """Of the kernel prod cos^2(d / 2), if the angle of each qubit is uniform in [-reach, reach], independently.

    The mean of cos(d) is (sin(reach) / reach)^2; cos^2(d / 2) = (1 + cos d) / 2, and its square is
    (3 + 4 cos d + cos 2d) / 8. With a reach of pi, a period, the mean is 2^-n and that of squares (3/8)^n; with equal
    reaches c the mean is ((1 + (sin c / c)^2) / 2)^n.

    Args:
        reaches: in radians, of each qubit.
    """
    once, twice = (np.sinc(times * reaches / np.pi) ** 2 for times in (1, 2))
    mean, squares = np.prod((1 + once) / 2), np.prod((3 + 4 * once + twice) / 8)
    return Concentration(float(mean), float(squares - mean**2))


def reaches(
    kernel: Kernel, params: Params, points: Float[np.ndarray, "points columns"]
) -> Float[np.ndarray, " qubits"] | None:
    """Half of the range of each qubit's angle over points; None where the kernel is no prod cos^2(d / 2)."""
    if isinstance(kernel, View):
        return reaches(kernel.kernel, params, points[:, kernel.start : kernel.stop])
    if not isinstance(kernel, FidelityKernel) or kernel.circuit.reuploads:
        return None
    encoding = kernel.circuit.encoding
    if not isinstance(encoding, Angle):
        return None
    factors = encoding.scale * np.asarray(params["bandwidth"]) * np.asarray(params.get("scaling", [1.0]))[0]
    return np.abs(factors * np.ptp(points.astype(float), axis=0)) / 2
