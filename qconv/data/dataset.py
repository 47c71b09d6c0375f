"""What a dataset is: a frozen description that loads labelled images with random access."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from qconv.errors import InputError

Split = Literal["train", "test"]

LARGEST = float(np.finfo(np.float32).max)
"""Of a pixel: images are given as float32."""


class Batch(NamedTuple):
    """Labelled images, channels last; labels from 0.

    Float32 in [0, 1]; amplitudes of states in [-1, 1]; standardised pixels, and points of a plane, any finite numbers.
    """

    images: Float[np.ndarray, "batch height width channels"]
    labels: Int[np.ndarray, " batch"]


class Plane(NamedTuple):
    """Images that stand for points of a plane, such as the phase diagram of a Hamiltonian."""

    axes: tuple[str, str]
    """Names of the two coordinates."""
    points: Float[np.ndarray, "images 2"]
    """Where each image of a split lies: a grid, row by row."""
    curves: tuple[Float[np.ndarray, "_ 2"], ...]
    """Where the class changes."""
    quantity: str
    """What is shown of each point, 1 where it is of class 1 and 0 where it is not."""


@runtime_checkable
class Source(Protocol):
    """One split of a dataset; only the rows that are asked for are read."""

    @property
    def image_shape(self) -> tuple[int, ...]:
        """(height, width, channels) of every image."""
        ...

    def __len__(self) -> int:
        """Number of images."""
        ...

    def __getitem__(self, indices: Int[np.ndarray, " batch"]) -> Batch:
        """The images at `indices`, in that order."""
        ...


class Dataset(ABC):
    """Where images come from. Subclasses are frozen dataclasses: one of your own in an experiment file is enough.

    A subclass with its images in memory returns an `ArraySource`, which checks them.
    """

    @property
    @abstractmethod
    def num_classes(self) -> int:
        """Labels are 0 .. num_classes - 1."""

    @abstractmethod
    def load(self, split: Split) -> Source:
        """The images of a split.

        Raises:
            DataUnavailableError: the data are not on this machine and cannot be brought here.
            InputError: images or labels are not as promised.
        """

    @property
    def items(self) -> "Dataset":
        """What says which images there are, and in which order: two datasets with equal `items` have the same ones.

        Of data whose images are those of others, changed one by one, the `items` of these.
        """
        return self

    def plane(self, split: Split) -> Plane | None:
        """Where images stand for points of a plane: the report then draws what the network says of them there."""
        return None


@dataclass(frozen=True, eq=False)
class ArraySource:
    """A split held in memory.

    Attributes:
        images: (N, H, W, C), uint8 in 0..255 or floating point in [`lowest`, `highest`].
        labels: (N,), integers.
        num_classes: labels must be in 0 .. num_classes - 1.
        lowest: smallest floating-point number that is allowed: 0 for images, -1 for amplitudes of states, -inf for
            all that float32 can hold.
        highest: largest one: 1, or inf.

    Raises:
        InputError: wrong rank, kind, range or number of images or labels, or NaN among the images.
    """

    images: np.ndarray
    labels: np.ndarray
    num_classes: int
    lowest: float = 0.0
    highest: float = 1.0

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        if images.ndim != 4 or 0 in images.shape:
            raise InputError(f"images have shape {images.shape}; allowed: (N, H, W, C), none of them 0")
        if labels.shape != images.shape[:1] or not np.issubdtype(labels.dtype, np.integer):
            raise InputError(
                f"labels are {labels.dtype} of shape {labels.shape}; allowed: {len(images)} integers, one an image"
            )
        outside = labels[(labels < 0) | (labels >= self.num_classes)]
        if outside.size:
            raise InputError(f"label {outside[0]} is out of range; allowed: 0 .. {self.num_classes - 1}")
        if np.issubdtype(images.dtype, np.floating):
            lowest, highest = (np.clip(np.float64(bound), -LARGEST, LARGEST) for bound in (self.lowest, self.highest))
            allowed = f"allowed: [{lowest:g}, {highest:g}]"
            if not np.isfinite(images).all():
                raise InputError(f"{(~np.isfinite(images)).sum()} pixels are NaN or infinite; {allowed}")
            if images.min() < lowest or images.max() > highest:
                raise InputError(f"pixels range from {images.min():g} to {images.max():g}; {allowed}")
        elif images.dtype != np.uint8:
            raise InputError(f"images are {images.dtype}; allowed: uint8 in 0..255, or floating point in [0, 1]")

    @property
    def image_shape(self) -> tuple[int, ...]:
        """(height, width, channels)."""
        return self.images.shape[1:]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, indices: np.ndarray) -> Batch:
        return Batch(unit_range(self.images[indices]), self.labels[indices].astype(np.int32))


def unit_range(images: np.ndarray) -> Float[np.ndarray, "..."]:
    """Float32 in [0, 1]; uint8 is divided by 255."""
    scale = np.float32(255 if images.dtype == np.uint8 else 1)
    return images.astype(np.float32) / scale
