"""Images with each pixel on a scale of its own."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float

from qconv.data.dataset import Source, Split
from qconv.data.derived import Derived
from qconv.errors import InputError


@dataclass(frozen=True)
class Scaled(Derived):
    """Images whose pixels are shifted and scaled, each by itself, as the training images say.

    Pixels are any finite numbers then. One that is the same in all training images is shifted only.

    Source: `StandardScaler` and `MinMaxScaler` of scikit-learn, Pedregosa et al., Journal of Machine Learning Research
    12, 2825 (2011), which classifiers of tables put before the data.
    """

    scaling: Literal["standard", "range"] = "standard"
    """Mean 0 and variance 1 of each pixel (standard), or its smallest value -1 and its largest 1 (range)."""

    def __post_init__(self) -> None:
        if self.scaling not in ("standard", "range"):
            raise InputError(f"scaling = {self.scaling!r}; allowed: 'standard', 'range'")

    def load(self, split: Split) -> Source:
        """The images of a split."""
        zero, one = _fitted(self)
        return self.changed(
            split, lambda images: ((images - zero) / one).astype(np.float32), lowest=-np.inf, highest=np.inf
        )


class _Scale(NamedTuple):
    """What becomes 0, and its distance from what becomes 1, pixel by pixel."""

    zero: Float[np.ndarray, "height width channels"]
    one: Float[np.ndarray, "height width channels"]


@lru_cache(maxsize=4)  # both splits want it
def _fitted(spec: Scaled) -> _Scale:
    images = spec.everything("train").inputs.astype(np.float64)
    if spec.scaling == "standard":
        zero, one = images.mean(0), images.std(0)
    else:
        low, high = images.min(0), images.max(0)
        zero, one = (low + high) / 2, (high - low) / 2
    return _Scale(zero, np.where(images.min(0) == images.max(0), 1, one))
