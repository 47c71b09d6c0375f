"""Black and white images."""

from dataclasses import dataclass

import numpy as np

from qconv.data.dataset import ArraySource, Dataset, Split
from qconv.errors import InputError


@dataclass(frozen=True)
class Binarised(Dataset):
    """Pixels are 1 above a threshold and else 0, as basis encoding sees them; held in memory."""

    data: Dataset
    """Where the images come from."""
    threshold: float = 0.5
    """Pixels above it are 1."""

    def __post_init__(self) -> None:
        if not 0 <= self.threshold < 1:
            raise InputError(f"threshold = {self.threshold}; allowed: 0 to less than 1")

    @property
    def num_classes(self) -> int:
        """As before."""
        return self.data.num_classes

    def load(self, split: Split) -> ArraySource:
        """The images of a split."""
        source = self.data.load(split)
        images, labels = source[np.arange(len(source))]
        return ArraySource((images > self.threshold).astype(np.float32), labels, self.num_classes)
