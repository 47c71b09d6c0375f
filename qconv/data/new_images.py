"""Pictures that a network has not seen yet: files, read as the images that it was trained on."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float, Int, UInt8

from qconv.data.checked import checked_element
from qconv.data.dataset import LARGEST, Batch, Dataset, beyond_float32, target_kind, unit_range
from qconv.data.folder import visible
from qconv.data.image_files import ENDINGS, Form, read_image
from qconv.errors import InputError


class Picture(NamedTuple):
    """A file that is to be read."""

    path: Path
    name: Path
    """Its path in the folder that was named, or its name where it was named itself."""


def pictures_in(paths: Sequence[Path]) -> list[Picture]:
    """The files that are named, and those in folders that are; of a folder in order, without what is hidden.

    Raises:
        InputError: none is named, one is not there, or a folder has none.
    """
    if not paths:
        raise InputError("no images are given; allowed: files and folders of images")
    found: list[Picture] = []
    for path in paths:
        if path.is_dir():
            inside = [Picture(file, file.relative_to(path)) for file in _files(path)]
            if not inside:
                raise InputError(f"no images in {path}; allowed: files that end in {', '.join(ENDINGS)}")
            found += inside
        elif path.exists():
            found.append(Picture(path, Path(path.name)))
        else:
            raise InputError(f"there is no file or folder {path}")
    return found


def _files(folder: Path) -> list[Path]:
    """The images in a folder, then those in the folders in it, in order."""
    folders, files = visible(folder)
    return files + [file for inner in folders for file in _files(inner)]


@dataclass(frozen=True, eq=False)
class NewImages:
    """Pictures as a source: read when they are asked for, and prepared as the images of a dataset are.

    Targets are zeros. Of a file that cannot be read all pixels are 0, and `damaged` says why.
    """

    data: Dataset
    """Whose images they are to be like."""
    pictures: Sequence[Picture]
    """The files."""
    damaged: dict[int, InputError] = field(default_factory=dict)
    """What is wrong with a file, by its number, of those that have been read."""

    in_memory: ClassVar[bool] = False
    """Images in files are not: they are read beforehand."""

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, indices: Int[np.ndarray, " batch"]) -> Batch:
        """The pictures at `indices`.

        Raises:
            InputError: the images of the dataset are no pictures, or become numbers that float32 cannot hold.
        """
        numbers, rows = np.unique(indices, return_inverse=True)  # a batch is filled up with its last item
        element = checked_element(self.data)
        images = self.data.prepared(self.read(numbers))
        if images.shape[1:] != element.inputs or beyond_float32(images):
            raise InputError(
                f"pictures become images of shape {images.shape[1:]}; allowed: {element.inputs}, of numbers up to "
                f"{LARGEST:.1e}"
            )
        targets = np.zeros((len(indices), *element.targets), target_kind(element.num_classes))
        return Batch(images[rows].astype(np.float32), targets)

    def read(self, numbers: Int[np.ndarray, " few"]) -> Float[np.ndarray, "few height width channels"]:
        """Pictures before they are prepared, in [0, 1]."""
        form = self.data.form
        with ThreadPoolExecutor() as pool:
            found = list(pool.map(lambda number: self._read(int(number), form), numbers))
        blank = np.zeros((form.height, form.width, form.channels), np.uint8)
        return unit_range(np.stack([blank if pixels is None else pixels for pixels in found]))

    def _read(self, number: int, form: Form) -> UInt8[np.ndarray, "height width channels"] | None:
        try:
            return read_image(self.pictures[number].path, form)
        except InputError as error:
            self.damaged[number] = error
            return None
