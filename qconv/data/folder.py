"""Images in a folder of one's own."""

import hashlib
import logging
import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import numpy as np
from jaxtyping import Int

from qconv.bounds import require, require_at_least, require_choices
from qconv.data.dataset import Dataset, Split
from qconv.data.decoded import DecodedSource, Decoder, Files, Rows, decoded
from qconv.data.file_digests import file_digests
from qconv.data.image_files import ENDINGS, Fit, Form
from qconv.data.split import stratified_split
from qconv.errors import DataUnavailableError, InputError

logger = logging.getLogger(__name__)

_SPLITS: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
}
"""The split that a folder holds, by its name."""


class Item(NamedTuple):
    """An item that lies in a folder."""

    files: Files
    """An image, or an image and its mask."""
    label: int = 0
    """Its class, where it has one."""


@dataclass(frozen=True)
class FolderOfImages(Dataset):
    """Images in a folder of one's own, of any size and kind: PNG, JPEG, TIFF, BMP and WebP.

    They are turned upright as their EXIF data say, 16 bits are brought to 8, what is transparent gets a background, and
    all are resized. This is done once: pixels are kept in the folder that the environment variable QCONV_CACHE names,
    by default ~/.cache/qconv, under a digest of the files and of what is made of them, and read from there a batch at a
    time. What is hidden, or named like `__MACOSX`, is left out.

    A part of the images is held out for testing, unless the folder has folders of the names train, test and validation
    (or training, testing, val, valid). Subclasses say what else lies where.
    """

    path: str = ""
    """The folder; it has to be given."""
    height: int = 64
    """Pixels from top to bottom that images are resized to."""
    width: int = 64
    """Pixels from left to right."""
    channels: Literal[1, 3] = 3
    """1 for grey, 3 for red, green and blue."""
    fit: Fit = "crop"
    """What becomes of images of other proportions: their margins are cut off (crop), or they are stretched."""
    background: int = 255
    """Grey level, 0 to 255, that shows through where an image is transparent."""
    damaged: Literal["refuse", "skip"] = "refuse"
    """What is done if files are damaged: refuse, naming them, or skip them, which is said, too."""
    test_fraction: float = 0.2
    """Part of each class that is held out for testing, where the folder has no folders train and test."""
    split_seed: int = 0
    """Fixes which images are held out; not the run's seed, so that runs compare."""

    def __post_init__(self) -> None:
        require_choices(self)
        require_at_least(self, 1, "height", "width")
        require_at_least(self, 0, "split_seed")
        require(self, "background", 0 <= self.background <= 255, "0 to 255")
        require(self, "test_fraction", 0 < self.test_fraction < 1, "more than 0 and less than 1")
        if self.path:  # pets/ is the same folder as pets
            object.__setattr__(self, "path", os.path.normpath(self.path))

    @property
    def splits(self) -> tuple[Split, ...]:
        """Splits that have folders of their own; else train and test."""
        roots = self.roots()
        return tuple(split for split in get_args(Split) if split in roots) or ("train", "test")

    @property
    def contents(self) -> str | None:
        """A digest of the names and the contents of all files; None where there is no such folder.

        Raises:
            InputError: see `load`.
        """
        if not self.path or not self.folder.is_dir():
            return None
        items, _ = self._listing()
        files = _files(items)
        names = [path.relative_to(self.folder).as_posix() for path in files]
        lines = [f"{digest} {name}" for name, digest in zip(names, file_digests(self.folder, files), strict=True)]
        return hashlib.sha256(os.fsencode("\n".join(lines))).hexdigest()[:20]

    def load(self, split: Split) -> DecodedSource:
        """The images of a split; all of the folder are decoded if they are not in the cache.

        Raises:
            DataUnavailableError: there is no such folder.
            InputError: it is not laid out as the class says, files are damaged, or a class has no image to train on.
        """
        self.check_split(split)
        items, rows = self._listing()
        self.check_items(split, [items[row] for row in rows[split]], items)
        found = decoded([item.files for item in items], file_digests(self.folder, _files(items)), self.decoder())
        if found.damaged and self.damaged == "refuse":
            first, *others = found.damaged.values()
            also = f", and {len(others)} more of {len(items)} files are damaged" if others else ""
            raise InputError(f"{first}{also}; damaged = 'skip' leaves such files out")
        usable = rows[split]
        if bad := [found.damaged[number] for number in usable.tolist() if number in found.damaged]:
            shown = "; ".join(map(str, bad[:3])) + ("; ..." if len(bad) > 3 else "")
            counted = f"{len(bad)} of {len(usable)} images of the {split} split"
            logger.warning("%s are damaged and left out: %s", counted, shown)
            usable = usable[~np.isin(usable, list(found.damaged))]
            whole = [item for number, item in enumerate(items) if number not in found.damaged]
            self.check_items(split, [items[row] for row in usable], whole)
        return DecodedSource(found.arrays["images"], self.targets(items, found.arrays), usable)

    @abstractmethod
    def found(self, root: Path) -> list[Item]:
        """The items of a split, or of all, which lie below a folder."""

    @abstractmethod
    def decoder(self) -> Decoder:
        """How files become images, and what is to be found of each where that is in a file, too."""

    @abstractmethod
    def targets(self, items: Sequence[Item], arrays: Mapping[str, Rows]) -> Rows | Int[np.ndarray, " items"]:
        """What is to be found of each item, given what has been decoded of all."""

    def check_items(self, split: Split, items: Sequence[Item], everything: Sequence[Item]) -> None:
        """Refuses a split that cannot be used, or says what it lacks.

        Args:
            split: which one.
            items: that it has.
            everything: all items of the folder.

        Raises:
            InputError: it cannot be used.
        """

    @property
    def folder(self) -> Path:
        """The folder itself."""
        return Path(self.path).expanduser()

    @property
    def form(self) -> Form:
        """What images are brought to."""
        return Form(self.height, self.width, self.channels, self.fit, self.background)

    def roots(self) -> dict[Split | None, Path]:
        """Where the items of each split lie; of None, all that have no split of their own.

        Raises:
            DataUnavailableError: there is no such folder.
            InputError: it is not given, is a file, or has folders of some splits only.
        """
        require(self, "path", bool(self.path), "a folder of images, such as --data.path pictures")
        if not self.folder.exists():
            raise DataUnavailableError(f"path = {self.path!r}: there is no such folder")
        if not self.folder.is_dir():
            raise InputError(f"path = {self.path!r}: it is a file; allowed: a folder of images")
        folders, _ = visible(self.folder)
        splits = [_SPLITS.get(folder.name.lower()) for folder in folders]
        if not folders or None in splits:
            return {None: self.folder}
        if "train" not in splits or len(set(splits)) == 1 or len(set(splits)) < len(splits):
            raise InputError(
                f"{self.path} has the folders {', '.join(folder.name for folder in folders)}; allowed: train and, "
                "once each, test or validation, or both"
            )
        return dict(zip(splits, folders, strict=True))

    def _listing(self) -> tuple[list[Item], dict[Split, Int[np.ndarray, " items"]]]:
        """All items, and which of them each split has."""
        roots = self.roots()
        parts = {split: self.found(root) for split, root in roots.items()}
        items = [item for part in parts.values() for item in part]
        if None in roots:
            labels = np.array([item.label for item in items], np.int64)
            halves: tuple[Split, ...] = ("train", "test")
            return items, {half: stratified_split(labels, self.test_fraction, self.split_seed, half) for half in halves}
        ends = np.cumsum([0, *map(len, parts.values())])
        spans = zip(parts, ends[:-1], ends[1:], strict=True)
        return items, {split: np.arange(first, last) for split, first, last in spans if split}


def visible(folder: Path) -> tuple[list[Path], list[Path]]:
    """The folders and the files of images in a folder, each in the order of their names, without what is hidden.

    Raises:
        InputError: the folder cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            shown = sorted((e for e in entries if not e.name.startswith((".", "__"))), key=lambda entry: entry.name)
            folders = [Path(entry.path) for entry in shown if entry.is_dir()]
            files = [Path(e.path) for e in shown if not e.is_dir() and e.name.lower().endswith(ENDINGS)]
    except OSError as error:
        raise InputError(f"cannot read {folder}: {error.strerror}") from error
    return folders, files


def _files(items: Sequence[Item]) -> Files:
    return tuple(path for item in items for path in item.files)
