"""The 1,797 digits that come with scikit-learn."""

from dataclasses import dataclass

import numpy as np

from qconv.data.dataset import Element
from qconv.data.split import HeldOutDataset


@dataclass(frozen=True)
class Digits(HeldOutDataset):
    """Real handwritten digits, 8x8, 17 grey levels; no download.

    Source: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI (1998), its test set, as shipped with
    scikit-learn.
    """

    @property
    def element(self) -> Element:
        """8x8 pixels, ten classes."""
        return Element((8, 8, 1), num_classes=10)

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Float32 images in [0, 1]."""
        from sklearn.datasets import load_digits  # costs seconds, and not every run needs it

        digits = load_digits()
        return (digits.images[..., None] / 16).astype(np.float32), digits.target
