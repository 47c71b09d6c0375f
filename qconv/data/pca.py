"""Principal components."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from qconv.bounds import require, require_at_least
from qconv.data.reduced import Reduction, Transform


@dataclass(frozen=True)
class PCA(Reduction):
    """The coordinates along the directions in which the training images vary most.

    Source: Pearson, "On lines and planes of closest fit to systems of points in space", Philosophical Magazine 2, 559
    (1901); scikit-learn's `PCA`, by a full singular value decomposition.
    """

    numbers: int = 8
    """How many."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "numbers")

    def fit(self, images: Float[np.ndarray, "images pixels"]) -> Transform:
        """Finds the directions."""
        from sklearn.decomposition import PCA as Decomposition  # costs seconds, and not every run needs it

        most = min(images.shape)
        require(self, "numbers", self.numbers <= most, f"at most {most} of these images")
        return Decomposition(self.numbers, svd_solver="full").fit(images).transform
