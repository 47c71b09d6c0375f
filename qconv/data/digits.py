"""The 1,797 digits that come with scikit-learn."""

from dataclasses import dataclass

import numpy as np

from qconv.data.dataset import ArraySource, Dataset, Split
from qconv.data.split import check_test_fraction, stratified_split


@dataclass(frozen=True)
class Digits(Dataset):
    """Real handwritten digits, 8x8, 17 grey levels; no download.

    Source: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI (1998), its test set, as shipped with
    scikit-learn.
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
        from sklearn.datasets import load_digits  # costs seconds, and not every run needs it

        digits = load_digits()
        images = (digits.images[..., None] / 16).astype(np.float32)
        rows = stratified_split(digits.target, self.test_fraction, self.split_seed, split)
        return ArraySource(images[rows], digits.target[rows], self.num_classes)
