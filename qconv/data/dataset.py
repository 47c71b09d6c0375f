"""What a dataset is: a frozen description that loads items with random access."""

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int, Shaped

from qconv.data.image_files import Form
from qconv.errors import InputError

Split = Literal["train", "validation", "test"]

Generators = Sequence[np.random.Generator]
"""One for each item of a batch that is drawn: so an item is the same whatever else is in the batch."""

LARGEST = float(np.finfo(np.float32).max)
"""Of a pixel: images are given as float32."""

_CHUNK = 2**24
"""Pixels that are read at once where all items of a split are looked at; 64 MiB."""


class Element(NamedTuple):
    """What one item of a dataset is, known before any has been read."""

    inputs: tuple[int, ...]
    """Shape of an image: (height, width, channels)."""
    targets: tuple[int, ...] = ()
    """Shape of what is to be found: () of a label, (height, width) of a mask of labels, or that of an image."""
    num_classes: int | None = None
    """Labels are integers from 0 to num_classes - 1; None where targets are real numbers."""


class Batch(NamedTuple):
    """Items: images, channels last, and what is to be found of each.

    Images are float32 in [0, 1]; amplitudes of states in [-1, 1]; standardised pixels, and points of a plane, any
    finite numbers. Labels are int32. Targets that are real numbers are float32, too, whatever an array of them holds: a
    run in float64 computes with these numbers, and what float64 says beyond them is lost.
    """

    inputs: Float[np.ndarray, "batch height width channels"]
    targets: Shaped[np.ndarray, "batch ..."]


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
    """One split of a dataset; only the rows that are asked for are read, in one or several threads.

    It may have more: `in_memory`, True where nothing is gained by reading rows beforehand; `read_targets(indices)`,
    where targets can be had without inputs; `digests(indices)`, where there is a quicker way to what identifies an
    image than `image_digests` of the inputs, such as that of the 8 bits that these are made from; and where the dataset
    has a `drawn_element`, `drawn(indices, rngs)`, the items as a training step sees them, each drawn anew with a NumPy
    generator of its own.
    """

    def __len__(self) -> int:
        """Number of items."""
        ...

    def __getitem__(self, indices: Int[np.ndarray, " batch"]) -> Batch:
        """The items at `indices`, in that order."""
        ...


class Dataset(ABC):
    """Where items come from. Subclasses are frozen dataclasses: one of your own in an experiment file is enough.

    A subclass with its images in memory returns an `ArraySource`, which checks them.
    """

    @property
    @abstractmethod
    def element(self) -> Element:
        """What one item is; no data are read or downloaded to know it."""

    @property
    def drawn_element(self) -> Element | None:
        """What training draws of an item, where it is another one each time; None where items are as they are read.

        Crops may be smaller than the items, which networks are evaluated on whole: then a network must take both.
        """
        return None

    @property
    def splits(self) -> tuple[Split, ...]:
        """The splits that there are; data of one's own that have items for validation say so."""
        return ("train", "test")

    def check_split(self, split: Split) -> None:
        """Raises an `InputError` for a split that is none of `splits`."""
        if split not in self.splits:
            raise InputError(f"split = {split!r}; allowed: {', '.join(map(repr, self.splits))}")

    @property
    def is_stratified(self) -> bool:
        """Whether each class has the same share of images in all parts; then what is kept for validation has it, too.

        Else images for validation are drawn from all training images alike.
        """
        return False

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """What the classes are called, by their labels; None where they have numbers only."""
        return None

    @property
    def contents(self) -> str | None:
        """A digest of files that are the user's own, which may change: another one makes a run another run.

        None where what the fields say is all that the items depend on.
        """
        return None

    @abstractmethod
    def load(self, split: Split) -> Source:
        """The items of a split.

        Raises:
            DataUnavailableError: the data are not on this machine and cannot be brought here.
            InputError: they have no such split, or are not as promised.
        """

    @property
    def form(self) -> Form:
        """What pictures in files are brought to, so that they are like these images before these are prepared.

        Raises:
            InputError: the images have other channels than pictures.
        """
        height, width, channels = self.element.inputs
        if channels not in (1, 3):
            raise InputError(
                f"data = {type(self).__name__}, whose images have {channels} channels; allowed for pictures: 1 or 3"
            )
        return Form(height, width, channels, fit="crop", background=255)

    def prepared(
        self, images: Float[np.ndarray, "batch height width channels"]
    ) -> Float[np.ndarray, "batch rows columns numbers"]:
        """What becomes of new images before a network sees them.

        Of data that are not made of others the images stay as they are; data whose images are no pictures refuse.

        Args:
            images: of pictures, in [0, 1], in the size and with the channels of the innermost dataset.

        Raises:
            InputError: the images of these data are no pictures, or nothing says what becomes of new ones.
            DataUnavailableError: it is said by training images, and these are not there.
        """
        return images

    def items(self, split: Split) -> "Dataset":
        """What says which images a split has, and in which order: where two datasets have equal `items`, the same ones.

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
        inputs: (N, H, W, C), uint8 in 0..255 or floating point in [`lowest`, `highest`].
        targets: (N, ...), integers, or real numbers where `num_classes` is None, which are given as float32.
        num_classes: labels must be in 0 .. num_classes - 1.
        lowest: smallest floating-point number that is allowed: 0 for images, -1 for amplitudes of states, -inf for
            all that float32 can hold.
        highest: largest one: 1, or inf.

    Raises:
        InputError: wrong rank, kind, range or number of images or targets, or NaN among them.
    """

    inputs: np.ndarray
    targets: np.ndarray
    num_classes: int | None = None
    lowest: float = 0.0
    highest: float = 1.0

    in_memory: ClassVar[bool] = True
    """Nothing is gained by reading its rows beforehand."""

    def __post_init__(self) -> None:
        images = self.inputs
        if images.ndim != 4 or 0 in images.shape:
            raise InputError(f"images have shape {images.shape}; allowed: (N, H, W, C), none of them 0")
        check_targets(self.targets, (len(images), *self.targets.shape[1:]), self.num_classes)
        if np.issubdtype(images.dtype, np.floating):
            lowest, highest = (np.clip(np.float64(bound), -LARGEST, LARGEST) for bound in (self.lowest, self.highest))
            allowed = f"allowed: [{lowest:g}, {highest:g}]"
            if not np.isfinite(images).all():
                raise InputError(f"{(~np.isfinite(images)).sum()} pixels are NaN or infinite; {allowed}")
            if images.min() < lowest or images.max() > highest:
                raise InputError(f"pixels range from {images.min():g} to {images.max():g}; {allowed}")
        elif images.dtype != np.uint8:
            raise InputError(f"images are {images.dtype}; allowed: uint8 in 0..255, or floating point in [0, 1]")

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, indices: np.ndarray) -> Batch:
        return Batch(unit_range(self.inputs[indices]), self.read_targets(indices))

    def read_targets(self, indices: np.ndarray) -> Shaped[np.ndarray, "batch ..."]:
        """The targets of the items at `indices`."""
        return self.targets[indices].astype(target_kind(self.num_classes))

    def drawn(self, indices: np.ndarray, rngs: Generators) -> Batch:
        """The items at `indices`, the same each time."""
        return self[indices]

    def digests(self, indices: np.ndarray) -> list[bytes]:
        """What identifies the images at `indices`."""
        return image_digests(self.inputs[indices])


