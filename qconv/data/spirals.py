"""Two spirals in a plane."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int

from qconv.bounds import require, require_at_least
from qconv.data.dataset import ArraySource, Dataset, Element, Split, no_pictures


@dataclass(frozen=True)
class Spirals(Dataset):
    """Points of a plane on two spirals that wind around each other; an image of shape (1, 2, 1) is (x, y).

    Both coordinates have mean 0 and variance 1 over all points, test points too. With the defaults, and `turns` 1.52 or
    2, the points are those of the notebook that is named below: it trains on 2,000 of the 4,200 points that are not
    held out.

    Source: Mari et al., "Transfer learning in hybrid classical-quantum neural networks", Quantum 4:340 (2020), section
    on a dressed quantum circuit as classifier, and the notebook `dressed_circuit` of its code.
    """

    turns: float = 1.52
    """How often each spiral winds around the centre."""
    noise: float = 0.7
    """Width of the uniform noise of each coordinate, before it is scaled; a spiral's radius is 2 pi `turns`."""
    num_train: int = 2000
    """Training points, of both spirals."""
    num_test: int = 200
    """Test points, of both spirals; each spiral has `num_train` + `num_test` points."""
    data_seed: int = 21
    """Fixes the points."""
    split_seed: int = 42
    """Fixes which of them are held out."""

    def __post_init__(self) -> None:
        require(self, "turns", 0 < self.turns < np.inf, "more than 0")
        require(self, "noise", 0 <= self.noise < np.inf, "0 or more")
        require_at_least(self, 1, "num_train", "num_test")
        for name in ("data_seed", "split_seed"):
            require(self, name, 0 <= getattr(self, name) < 2**32, "0 to 2^32 - 1")

    @property
    def element(self) -> Element:
        """Two numbers, and one class for each spiral."""
        return Element((1, 2, 1), num_classes=2)

    def load(self, split: Split) -> ArraySource:
        """The points of a split."""
        self.check_split(split)
        points, labels = _points(self)
        # As scikit-learn's train_test_split does: the first of a permutation are held out, those after them come first.
        order = np.random.RandomState(self.split_seed).permutation(len(points))
        first = 0 if split == "test" else self.num_test
        rows = order[first : first + (self.num_test if split == "test" else self.num_train)]
        return ArraySource(points[rows][:, None, :, None], labels[rows], 2, lowest=-np.inf, highest=np.inf)

    def prepared(
        self, images: Float[np.ndarray, "batch height width channels"]
    ) -> Float[np.ndarray, "batch rows columns numbers"]:
        """Refused: these images are no pictures; see `Dataset.prepared`."""
        raise no_pictures(self, "points of a plane")


@lru_cache(maxsize=2)  # both splits want them
def _points(data: Spirals) -> tuple[Float[np.ndarray, "points 2"], Int[np.ndarray, " points"]]:
    rng = np.random.RandomState(data.data_seed)
    count = data.num_train + data.num_test
    angles = np.sqrt(rng.rand(count)) * data.turns * 2 * np.pi
    x = -np.cos(angles) * angles + rng.rand(count) * data.noise
    y = np.sin(angles) * angles + rng.rand(count) * data.noise
    spiral = np.stack([x, y], axis=1)
    points = np.concatenate([spiral, -spiral])
    return (points - points.mean(0)) / points.std(0), np.repeat([0, 1], count)
