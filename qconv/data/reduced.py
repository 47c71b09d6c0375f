"""A few numbers in place of each image."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Float, Shaped

from qconv.data.checked import load_checked
from qconv.data.dataset import ArraySource, Dataset, Element, Split, chunks
from qconv.data.derived import Change, Derived, refuse_drawn
from qconv.data.remembered import remembered
from qconv.errors import InputError

_MOST = 2**28
"""Pixels of all training images, which a reduction has at once; a GiB."""

_Numbers = tuple[Float[np.ndarray, "images numbers"], Shaped[np.ndarray, "images ..."]]
"""What a reduction makes of images, before it is scaled, and the targets of these."""

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

    The reduction is fitted on the training images only, which it takes in memory, as float32: at most 2^28 pixels, a
    GiB. Other images are read some at a time, and their numbers are kept. One scale and one offset for all numbers
    bring those of the training images to [0, 1], so that `Angle()` turns by [0, pi]; test images outside are clipped.
    """

    is_fitted: ClassVar[bool] = True

    reduction: Reduction
    """What makes few numbers of them."""

    @property
    def element(self) -> Element:
        """The numbers, with the same labels."""
        return self.data.element._replace(inputs=(1, self.reduction.numbers, 1))

    @property
    def drawn_element(self) -> None:
        """None: the numbers are computed once for each image.

        Raises:
            InputError: training would draw other images each time.
        """
        refuse_drawn(self)

    def load(self, split: Split) -> ArraySource:
        """The numbers of a split.

        Raises:
            InputError: too many training images to be held in memory, or too few for the reduction.
        """
        return self.scaled(split, by="train")

    def scaled(self, split: Split, by: Split) -> ArraySource:
        """The numbers of a split, so that the smallest of those of the split `by` becomes 0, and the largest 1."""
        (numbers, targets), (scale, _) = (_numbers(self.data, self.reduction, part) for part in (split, by))
        return ArraySource(_unit(numbers, scale), targets, self.element.num_classes)

    def change(self, images: Float[np.ndarray, "batch ..."]) -> Float[np.ndarray, "batch ..."]:
        """The numbers of images, on the scale of the training images."""
        return self.fitted()(images)

    def fitted(self) -> Change:
        """What becomes of images, by the reduction that is learned from the training images as they are now."""
        transform, (scale, _) = _learned(self.data, self.reduction)
        return lambda images: _unit(transform(images.reshape(len(images), -1)), scale)


def _unit(
    numbers: Float[np.ndarray, "images numbers"], scale: Float[np.ndarray, "others numbers"]
) -> Float[np.ndarray, "images 1 numbers 1"]:
    """Numbers as images, so that the smallest number of `scale` becomes 0 and the largest 1."""
    low, high = float(scale.min()), float(scale.max())
    unit = np.clip((numbers - low) / max(high - low, np.finfo(np.float32).tiny), 0, 1)
    return unit.astype(np.float32)[:, None, :, None]


@remembered(maxsize=8)  # networks, controls and seeds want the same
def _numbers(data: Dataset, reduction: Reduction, split: Split) -> _Numbers:
    transform, trained = _learned(data, reduction)
    if split == "train":
        return trained
    source = load_checked(data, split)
    parts = (source[rows] for rows in chunks(source, data.element))
    found = [(transform(images.reshape(len(images), -1)), targets) for images, targets in parts]
    numbers, targets = map(np.concatenate, zip(*found, strict=True))
    return numbers, targets


@remembered(maxsize=4)  # all splits want it
def _learned(data: Dataset, reduction: Reduction) -> tuple[Transform, _Numbers]:
    """The reduction, learned from training images, and what it makes of them."""
    source, pixels = load_checked(data, "train"), math.prod(data.element.inputs)
    if len(source) * pixels > _MOST:
        raise InputError(
            f"{len(source)} training images of {pixels} pixels; allowed for a reduction: at most {_MOST} pixels in all"
        )
    images, targets = np.empty((len(source), pixels), np.float32), []
    for rows in chunks(source, data.element):
        part, found = source[rows]
        images[rows] = part.reshape(-1, pixels)
        targets.append(found)
    transform = reduction.fit(images)
    return transform, (transform(images), np.concatenate(targets))
