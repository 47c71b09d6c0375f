"""What a frozen network makes of images, on disk: each image is computed once, whatever data it is in."""

import sqlite3
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout
from jaxtyping import Float

from qconv.errors import RunError

_AT_ONCE = 500
"""Rows of one question: SQLite allows a limited number of names in it."""


class FeatureStore:
    """A file with a row of numbers for each image, which is known by a digest.

    SQLite writes it: a process that is killed leaves the rows that it has written, each of them whole.

    Args:
        path: of the file; it need not be there.
        numbers: of each row.
    """

    def __init__(self, path: Path, numbers: int) -> None:
        self._path, self._numbers = path, numbers

    @contextmanager
    def alone(self, waiting: str, say: Callable[[str], None]) -> Generator[None]:
        """One process at a time inside: who comes later finds the rows of the one before.

        Args:
            waiting: what to say where another process is inside.
            say: prints a line.

        Raises:
            RunError: the folder cannot be written.
        """
        lock = FileLock(self._path.with_suffix(".lock"))
        with self._using():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                say(waiting)
                lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def read(self, images: Sequence[bytes]) -> dict[bytes, Float[np.ndarray, " numbers"]]:
        """The rows of those of some images that are there, by image.

        Raises:
            RunError: the file cannot be read.
        """
        found: dict[bytes, np.ndarray] = {}
        if not self._path.exists():
            return found
        with self._using(), self._open() as database:
            for start in range(0, len(images), _AT_ONCE):
                some = images[start : start + _AT_ONCE]
                places = ", ".join("?" * len(some))
                rows = database.execute(f"SELECT image, numbers FROM features WHERE image IN ({places})", some)
                found |= {image: np.frombuffer(numbers, "<f4") for image, numbers in rows}
        if any(len(row) != self._numbers for row in found.values()):
            raise RunError(f"{self._path} has rows of another length than {self._numbers}; remove it")
        return found

    def write(self, images: Sequence[bytes], rows: Float[np.ndarray, "images numbers"]) -> None:
        """Keeps the rows of some images: all of them or none.

        Raises:
            RunError: the disk is full, or the file cannot be written.
        """
        values = [(image, row.astype("<f4").tobytes()) for image, row in zip(images, rows, strict=True)]
        with self._using(), self._open() as database, database:
            database.executemany("INSERT OR REPLACE INTO features VALUES (?, ?)", values)

    @contextmanager
    def _open(self) -> Generator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path)) as database:
            database.execute("CREATE TABLE IF NOT EXISTS features (image BLOB PRIMARY KEY, numbers BLOB NOT NULL)")
            yield database

    @contextmanager
    def _using(self) -> Generator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise RunError(
                f"cannot use {self._path}: {error}; it is made anew where it is removed, and QCONV_CACHE names "
                "another folder"
            ) from error
