"""Fewer images of a dataset."""

from dataclasses import dataclass

import numpy as np

from qconv.bounds import require_at_least
from qconv.data.checked import load_checked
from qconv.data.dataset import Split
from qconv.data.derived import Selection, ViewSource
from qconv.errors import InputError


@dataclass(frozen=True)
class Subset(Selection):
    """A number of images of each split, drawn at random without replacement; only those are read.

    Where training images have been divided, they are drawn from what is left to train on, and all of it is taken where
    that is less. Of images for validation there are as many as of test images, or all.
    """

    train: int
    """Training images."""
    test: int
    """Test images."""
    subset_seed: int = 0
    """Fixes which images are drawn; not the run's seed, so that runs compare."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "train", "test")
        require_at_least(self, 0, "subset_seed")

    def load(self, split: Split) -> ViewSource:
        """The images of a split, in their order.

        Raises:
            InputError: it has fewer images, although it is not divided.
        """
        source = load_checked(self.data, split)
        count = self.train if split == "train" else self.test
        divided = split == "validation" or self.data.items(split) != self.data.items("test")
        if count > len(source) and not divided:
            raise InputError(f"{split} = {count}; allowed: at most the {len(source)} images of the split")
        rows = np.random.default_rng([self.subset_seed, split == "test"]).permutation(len(source))[:count]
        return ViewSource(source, np.sort(rows))
