"""Noisy bars and stripes."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int

from qconv.bounds import require, require_at_least
from qconv.data.dataset import ArraySource, Dataset, Element, Split, no_pictures


@dataclass(frozen=True)
class BarsAndStripes(Dataset):
    """Images whose columns (bars, label 0) or rows (stripes, label 1) are 1 or -1 at random, with Gaussian noise.

    Pixels are real numbers, not only those in [0, 1]. Each row or column is 1 with probability 1/2, so that images all
    of -1 or all of 1 have either label. Test images follow the training images in one stream of random numbers, NumPy's
    legacy generator: with the defaults the images are those of the benchmark that is named below.

    Source: Bowles, Ahmed and Schuld, "Better than classical? The subtle art of benchmarking quantum machine learning
    models", arXiv:2403.07059 (2024), and its code (there the labels are -1 and 1); the noiseless patterns are MacKay's,
    "Information Theory, Inference, and Learning Algorithms" (2003), section 43.
    """

    size: int = 4
    """Height and width."""
    noise: float = 0.5
    """Standard deviation of what is added to each pixel."""
    num_train: int = 1000
    """Training images."""
    num_test: int = 200
    """Test images."""
    data_seed: int = 42
    """Fixes them all."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "size", "num_train", "num_test")
        require(self, "noise", 0 <= self.noise < np.inf, "0 or more")
        require(self, "data_seed", 0 <= self.data_seed < 2**32, "0 to 2^32 - 1")

    @property
    def element(self) -> Element:
        """Square images, bars and stripes."""
        return Element((self.size, self.size, 1), num_classes=2)

    def load(self, split: Split) -> ArraySource:
        """The images of a split."""
        self.check_split(split)
        images, labels = _stream(self)
        rows = slice(self.num_train) if split == "train" else slice(self.num_train, None)
        return ArraySource(images[rows], labels[rows], 2, lowest=-np.inf, highest=np.inf)

    def prepared(
        self, images: Float[np.ndarray, "batch height width channels"]
    ) -> Float[np.ndarray, "batch rows columns numbers"]:
        """Refused: these images are no pictures; see `Dataset.prepared`."""
        raise no_pictures(self, "patterns of 1 and -1 in noise")


@lru_cache(maxsize=2)  # both splits want it
def _stream(data: BarsAndStripes) -> tuple[Float[np.ndarray, "images size size 1"], Int[np.ndarray, " images"]]:
    rng = np.random.RandomState(data.data_seed)
    count = data.num_train + data.num_test
    images, labels = np.empty((count, data.size, data.size, 1)), np.empty(count, int)
    for index in range(count):
        labels[index] = rng.rand() > 0.5
        lines = np.where(rng.rand(data.size) > 0.5, 1.0, -1.0)
        noise = rng.normal(0, data.noise, (data.size, data.size))
        images[index, ..., 0] = (lines[:, None] if labels[index] else lines) + noise
    return images, labels
