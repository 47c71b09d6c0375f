"""Images with each pixel on a scale of its own."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float

from qconv.bounds import require_choices
from qconv.data.checked import load_checked
from qconv.data.dataset import Source, Split, chunks
from qconv.data.derived import Change, Derived
from qconv.data.remembered import remembered


@dataclass(frozen=True)
class Scaled(Derived):
    """Images whose pixels are shifted and scaled, each by itself, as the training images say.

    Pixels are any finite numbers then. One that is the same in all training images is shifted only. What the training
    images say is found in one pass over them.

    Source: `StandardScaler` and `MinMaxScaler` of scikit-learn, Pedregosa et al., Journal of Machine Learning Research
    12, 2825 (2011), which classifiers of tables put before the data.
    """

    is_fitted: ClassVar[bool] = True

    scaling: Literal["standard", "range"] = "standard"
    """Mean 0 and variance 1 of each pixel (standard), or its smallest value -1 and its largest 1 (range)."""

    def __post_init__(self) -> None:
        require_choices(self)

    def load(self, split: Split) -> Source:
        """The images of a split."""
        return self.changed(split, self.fitted(), lowest=-np.inf, highest=np.inf)

    def change(self, images: Float[np.ndarray, "batch ..."]) -> Float[np.ndarray, "batch ..."]:
        """Images on the scales that the training images give."""
        return self.fitted()(images)

    def fitted(self) -> Change:
        """What becomes of images, on the scales that the training images give now."""
        zero, one = _fitted(self)
        return lambda images: ((images - zero) / one).astype(np.float32)


@remembered(maxsize=4)  # both splits want it
def _fitted(spec: Scaled) -> Float[np.ndarray, "2 height width channels"]:
    """What becomes 0, and its distance from what becomes 1, pixel by pixel."""
    count, (mean, squares) = 0, np.zeros((2, *spec.element.inputs))
    low, high = mean + np.inf, mean - np.inf
    source = load_checked(spec.data, "train")
    for rows in chunks(source, spec.element):
        images = source[rows].inputs.astype(np.float64)
        low, high = np.minimum(low, images.min(0)), np.maximum(high, images.max(0))
        # Of this chunk and those before together: Chan, Golub and LeVeque, The American Statistician 37, 242 (1983).
        distance, part = images.mean(0) - mean, len(images) / (count + len(images))
        mean += distance * part
        squares += ((images - images.mean(0)) ** 2).sum(0) + distance**2 * count * part
        count += len(images)
    if spec.scaling == "standard":
        zero, one = mean, np.sqrt(squares / count)
    else:
        zero, one = (low + high) / 2, (high - low) / 2
    return np.stack([zero, np.where(low == high, 1, one)])
