"""Blocks of a matrix on disk: written one by one, so that a job that was killed goes on where it was."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Float

from qconv.errors import InputError


class BlockStore:
    """A folder with the blocks of one matrix.

    Args:
        folder: made where it is not there.
        digest: of all that the blocks depend on.

    Raises:
        InputError: the folder has blocks of another matrix, or cannot be written.
    """

    def __init__(self, folder: Path, digest: str) -> None:
        self._folder = folder
        name = folder / "digest"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not name.exists():
                _written(name, lambda file: file.write_text(digest))
            known = name.read_text()
        except OSError as error:
            raise InputError(f"cannot write to {folder}: {error.strerror or error}") from error
        if known != digest:
            raise InputError(f"{folder} has blocks of another kernel or other points; allowed: a folder of its own")

    def read(self, place: tuple[int, int]) -> Float[np.ndarray, "rows columns"] | None:
        """The block at a place; None if it is not there."""
        path = self._path(place)
        return np.load(path) if path.exists() else None

    def write(self, place: tuple[int, int], block: Float[np.ndarray, "rows columns"]) -> None:
        """Writes a block, all of it or nothing."""

        def save(path: Path) -> None:
            with path.open("wb") as file:
                np.save(file, block)

        _written(self._path(place), save)

    def _path(self, place: tuple[int, int]) -> Path:
        return self._folder / f"{place[0]:05}-{place[1]:05}.npy"


def _written(path: Path, write: Callable[[Path], object]) -> None:
    """Writes a file under another name first: under its own it is there as a whole."""
    scratch = path.with_name(f"{path.name}.{os.getpid()}.partial")
    write(scratch)
    scratch.rename(path)
