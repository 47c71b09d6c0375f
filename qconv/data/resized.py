"""Images in another size."""

from dataclasses import dataclass

import numpy as np

from qconv.data.dataset import ArraySource, Split
from qconv.data.derived import Derived
from qconv.errors import InputError


@dataclass(frozen=True)
class Resized(Derived):
    """Images in another size, by bilinear interpolation between the centres of pixels; held in memory.

    `height=256, width=1, antialias=False` is what the code of Hur, Kim and Park (Quantum Machine Intelligence 4:3,
    2022) gives to amplitude encoding, `tf.image.resize(images, (256, 1))`, and with height 784 what it gives to PCA: of
    a 28x28 image nothing is left but the mean of the columns 13 and 14 (counted from 0).
    """

    height: int = 16
    """Pixels from top to bottom."""
    width: int = 16
    """Pixels from left to right."""
    antialias: bool = True
    """Whether a pixel of a smaller image is a mean over all that it covers; if not, of its nearest neighbours only."""

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} = {getattr(self, name)}; allowed: at least 1")

    def load(self, split: Split) -> ArraySource:
        """The images of a split."""
        import jax  # for its interpolation alone

        images, labels = self.everything(split)
        shape = (len(images), self.height, self.width, images.shape[3])
        resized = jax.image.resize(images, shape, "bilinear", antialias=self.antialias)
        lowest, highest = min(0.0, float(images.min())), max(1.0, float(images.max()))
        pixels = np.clip(np.asarray(resized), lowest, highest)  # rounding may leave the range
        return ArraySource(pixels, labels, self.num_classes, lowest, highest)