def image_digests(images: Shaped[np.ndarray, "batch height width channels"]) -> list[bytes]:
    """A SHA-256 of each image: of its shape, kind and pixels."""
    kind = f"{images.dtype.str} {images.shape[1:]}".encode()
    return [hashlib.sha256(kind + image.tobytes()).digest() for image in images]


def names_of_classes(data: Dataset) -> tuple[str, ...]:
    """What the classes are called, by their labels: of those that have numbers only, these; none of real numbers.

    Raises:
        InputError: other than one name for each class.
    """
    names, count = data.class_names, data.element.num_classes
    if count is None:
        return ()
    if names is None:
        return tuple(map(str, range(count)))
    if len(names) != count:
        raise InputError(f"{type(data).__name__}.class_names has {len(names)} names; allowed: {count}, one a class")
    return tuple(names)


def no_pictures(data: Dataset, what: str) -> InputError:
    """What a dataset says whose images are no pictures, and which new ones can thus not join.

    Args:
        data: the dataset.
        what: its images are instead, such as points of a plane.
    """
    return InputError(f"data = {type(data).__name__}, whose images are {what}; allowed: data of pictures")


def chunks(source: Source, element: Element) -> list[Int[np.ndarray, " batch"]]:
    """The indices of all items of a source in order, at a time as many as have 2^24 pixels (64 MiB), at least one."""
    size = max(1, _CHUNK // math.prod(element.inputs))
    return np.split(np.arange(len(source)), range(size, len(source), size))


def target_kind(num_classes: int | None) -> type[np.number]:
    """What targets are given as: int32 of labels, float32 of real numbers."""
    return np.float32 if num_classes is None else np.int32


def check_targets(targets: np.ndarray, shape: tuple[int, ...], num_classes: int | None) -> None:
    """Refuses targets that are not as promised.

    Args:
        targets: of some items.
        shape: that they should have.
        num_classes: labels must be in 0 .. num_classes - 1: a loss would count -1 from the end. None for real numbers.

    Raises:
        InputError: another shape or kind, a label out of range, or a number that float32 cannot hold.
    """
    if num_classes is None:
        if targets.shape != shape or not np.issubdtype(targets.dtype, np.floating):
            raise InputError(
                f"targets are {targets.dtype} of shape {targets.shape}; allowed: floating point of shape {shape}"
            )
        if bad := beyond_float32(targets):
            raise InputError(f"{bad} targets are NaN, infinite or beyond {LARGEST:.1e}; allowed: numbers of float32")
        return
    if targets.shape != shape or not np.issubdtype(targets.dtype, np.integer):
        raise InputError(f"labels are {targets.dtype} of shape {targets.shape}; allowed: integers of shape {shape}")
    outside = targets[(targets < 0) | (targets >= num_classes)]
    if outside.size:
        raise InputError(f"label {outside[0]} is out of range; allowed: 0 .. {num_classes - 1}")


def beyond_float32(numbers: np.ndarray) -> int:
    """How many of some floating-point numbers float32 cannot hold, NaN among them."""
    return int((~(np.abs(numbers) <= np.float64(LARGEST))).sum())


def unit_range(images: np.ndarray) -> Float[np.ndarray, "..."]:
    """Float32 in [0, 1]; uint8 is divided by 255."""
    scale = np.float32(255 if images.dtype == np.uint8 else 1)
    return images.astype(np.float32) / scale
