"""Three textures that come with scikit-image."""

from dataclasses import dataclass
from typing import get_args

import numpy as np

from qconv.bounds import require
from qconv.data.dataset import ArraySource, Dataset, Element, Split

_NAMES = ("brick", "grass", "gravel")
_SIDE = 512
"""Pixels of the side of a photograph."""
_COLUMNS: dict[Split, tuple[int, int]] = {"train": (0, 192), "validation": (192, 256), "test": (256, 512)}
"""Where the tiles of a split lie in each photograph, from left to right."""


@dataclass(frozen=True)
class Textures(Dataset):
    """Small grey tiles of photographs of brick, grass and gravel, a class each; no download.

    The photographs, of 512 x 512 pixels, are divided by columns: tiles to train on are from the left three eighths,
    those for validation from the next eighth, those to test on from the right half. No two tiles share a pixel. Tiles
    of 12 pixels are 672, 210 and 882 of each class.

    Source: scikit-image's `data.brick`, `data.grass` and `data.gravel`, in the public domain (CC0).
    """

    size: int = 12
    """Height and width of a tile, in pixels of the photograph."""

    def __post_init__(self) -> None:
        widest = min(stop - start for start, stop in _COLUMNS.values())
        require(self, "size", 1 <= self.size <= widest, f"1 to {widest}, the width of the narrowest part")

    @property
    def element(self) -> Element:
        """A square of grey pixels, of one of three textures."""
        return Element((self.size, self.size, 1), num_classes=len(_NAMES))

    @property
    def splits(self) -> tuple[Split, ...]:
        """All three: those for validation have a place of their own."""
        return get_args(Split)

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the photographs show."""
        return _NAMES

    def load(self, split: Split) -> ArraySource:
        """The tiles of a split, texture by texture."""
        from skimage import data  # costs time, and not every run needs it

        self.check_split(split)
        start, stop = _COLUMNS[split]
        rows, columns = (range(first, last - self.size + 1, self.size) for first, last in ((0, _SIDE), (start, stop)))
        photographs = [getattr(data, name)() for name in _NAMES]
        tiles = [image[y : y + self.size, x : x + self.size] for image in photographs for y in rows for x in columns]
        labels = np.repeat(np.arange(len(_NAMES)), len(rows) * len(columns))
        return ArraySource(np.stack(tiles)[..., None], labels, len(_NAMES))
