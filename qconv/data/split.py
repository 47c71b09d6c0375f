"""Training and test parts of images that come without a split of their own."""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, Shaped

from qconv.bounds import require, require_at_least
from qconv.data.dataset import ArraySource, Dataset, Split


@dataclass(frozen=True)
class HeldOutDataset(Dataset):
    """Images in memory, part of which are held out for testing. A subclass gives `arrays` and `element`."""

    test_fraction: float = 0.2
    """Part of each class that is held out."""
    split_seed: int = 0
    """Fixes which images are held out; not the run's seed, so that runs compare."""

    def __post_init__(self) -> None:
        require(self, "test_fraction", 0 < self.test_fraction < 1, "more than 0 and less than 1")
        require_at_least(self, 0, "split_seed")

    @abstractmethod
    def arrays(self) -> tuple[Shaped[np.ndarray, "images height width channels"], Int[np.ndarray, " images"]]:
        """All images and labels, as `ArraySource` takes them."""

    def load(self, split: Split) -> ArraySource:
        """The images of a split."""
        self.check_split(split)
        images, labels = self.arrays()
        rows = stratified_split(labels, self.test_fraction, self.split_seed, split)
        return ArraySource(images[rows], labels[rows], self.element.num_classes)


def stratified_split(
    labels: Int[np.ndarray, " images"], test_fraction: float, seed: int, split: Split
) -> Int[np.ndarray, " rows"]:
    """Rows of a split, in their original order; each class gives the same part of its images to the test split."""
    rng = np.random.default_rng(seed)
    held_out = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        held_out[rows[: round(test_fraction * len(rows))]] = True
    return np.flatnonzero(held_out == (split == "test"))
