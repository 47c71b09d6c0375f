"""Kernel machines of Bowles, Ahmed and Schuld (2024): IQP, separable and Gaussian kernels on four generated data sets.

Bowles, Ahmed and Schuld, "Better than classical? The subtle art of benchmarking quantum machine learning models",
arXiv:2403.07059 (2024), and its code, github.com/XanaduAI/qml-benchmarks. Each data set has 240 training and 60 test
points of two classes; nothing of it is stored there, but generators and seeds are, and scikit-learn's split draws from
the same stream, so the points come out again from NumPy's legacy generator. A data set grows from 2 to 20 features, or
hyperplanes, in one stream.

- IQP kernel: PennyLane's IQPEmbedding, all pairs, repeated; numbers in [-pi / 2, pi / 2] by the training points.
- Separable kernel: on each qubit RX(pi / 4) and RY of a number, repeated; the same numbers.
- RBF: scikit-learn's SVC on the numbers as they are.

C and the second setting (gamma, repetitions or layers) of each machine are what their grid, its five folds and its
order of ties give here: C of 0.1 to 100; gamma of 0.001 to 1; 1, 5 or 10 repetitions; 1, 3, 5 or 10 layers. Published
figures are the test accuracies that the repository stores. Those that we could read stand here, all others are left
out. All is computed in double precision.

Not reproduced are the IQP kernels with 5 or 10 repetitions: their matrices agree with today's PennyLane, but not their
accuracies with those stored, and we do not know why.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import jax
import numpy as np
from jaxtyping import Array, Float

from qconv import (
    IQP,
    RBF,
    Circuit,
    Control,
    Encoding,
    FidelityKernel,
    Identity,
    Kernel,
    Measured,
    Measurement,
    Published,
    Row,
    Table,
    gram,
)
from qconv.gates.tape import CircuitBuilder

Points = Float[np.ndarray, "points numbers"]
Labels = Float[np.ndarray, " points"]
SIZES = range(2, 21)
COUNT = 300


def hidden_manifold(rng: np.random.RandomState, size: int) -> tuple[Points, Labels]:
    """Points near a manifold of six dimensions, labelled by a small network of where they lie on it."""
    into = rng.normal(size=(6, size))
    places = rng.normal(size=(COUNT, 6))
    biases = 2 * rng.uniform(size=size) - 1
    points = np.tanh(places @ into / np.sqrt(6) - biases)
    weights, out = rng.normal(size=(6, 6)), rng.normal(size=6)
    scores = np.tanh(places @ weights.T) @ out / np.sqrt(6)
    return points, np.where(scores - np.median(scores) < 0, -1.0, 1.0)


def hyperplanes(rng: np.random.RandomState, size: int) -> tuple[Points, Labels]:
    """Ten numbers that three are mapped to; the class is on the positive side of how many planes these three are."""
    weights, biases = rng.uniform(size=(size, 3)), rng.uniform(size=size)
    places = rng.normal(size=(4 * COUNT, 3))
    is_even = (places @ weights.T + biases > 0).sum(1) % 2 == 0
    half = COUNT // 2
    places = np.concatenate([places[is_even][:half], places[~is_even][:half]])
    return standardised(places @ rng.uniform(size=(3, 10))), np.repeat([-1.0, 1.0], half)


def linearly_separable(rng: np.random.RandomState, size: int) -> tuple[Points, Labels]:
    """A cube, cut in two with a margin."""
    points = 2 * rng.rand(2 * COUNT, size) - 1
    points = points[np.abs(points.sum(1)) > 0.02 * size][:COUNT]
    return points, np.where(points.sum(1) > 0, -1.0, 1.0)


def two_curves(rng: np.random.RandomState, size: int) -> tuple[Points, Labels]:
    """A curve, given by Fourier series of degree 5, and the same moved by 0.1."""
    series = rng.uniform(size=(size, 6, 2))
    series /= np.linalg.norm(series)
    frequencies = np.arange(6) * np.pi
    points = np.empty((COUNT, size))
    for row in range(COUNT):
        angles = frequencies * rng.rand()
        waves = np.stack([np.cos(angles), np.where(frequencies > 0, np.sin(angles), 1.0)], axis=1)
        for column in range(size):
            points[row, column] = (series[column] * waves).sum() + rng.normal(loc=0, scale=0.01)
    points[COUNT // 2 :] += 0.1
    return standardised(points), np.repeat([-1.0, 1.0], COUNT // 2)


def standardised(points: Points) -> Points:
    """With mean 0 and variance 1."""
    from sklearn.preprocessing import StandardScaler

    return StandardScaler().fit_transform(points)


Benchmark = Literal["hidden manifold", "hyperplanes", "linearly separable", "two curves"]
GENERATORS = {
    "hidden manifold": (hidden_manifold, 3),
    "hyperplanes": (hyperplanes, 1),
    "linearly separable": (linearly_separable, 42),
    "two curves": (two_curves, 3),
}
"""What makes the points, and the seed of the stream."""


@lru_cache(maxsize=4)
def sets(benchmark: Benchmark) -> dict[int, list[np.ndarray]]:
    """Training and test points, training and test labels, by size: a stream of its own, as SVC draws from NumPy's."""
    from sklearn.model_selection import train_test_split

    make, seed = GENERATORS[benchmark]
    rng = np.random.RandomState(seed)
    return {size: train_test_split(*make(rng, size), test_size=0.2, random_state=rng) for size in SIZES}


