"""Nuclei of cells under a microscope, with their masks."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from qconv.bounds import require
from qconv.data.dataset import ArraySource, Dataset, Element, Split

_COLUMNS: dict[Split, tuple[int, int]] = {"train": (0, 256), "validation": (256, 320), "test": (352, 512)}
"""The columns of each split; 32 before those for testing are left out, as nuclei are about as wide."""


@dataclass(frozen=True)
class Nuclei(Dataset):
    """Tiles of a real fluorescence image of 512x512 pixels with 183 nuclei; no download.

    The mask of a tile is 1 in a nucleus and 0 outside. Tiles of the 256 columns on the left are for training, of the 64
    columns beside them for validation, and of the 160 columns on the right for testing.

    Source: Caicedo et al., "Nucleus segmentation across imaging experiments: the 2018 Data Science Bowl", Nature
    Methods 16, 1247 (2019); the image and its mask as shipped with StarDist 0.9.2 (Schmidt and Weigert, BSD 3-clause
    license, which lies beside the files), as 8-bit PNG.
    """

    tile: int = 32
    """Height and width of a tile, in pixels."""
    step: int = 16
    """From one training tile to the next, in pixels: less than `tile` where they overlap; others do not."""

    def __post_init__(self) -> None:
        require(self, "tile", self.tile in (8, 16, 32, 64), "8, 16, 32 or 64, with whole tiles for validation")
        require(self, "step", 1 <= self.step <= self.tile, f"1 to tile = {self.tile}")

    @property
    def element(self) -> Element:
        """A grey tile and its mask."""
        return Element((self.tile, self.tile, 1), targets=(self.tile, self.tile), num_classes=2)

    @property
    def splits(self) -> tuple[Split, ...]:
        """All three, of columns that do not overlap."""
        return tuple(_COLUMNS)

    def load(self, split: Split) -> ArraySource:
        """The tiles of a split, row by row."""
        self.check_split(split)
        first, end = _COLUMNS[split]
        step = self.step if split == "train" else self.tile
        images, masks = (self._tiles(picture[:, first:end], step) for picture in _read())
        return ArraySource(images[..., None], (masks > 0).astype(np.int32), 2)

    def _tiles(self, picture: UInt8[np.ndarray, "height width"], step: int) -> UInt8[np.ndarray, "tiles tile tile"]:
        windows = np.lib.stride_tricks.sliding_window_view(picture, (self.tile, self.tile))[::step, ::step]
        return windows.reshape(-1, self.tile, self.tile)


@lru_cache(maxsize=1)
def _read() -> tuple[UInt8[np.ndarray, "512 512"], UInt8[np.ndarray, "512 512"]]:
    """The image, and the number of the nucleus that each pixel belongs to, or 0."""
    from PIL import Image

    folder = Path(__file__).parent / "files"
    image, nuclei = (np.asarray(Image.open(folder / f"{name}.png")) for name in ("nuclei", "nuclei_instances"))
    return image, nuclei
