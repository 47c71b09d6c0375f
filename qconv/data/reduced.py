"""A few numbers in place of each image."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from jaxtyping import Float, Int

from qconv.data.checked import load_checked
from qconv.data.dataset import ArraySource, Dataset, Split
from qconv.data.derived import Derived
from qconv.errors import InputError

Transform = Callable[[Float[np.ndarray, "images pixels"]], Float[np.ndarray, "images numbers"]]


class Reduction(ABC):
    """A way from images to fewer numbers that is learned from images. Subclasses are frozen dataclasses."""

    @abstractmethod
    def fit(self, images: Float[np.ndarray, "images pixels"]) -> Transform:
        """Learns it; the same images give the same.

        Raises:
            InputError: too few images or pixels for it.
        """


@dataclass(frozen=True)
class Reduced(Derived):
    """Each image as the few numbers of a reduction, in [0, 1]: an image of shape (1, numbers, 1).

    The reduction is fitted on the training images only. One scale and one offset for all numbers bring those of the
    training images to [0, 1], so that `Angle()` turns by [0, pi]; test images outside are clipped.
    """

    reduction: Reduction
    """What makes few numbers of them."""
    scaling: Literal["train", "per_split"] = "train"
    """What sets the scale: training images; or, as in the code of Hur, Kim and Park (Quantum Machine Intelligence 4:3,
    2022), each split its own, so that a test image depends on the others and means something else than in training."""

    def __post_init__(self) -> None:
        if self.scaling not in ("train", "per_split"):
            raise InputError(f"scaling = {self.scaling!r}; allowed: 'train', 'per_split'")

    def load(self, split: Split) -> ArraySource:
        """The numbers of a split."""
        images, labels = _pixels(self.data, split)
        numbers = _fitted(self.data, self.reduction)(images)
        of_scale = numbers
        if self.scaling == "train" and split != "train":
            of_scale = _fitted(self.data, self.reduction)(_pixels(self.data, "train")[0])
        low, high = of_scale.min(), of_scale.max()
        scaled = np.clip((numbers - low) / max(high - low, np.finfo(np.float32).tiny), 0, 1)
        return ArraySource(scaled[:, None, :, None].astype(np.float32), labels, self.num_classes)


def _pixels(data: Dataset, split: Split) -> tuple[Float[np.ndarray, "images pixels"], Int[np.ndarray, " images"]]:
    source = load_checked(data, split)
    images, labels = source[np.arange(len(source))]
    return images.reshape(len(images), -1), labels


@lru_cache(maxsize=4)  # both splits want it
def _fitted(data: Dataset, reduction: Reduction) -> Transform:
    return reduction.fit(_pixels(data, "train")[0])
