"""Black and white images."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from qconv.bounds import require
from qconv.data.dataset import Source, Split
from qconv.data.derived import Derived


@dataclass(frozen=True)
class Binarised(Derived):
    """Pixels are 1 above a threshold and else 0, as basis encoding sees them."""

    threshold: float = 0.5
    """Pixels above it are 1."""

    def __post_init__(self) -> None:
        require(self, "threshold", 0 <= self.threshold < 1, "0 to less than 1")

    def load(self, split: Split) -> Source:
        """The images of a split."""
        return self.changed(split)

    def change(self, images: Float[np.ndarray, "batch ..."]) -> Float[np.ndarray, "batch ..."]:
        """1 above the threshold, else 0."""
        return (images > self.threshold).astype(np.float32)
