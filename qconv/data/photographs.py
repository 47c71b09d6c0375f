"""Photographs that come with scikit-image."""

from dataclasses import dataclass
from importlib import resources
from typing import get_args

import numpy as np
from jaxtyping import Int, UInt8

from qconv.bounds import require
from qconv.data.dataset import ArraySource, Dataset, Element, Split
from qconv.errors import DataUnavailableError

_FILES: dict[Split, tuple[str, ...]] = {
    "train": (
        "brick.png",
        "cell.png",
        "clock_motion.png",
        "grass.png",
        "hubble_deep_field.jpg",
        "ihc.png",
        "motorcycle_left.png",
        "page.png",
        "retina.jpg",
        "text.png",
    ),
    "validation": ("coffee.png", "gravel.png"),
    "test": ("astronaut.png", "camera.png", "chelsea.png", "coins.png", "moon.png", "rocket.jpg"),
}
_PARTS: dict[Split, int] = {"train": 4, "validation": 2, "test": 2}
"""Parts along each side of a photograph."""
_SMALLEST = 172
"""Pixels of the shortest side of all."""


@dataclass(frozen=True)
class Photographs(Dataset):
    """Grey square parts of 18 real photographs; no download.

    Ten photographs to train on (16 parts each), two others for validation and six to test on (4 parts each): scenes,
    people, an animal, textures, print, a microscope, the sky. Parts lie evenly over a photograph, the same ones each
    time. The label of a part is the number of its photograph, by the names of the files.

    Source: scikit-image's package, van der Walt et al., PeerJ 2:e453 (2014), which says where each one is from. Colours
    become grey as Pillow turns them (ITU-R 601), 256 levels.
    """

    size: int = 128
    """Height and width of a part, in pixels of the photograph."""

    def __post_init__(self) -> None:
        require(self, "size", 1 <= self.size <= _SMALLEST, f"1 to {_SMALLEST}, the shortest side of a photograph")

    @property
    def element(self) -> Element:
        """A square of grey pixels, of one of 18 photographs."""
        return Element((self.size, self.size, 1), num_classes=sum(map(len, _FILES.values())))

    @property
    def splits(self) -> tuple[Split, ...]:
        """All three: those for validation are other photographs."""
        return get_args(Split)

    def load(self, split: Split) -> ArraySource:
        """The parts of the photographs of a split.

        Raises:
            DataUnavailableError: scikit-image comes without them, as other versions may.
        """
        self.check_split(split)
        order, count = sorted(name for names in _FILES.values() for name in names), _PARTS[split]
        images = np.concatenate([self._parts(_grey(name), count) for name in _FILES[split]])
        labels = np.repeat([order.index(name) for name in _FILES[split]], count**2)
        return ArraySource(images[..., None], labels, self.element.num_classes)

    def _parts(self, image: UInt8[np.ndarray, "height width"], count: int) -> UInt8[np.ndarray, "parts size size"]:
        rows, columns = (_starts(side - self.size, count) for side in image.shape)
        return np.stack([image[y : y + self.size, x : x + self.size] for y in rows for x in columns])


def _starts(room: int, count: int) -> Int[np.ndarray, " count"]:
    """Where parts begin along a side that has `room` pixels more than one: evenly, as far from both ends."""
    return ((np.arange(count) + 0.5) / count * room).astype(int)


def _grey(name: str) -> UInt8[np.ndarray, "height width"]:
    from PIL import Image  # costs time, and not every run needs it

    file = resources.files("skimage") / "data" / name
    try:
        with file.open("rb") as stream:
            return np.asarray(Image.open(stream).convert("L"))
    except FileNotFoundError as error:
        raise DataUnavailableError(f"scikit-image comes without {name}; allowed: a version that has it") from error