@dataclass(frozen=True)
class SeparableLayers(Encoding):
    """RX(-pi / 4) and RY(-x) on each qubit, in layers."""

    layers: int = 1
    """How many."""

    def num_qubits(self, patch_size: int) -> int:
        return patch_size

    def __call__(self, circuit: CircuitBuilder, patch: Float[Array, " pixels"]) -> None:
        qubits = range(circuit.num_qubits)
        for _ in range(self.layers):
            circuit.rx(qubits, theta=-np.pi / 4)
            circuit.ry(qubits, theta=-patch)


Model = Literal["IQP", "separable", "RBF"]


@dataclass(frozen=True)
class KernelSvc(Measurement):
    """Test accuracy of a support vector machine."""

    benchmark: Benchmark = "hidden manifold"
    """The data set."""
    size: int = 2
    """Features, or hyperplanes."""
    model: Model = "RBF"
    """Which kernel."""
    C: float = 1.0
    """Price of a point on the wrong side."""
    setting: float = 1.0
    """Repetitions, layers or gamma."""

    def kernel(self) -> Kernel:
        """The kernel."""
        if self.model == "RBF":
            return RBF(self.setting)
        repeated = int(self.setting)
        encoding = IQP(repeated, "all", "product", 1.0) if self.model == "IQP" else SeparableLayers(repeated)
        return FidelityKernel(Circuit(encoding, Identity()), bandwidth=1.0)

    def measure(self) -> Measured:
        from sklearn.preprocessing import MinMaxScaler
        from sklearn.svm import SVC

        train, test, train_labels, labels = sets(self.benchmark)[self.size]
        if self.model != "RBF":
            scaler = MinMaxScaler((-np.pi / 2, np.pi / 2)).fit(train)
            train, test = scaler.transform(train), scaler.transform(test)
        with jax.enable_x64(True):
            among, others = gram(self.kernel(), train), gram(self.kernel(), test, train)
        machine = SVC(C=self.C, kernel="precomputed", random_state=0).fit(among, train_labels)
        return Measured(float((machine.predict(others) == labels).mean()), machine.dual_coef_.size + 1)


SIXTIETHS: dict[Benchmark, dict[Model, dict[int, int]]] = {
    "hidden manifold": {
        "RBF": {
            2: 42, 3: 35, 4: 39, 5: 40, 6: 50, 7: 46, 8: 57, 9: 51, 10: 54, 11: 53, 12: 52, 13: 50, 14: 46, 15: 48,
            16: 44, 18: 46, 20: 54,
        },
        "separable": {
            2: 40, 3: 33, 4: 42, 5: 37, 6: 55, 7: 46, 8: 55, 9: 47, 10: 54, 11: 53, 12: 51, 13: 53, 14: 48, 15: 44,
            19: 52,
        },
        "IQP": {2: 42, 3: 33, 4: 35, 5: 41, 6: 47, 7: 43, 10: 51, 11: 48},
    },
    "hyperplanes": {
        "RBF": {
            2: 56, 3: 59, 4: 49, 5: 49, 6: 50, 7: 49, 8: 47, 9: 49, 11: 47, 12: 43, 13: 42, 14: 44, 15: 44, 17: 41,
            18: 42, 19: 39, 20: 40,
        },
        "separable": {
            2: 56, 3: 55, 4: 47, 5: 48, 6: 50, 8: 47, 10: 44, 11: 45, 12: 46, 13: 41, 14: 44, 15: 42, 16: 47, 17: 47,
            18: 43, 19: 41, 20: 39,
        },
        "IQP": {
            4: 53, 5: 50, 6: 48, 7: 47, 8: 45, 9: 44, 11: 50, 12: 42, 14: 45, 15: 46, 16: 45, 17: 50, 18: 44, 19: 38,
        },
    },
    "linearly separable": {"RBF": {10: 59, 20: 59}, "separable": {}, "IQP": {4: 49, 5: 56, 10: 49}},
    "two curves": {
        "RBF": {2: 54, 3: 55, 10: 60},
        "separable": {2: 51, 3: 50, 6: 58, 10: 60},
        "IQP": {2: 48, 3: 50, 10: 60},
    },
}  # fmt: skip
"""Published: test points that were classified rightly, of 60, by size."""

SETTINGS: dict[Benchmark, dict[Model, dict[int, tuple[float, float]]]] = {}
"""C and the second setting, by size."""
SOURCE = "github.com/XanaduAI/qml-benchmarks, paper/results, best-hyperparams-results, equal for its 5 seeds"
EQUAL = "equal but for rounding: a test point is 0.017"
UNEXPLAINED = "5 or 10 repetitions: not reproduced, see the notes"


def rows() -> Iterator[Row]:
    """Data set by data set, kernel by kernel."""
    for benchmark, models in SIXTIETHS.items():
        for model in ("IQP", "separable", "RBF"):
            for size, right in models[model].items():

                def cell(model: Model, benchmark: Benchmark = benchmark, size: int = size) -> KernelSvc:
                    C, setting = SETTINGS[benchmark][model][size]
                    return KernelSvc(benchmark=benchmark, size=size, model=model, C=C, setting=setting)

                what = "hyperplanes" if benchmark == "hyperplanes" else "features"
                published = Published(right / 60, SOURCE, tolerance=0.0006, reason=EQUAL)
                controls = () if model == "RBF" else (Control("RBF", (cell("RBF"),)),)
                is_unexplained = model == "IQP" and cell(model).setting > 1
                analogue = UNEXPLAINED if is_unexplained else ""
                yield Row(f"{model}, {size} {what}", (cell(model),), published, controls, benchmark, analogue)


table = Table(rows=tuple(rows()), quantity="test accuracy") if SETTINGS else None
