"""Principal components."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from qconv.data.reduced import Reduction, Transform
from qconv.errors import InputError


@dataclass(frozen=True)
class PCA(Reduction):
    """The coordinates along the directions in which the training images vary most.

    Source: Pearson, "On lines and planes of closest fit to systems of points in space", Philosophical Magazine 2, 559
    (1901); scikit-learn's `PCA`, by a full singular value decomposition.
    """

    numbers: int = 8
    """How many."""

    def __post_init__(self) -> None:
        if self.numbers < 1:
            raise InputError(f"numbers = {self.numbers}; allowed: at least 1")

    def fit(self, images: Float[np.ndarray, "images pixels"]) -> Transform:
        """Finds the directions."""
        from sklearn.decomposition import PCA as Decomposition  # costs seconds, and not every run needs it

        if self.numbers > min(images.shape):
            raise InputError(f"numbers = {self.numbers}; allowed: at most {min(images.shape)} of these images")
        return Decomposition(self.numbers, svd_solver="full").fit(images).transform
