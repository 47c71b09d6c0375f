"""Colour images in grey."""

from dataclasses import dataclass

import numpy as np

from qconv.data.dataset import ArraySource, Dataset, Split
from qconv.errors import InputError

_WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Grey(Dataset):
    """RGB images with one channel, the luma 0.299 R + 0.587 G + 0.114 B; held in memory.

    Source: Recommendation ITU-R BT.601, section 2.5.1.
    """

    data: Dataset
    """Where the images come from; those with one channel stay as they are."""

    @property
    def num_classes(self) -> int:
        """As before."""
        return self.data.num_classes

    def load(self, split: Split) -> ArraySource:
        """The images of a split.

        Raises:
            InputError: they have neither one nor three channels.
        """
        source = self.data.load(split)
        images, labels = source[np.arange(len(source))]
        channels = images.shape[-1]
        if channels not in (1, 3):
            raise InputError(f"images have {channels} channels; allowed: 1 or 3")
        grey = images if channels == 1 else images @ _WEIGHTS[:, None]
        return ArraySource(np.clip(grey, 0, 1), labels, self.num_classes)  # rounding may leave [0, 1]
