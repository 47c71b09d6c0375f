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
from jaxtyping import Int, Shaped, UInt8

from qconv.cache import CACHE, cache_folder, kept
from qconv.data.dataset import Batch, unit_range
from qconv.data.file_work import over_files
from qconv.data.image_files import DamagedFileError
from qconv.errors import InputError

Files = tuple[Path, ...]
"""Those of one item: an image, or an image and its mask."""

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
class Decoded:
    """The pixels of some files, mapped into memory: only rows that are asked for are read."""

    arrays: Mapping[str, UInt8[np.ndarray, "items ..."]]
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
            # Written in order, and not through a map, which would end the process where the disk is full.
            for number, found in enumerate(over_files("decoding", attempt, items)):
                if isinstance(found, DamagedFileError):
                    damaged[number] = (items[number].index(found.path), found.reason)
                    found = [np.zeros(shape, np.uint8) for shape in shapes.values()]
                for output, array in zip(outputs, found, strict=True):
                    output.write(array.tobytes())
        (folder / "damaged.json").write_text(json.dumps(damaged))

    folder = kept(f"images/{key}", make)
    try:
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r").view(np.ndarray) for name in shapes}
        damaged = json.loads((folder / "damaged.json").read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{folder} of the cache is damaged: {error}; remove it, and it is made anew") from error
    return Decoded(
        arrays,
        {int(number): DamagedFileError(items[int(number)][file], why) for number, (file, why) in damaged.items()},
    )


@dataclass(frozen=True, eq=False)
class DecodedSource:
    """Some of the images of a map, and what is to be found of each."""

    images: UInt8[np.ndarray, "all height width channels"]
    targets: Shaped[np.ndarray, "all ..."]
    rows: Int[np.ndarray, " items"]
    """Which of them these are."""

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, indices: Int[np.ndarray, " batch"]) -> Batch:
        return Batch(unit_range(self.images[self.rows[indices]]), self.read_targets(indices))

    def read_targets(self, indices: Int[np.ndarray, " batch"]) -> Int[np.ndarray, "batch ..."]:
        """The targets of the items at `indices`; no image is read."""
        return self.targets[self.rows[indices]].astype(np.int32)
