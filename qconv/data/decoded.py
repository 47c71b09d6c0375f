"""Images that are decoded once and kept on disk."""

import hashlib
import json
import math
import shutil
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Int, UInt8

from qconv.cache import CACHE, cache_folder, kept
from qconv.data.dataset import Batch, image_digests, unit_range
from qconv.data.file_work import over_files
from qconv.data.image_files import DamagedFileError
from qconv.errors import InputError

Files = tuple[Path, ...]
"""Files of one item: an image, or an image and its mask."""

_VERSION = 1
"""Of what is made of a file: raised where the same file gives other pixels than before."""


class Decoder(NamedTuple):
    """How the files of an item become arrays."""

    decode: Callable[[Files], tuple[UInt8[np.ndarray, "..."], ...]]
    """From files to arrays; is called in several threads."""
    shapes: Mapping[str, tuple[int, ...]]
    """Of these arrays, by name."""
    settings: Mapping[str, int | str]
    """All that they depend on besides the files."""


@dataclass(frozen=True, eq=False)
class Rows:
    """An array of bytes in an npy file: rows are read when they are asked for, and none is kept.

    Of one that is mapped into memory, all that has ever been read would count as memory of the process.
    """

    path: Path
    start: int
    """Where in the file the first row begins."""
    shape: tuple[int, ...]
    """Rows first."""

    @classmethod
    def of(cls, path: Path) -> "Rows":
        """The array in a file.

        Raises:
            OSError: it cannot be read.
            ValueError: it is none of bytes, or not whole.
        """
        with path.open("rb") as file:
            np.lib.format.read_magic(file)
            shape, _, kind = np.lib.format.read_array_header_1_0(file)
            start = file.tell()
        if kind != np.uint8 or path.stat().st_size != start + math.prod(shape):
            raise ValueError(f"{path.name} is not as it was written")
        return cls(path, start, shape)

    def __getitem__(self, rows: Int[np.ndarray, " rows"]) -> UInt8[np.ndarray, "rows ..."]:
        found = np.empty((len(rows), *self.shape[1:]), np.uint8)
        try:
            with self.path.open("rb", buffering=0) as file:  # in whichever thread asks
                for row, into in zip(rows.tolist(), found, strict=True):
                    file.seek(self.start + row * into.size)
                    if file.readinto(into) != into.size:
                        raise InputError(f"{self.path} of the cache is cut off; remove it, and start again")
        except OSError as error:
            raise InputError(f"cannot read {self.path} of the cache: {error.strerror}; start again") from error
        return found


@dataclass(frozen=True, eq=False)
class Decoded:
    """The pixels of some files."""

    arrays: Mapping[str, Rows]
    """By name, such as images and masks; zeros of damaged files."""
    damaged: Mapping[int, DamagedFileError]
    """What is wrong with the files of an item, by its number."""


def decoded(items: Sequence[Files], digests: Sequence[str], decoder: Decoder) -> Decoded:
    """The pixels of some files, from the cache, where they are put if they are not there yet.

    Args:
        items: the files of each.
        digests: of all these files, one after the other: whoever has files of the same contents finds their pixels.
        decoder: what is made of them.

    Raises:
        InputError: a file cannot be read, or there is no room for the pixels.
    """
    decode, shapes, settings = decoder
    identity = {"version": _VERSION, "settings": dict(settings), "files": list(digests)}
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:20]

    def attempt(files: Files) -> tuple[np.ndarray, ...] | DamagedFileError:
        try:
            return decode(files)
        except DamagedFileError as error:
            return error

    def make(folder: Path) -> None:
        needed, free = len(items) * sum(map(math.prod, shapes.values())), shutil.disk_usage(folder).free
        if needed > free:
            raise InputError(
                f"{len(items)} images take {needed / 1e9:.1f} GB, and {cache_folder()} has {free / 1e9:.1f} GB left; "
                f"allowed: fewer or smaller ones, or another folder, in {CACHE}"
            )
        damaged = {}
        with ExitStack() as stack, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow, about what it reads all the same
            outputs = [stack.enter_context((folder / f"{name}.npy").open("wb")) for name in shapes]
            for output, shape in zip(outputs, shapes.values(), strict=True):
                header = {"descr": "|u1", "fortran_order": False, "shape": (len(items), *shape)}
                np.lib.format.write_array_header_1_0(output, header)
            for number, found in enumerate(over_files("decoding", attempt, items)):
                if isinstance(found, DamagedFileError):
                    damaged[number] = (items[number].index(found.path), found.reason)
                    found = [np.zeros(shape, np.uint8) for shape in shapes.values()]
                for output, array in zip(outputs, found, strict=True):
                    output.write(array.tobytes())
        (folder / "damaged.json").write_text(json.dumps(damaged))

    folder = kept(f"images/{key}", make)
    try:
        arrays = {name: Rows.of(folder / f"{name}.npy") for name in shapes}
        damaged = json.loads((folder / "damaged.json").read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{folder} of the cache is damaged: {error}; remove it, and it is made anew") from error
    return Decoded(
        arrays,
        {int(number): DamagedFileError(items[int(number)][file], why) for number, (file, why) in damaged.items()},
    )


@dataclass(frozen=True, eq=False)
class DecodedSource:
    """Some of the images of a folder, and what is to be found of each."""

    images: Rows
    targets: Rows | Int[np.ndarray, " all"]
    rows: Int[np.ndarray, " items"]
    """Which of them these are."""

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, indices: Int[np.ndarray, " batch"]) -> Batch:
        return Batch(unit_range(self.images[self.rows[indices]]), self.read_targets(indices))

    def read_targets(self, indices: Int[np.ndarray, " batch"]) -> Int[np.ndarray, "batch ..."]:
        """The targets of the items at `indices`; no image is read."""
        return self.targets[self.rows[indices]].astype(np.int32)

    def digests(self, indices: Int[np.ndarray, " batch"]) -> list[bytes]:
        """What identifies the images at `indices`, by their bytes."""
        return image_digests(self.images[self.rows[indices]])
