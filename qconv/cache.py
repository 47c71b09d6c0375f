"""What takes long to make is made once and kept on disk, in a folder named by what it was made of.

The cache may be removed at any time: what is wanted again is made again.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

from qconv.errors import InputError

CACHE = "QCONV_CACHE"
"""The environment variable with the folder of the cache; without it, ~/.cache/qconv, or where XDG_CACHE_HOME says."""


def cache_folder() -> Path:
    """Where the cache is; nothing is made there."""
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get(CACHE) or Path(home) / "qconv").expanduser().absolute()


def kept(name: str, make: Callable[[Path], None]) -> Path:
    """A folder of the cache, which is made where it is not there yet, by one process while others wait for it.

    It has its name only when all of it is there: what was left half made, by a process that was killed, is made anew.

    Args:
        name: of the folder in the cache, a digest of all that its files depend on, such as "images/8a97146f2c".
        make: writes the files into an empty folder.

    Raises:
        InputError: the cache cannot be written; and whatever `make` raises.
    """
    folder = cache_folder() / name
    if folder.is_dir():  # of a cache that others share, and that nobody may write to, too
        return folder
    scratch = folder.with_name(f"{folder.name}.partial")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if folder.is_dir():  # another process has made it meanwhile
                return folder
            with suppress(FileNotFoundError):
                shutil.rmtree(scratch)
            scratch.mkdir()
            try:
                make(scratch)
                scratch.rename(folder)
            except BaseException:
                shutil.rmtree(scratch, ignore_errors=True)
                raise
    except OSError as error:
        raise InputError(
            f"cannot write the cache in {cache_folder()}: {error.strerror or error}; {CACHE} names another folder"
        ) from error
    return folder
