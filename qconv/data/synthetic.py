"""Images made from a seed, for tests and smoke runs."""

from dataclasses import dataclass

import numpy as np

from qconv.bounds import require, require_at_least
from qconv.data.dataset import ArraySource, Dataset, Element, Split
from qconv.errors import InputError

_MOST_NUMBERS = 2**28


@dataclass(frozen=True)
class Synthetic(Dataset):
    """Noise, brighter in one of `num_classes` bands, the label's: easy, and made in no time.

    The bands divide the pixels, counted row by row.
    """

    num_images: int = 256
    """Images of the training split; the test split has a quarter of them."""
    height: int = 8
    """Pixels from top to bottom."""
    width: int = 8
    """Pixels from left to right."""
    channels: int = 1
    """Channels of an image."""
    num_classes: int = 4
    """Number of bands."""
    data_seed: int = 0
    """Fixes the noise."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "num_images", "height", "width", "channels", "num_classes")
        numbers = self.num_images * self.height * self.width * self.channels
        if numbers > _MOST_NUMBERS:
            raise InputError(f"{numbers} pixels in all; allowed: at most {_MOST_NUMBERS}, which take a GiB")
        pixels = self.height * self.width
        require(self, "num_classes", self.num_classes <= pixels, f"at most {pixels} pixels")

    @property
    def element(self) -> Element:
        """What the fields say."""
        return Element((self.height, self.width, self.channels), num_classes=self.num_classes)

    def load(self, split: Split) -> ArraySource:
        """The images of a split."""
        self.check_split(split)
        rng = np.random.default_rng([self.data_seed, split == "test"])
        count = self.num_images if split == "train" else max(1, self.num_images // 4)
        labels = np.arange(count) % self.num_classes
        images = rng.random((count, self.height, self.width, self.channels), np.float32) / 2
        pixels = self.height * self.width
        band = (np.arange(pixels) * self.num_classes // pixels).reshape(self.height, self.width)
        images += 0.5 * (band == labels[:, None, None])[..., None].astype(np.float32)
        return ArraySource(images, labels, self.num_classes)
