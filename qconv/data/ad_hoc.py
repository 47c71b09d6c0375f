"""Points that a quantum feature map separates, made for it."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int

from qconv.bounds import require, require_at_least
from qconv.data.dataset import ArraySource, Dataset, Element, Split, no_pictures

_STEPS = 100
"""Points of the grid in each direction."""


@dataclass(frozen=True)
class AdHoc(Dataset):
    """Points of [0, 2 pi)^2 whose class an observable tells of their states under the ZZ feature map, by construction.

    The state of (x, y) is that of the map with phases x, y and (pi - x)(pi - y) and two repetitions, `IQP` with phases
    `complement` and scale 1; the observable is the parity of both qubits, seen from a random basis. Points where its
    expectation is within `gap` of 0 are left out; the others lie on a grid of 100 x 100. An image of shape (1, 2, 1) is
    (x, y). Each class has half of the points.

    Source: Havlíček et al., "Supervised learning with quantum-enhanced feature spaces", Nature 567, 209 (2019), whose
    data these are like; the grid is that of Qiskit's function of this name.
    """

    gap: float = 0.3
    """Smallest magnitude of the expectation."""
    num_train: int = 40
    """Training points, of both classes."""
    num_test: int = 10
    """Test points, of both classes."""
    data_seed: int = 0
    """Fixes the basis, and which points are drawn."""

    def __post_init__(self) -> None:
        require(self, "gap", 0 <= self.gap < 1, "0 to less than 1")
        for name in ("num_train", "num_test"):
            require(
                self, name, getattr(self, name) >= 2 and getattr(self, name) % 2 == 0, "an even number of at least 2"
            )
        require_at_least(self, 0, "data_seed")

    @property
    def element(self) -> Element:
        """Two numbers, two classes."""
        return Element((1, 2, 1), num_classes=2)

    def load(self, split: Split) -> ArraySource:
        """The points of a split.

        Raises:
            InputError: a class has fewer points on the grid than are to be drawn of it.
        """
        self.check_split(split)
        points, labels = _drawn(self)
        rows = slice(self.num_train) if split == "train" else slice(self.num_train, None)
        return ArraySource(points[rows][:, None, :, None], labels[rows], 2, lowest=-np.inf, highest=np.inf)

    def prepared(
        self, images: Float[np.ndarray, "batch height width channels"]
    ) -> Float[np.ndarray, "batch rows columns numbers"]:
        """Refused: these images are no pictures; see `Dataset.prepared`."""
        raise no_pictures(self, "points of a plane")


@lru_cache(maxsize=4)  # both splits want them
def _drawn(data: AdHoc) -> tuple[Float[np.ndarray, "points 2"], Int[np.ndarray, " points"]]:
    """Training points, then test points, the classes in turn."""
    rng = np.random.default_rng(data.data_seed)
    axis = 2 * np.pi * np.arange(_STEPS) / _STEPS
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    expectations = _expectations(grid, _basis(rng))
    count = (data.num_train + data.num_test) // 2
    found = []
    for own in (expectations > data.gap, expectations < -data.gap):
        require(data, "gap", int(own.sum()) >= count, f"less, so that each class has {count} points on the grid")
        found.append(grid[rng.choice(np.flatnonzero(own), count, replace=False)])
    return np.stack(found, axis=1).reshape(-1, 2), np.tile([0, 1], count)


def _basis(rng: np.random.Generator) -> np.ndarray:
    """A unitary that is spread evenly over all."""
    unitary, upper = np.linalg.qr(rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4)))
    return unitary * (np.diag(upper) / np.abs(np.diag(upper)))


def _expectations(points: Float[np.ndarray, "points 2"], basis: np.ndarray) -> Float[np.ndarray, " points"]:
    """Of the parity in a basis, for the state of each point."""
    signs = np.array([[1, 1, -1, -1], [1, -1, 1, -1]])
    hadamards = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2
    angles = points @ signs + np.prod(np.pi - points, axis=1, keepdims=True) * signs.prod(0)
    phases = np.exp(-1j * angles)
    states = phases * ((phases / 2) @ hadamards)
    return np.square(np.abs(states @ basis.conj())) @ signs.prod(0)
