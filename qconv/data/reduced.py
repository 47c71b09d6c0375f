"""A few numbers in place of each image."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from jaxtyping import Float

from qconv.data.checked import load_checked
from qconv.data.dataset import Dataset, Element, Source, Split
from qconv.data.derived import Derived
from qconv.errors import InputError

Transform = Callable[[Float[np.ndarray, "images pixels"]], Float[np.ndarray, "images numbers"]]


class Reduction(ABC):
    """A way from images to fewer numbers that is learned from images. Subclasses are frozen dataclasses."""

    @property
    @abstractmethod
    def numbers(self) -> int:
        """How many numbers it makes of an image; a field of the subclass."""

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

    @property
    def element(self) -> Element:
        """The numbers, with the same labels."""
        return self.data.element._replace(inputs=(1, self.reduction.numbers, 1))

    def load(self, split: Split) -> Source:
        """The numbers of a split."""
        transform, low, high = _fitted(self, "train" if self.scaling == "train" else split)

        def change(images: Float[np.ndarray, "batch ..."]) -> Float[np.ndarray, "batch 1 numbers 1"]:
            numbers = transform(images.reshape(len(images), -1))
            scaled = np.clip((numbers - low) / max(high - low, np.finfo(np.float32).tiny), 0, 1)
            return scaled[:, None, :, None].astype(np.float32)

        return self.changed(split, change)


@lru_cache(maxsize=8)  # both splits want it
def _fitted(spec: Reduced, of_scale: Split) -> tuple[Transform, float, float]:
    """The reduction, learned from training images, and the smallest and the largest of a split's numbers."""
    transform = _learned(spec.data, spec.reduction)
    images = spec.everything(of_scale).inputs
    numbers = transform(images.reshape(len(images), -1))
    return transform, float(numbers.min()), float(numbers.max())


@lru_cache(maxsize=4)  # however its numbers are scaled
def _learned(data: Dataset, reduction: Reduction) -> Transform:
    source = load_checked(data, "train")
    images = source[np.arange(len(source))].inputs
    return reduction.fit(images.reshape(len(images), -1))
