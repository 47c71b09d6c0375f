"""Digits cut out of one picture and pasted on another, with masks that are true to the pixel."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Int

from qconv.bounds import require_at_least, require_choices
from qconv.data.dataset import ArraySource, Dataset, Element, Split
from qconv.data.mnist import Mnist5k

_PARTS: dict[Split, tuple[float, float]] = {"train": (0, 0.6), "validation": (0.6, 0.8), "test": (0.8, 1)}
"""Which part of the columns of each picture, and of the digits, a split has."""
_SIDE = 32

Pictures = Literal["photographs", "textures"]


@dataclass(frozen=True)
class PastedDigits(Dataset):
    """Images of 32x32 pixels: a digit with the pixels of one picture on a part of another. No download.

    The mask is 1 in the digit and 0 outside. What tells a digit from its background are colours and structure, or of
    textures, which all have the same mean and spread of brightness, structure alone. Pictures and digits are divided
    first: no pixel and no digit of a training image is in one for testing.

    Sources: the two photographs that ship with scikit-learn (`load_sample_images`, in colours); the textures brick,
    grass and gravel that ship with scikit-image (grey); the digits of `Mnist5k`.
    """

    pictures: Pictures = "photographs"
    """Two photographs, or three textures."""
    num_train: int = 1500
    """Training images."""
    num_validation: int = 400
    """Images for validation."""
    num_test: int = 400
    """Test images."""
    data_seed: int = 0
    """Fixes which digits and which parts of pictures are drawn."""

    def __post_init__(self) -> None:
        require_choices(self)
        require_at_least(self, 1, "num_train", "num_validation", "num_test")
        require_at_least(self, 0, "data_seed")

    @property
    def element(self) -> Element:
        """An image in colours, or of textures in grey, and its mask."""
        channels = 3 if self.pictures == "photographs" else 1
        return Element((_SIDE, _SIDE, channels), targets=(_SIDE, _SIDE), num_classes=2)

    @property
    def splits(self) -> tuple[Split, ...]:
        """All three, of parts of the pictures that do not overlap."""
        return tuple(_PARTS)

    def load(self, split: Split) -> ArraySource:
        """The images of a split."""
        self.check_split(split)
        rng = np.random.default_rng([self.data_seed, list(_PARTS).index(split)])
        count = {"train": self.num_train, "validation": self.num_validation, "test": self.num_test}[split]
        masks = _digits(self.data_seed, split)
        masks = masks[rng.integers(len(masks), size=count)]
        pictures = _photographs() if self.pictures == "photographs" else _textures()
        first, end = (round(share * pictures.shape[2]) for share in _PARTS[split])
        front, behind = (rng.permuted([range(len(pictures))] * count, axis=1)[:, :2]).T
        parts = [_windows(pictures[:, :, first:end], which, rng) for which in (front, behind)]
        placed = _placed(masks, rng)
        return ArraySource(np.where(placed[..., None], *parts), placed.astype(np.int32), 2)


def _digits(seed: int, split: Split) -> Bool[np.ndarray, "digits 28 28"]:
    """The strokes of the digits of a split: pixels of at least half the brightness."""
    images, _ = Mnist5k().arrays()
    first, end = (round(share * len(images)) for share in _PARTS[split])
    return images[np.random.default_rng(seed).permutation(len(images))[first:end], :, :, 0] >= 128


def _placed(strokes: Bool[np.ndarray, "images 28 28"], rng: np.random.Generator) -> Bool[np.ndarray, "images 32 32"]:
    """Each digit somewhere in an image."""
    masks = np.zeros((len(strokes), _SIDE, _SIDE), bool)
    room = _SIDE - strokes.shape[1]
    for mask, stroke, (top, left) in zip(masks, strokes, rng.integers(room + 1, size=(len(strokes), 2)), strict=True):
        mask[top : top + len(stroke), left : left + len(stroke)] = stroke
    return masks


def _windows(
    pictures: Float[np.ndarray, "pictures height width channels"],
    which: Int[np.ndarray, " images"],
    rng: np.random.Generator,
) -> Float[np.ndarray, "images 32 32 channels"]:
    """A part of a picture for each image.

    Args:
        pictures: whose parts are asked for.
        which: the picture of each image.
        rng: draws the places.
    """
    height, width = pictures.shape[1:3]
    tops, lefts = (rng.integers(size - _SIDE + 1, size=len(which)) for size in (height, width))
    windows = np.lib.stride_tricks.sliding_window_view(pictures, (_SIDE, _SIDE), axis=(1, 2))
    return np.moveaxis(windows[which, tops, lefts], 1, -1)


@lru_cache(maxsize=1)
def _photographs() -> Float[np.ndarray, "2 427 640 3"]:
    from sklearn.datasets import load_sample_images  # costs seconds, and not every run needs it

    return np.stack(load_sample_images().images).astype(np.float32) / 255


@lru_cache(maxsize=1)
def _textures() -> Float[np.ndarray, "3 512 512 1"]:
    """The textures, each with a mean of 1/2 and a standard deviation of 1/5, cut off at 0 and 1."""
    from skimage import data

    pictures = np.stack([data.brick(), data.grass(), data.gravel()]).astype(np.float32)[..., None]
    mean, std = (of(pictures, axis=(1, 2, 3), keepdims=True) for of in (np.mean, np.std))
    return np.clip(0.5 + 0.2 * (pictures - mean) / std, 0, 1)
