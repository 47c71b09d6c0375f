"""The SHA-256 of files; those that have not changed are not read again."""

import hashlib
import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from qconv.cache import cache_folder
from qconv.data.file_work import over_files
from qconv.errors import InputError

_SETTLED = 2 * 10**9
"""Nanoseconds after which a file that changes again has another time, on all file systems."""

_Entry = tuple[list[int], str]
"""Size and times of a file, and its digest."""


def file_digests(folder: Path, files: Sequence[Path]) -> list[str]:
    """The SHA-256 of each of some files below a folder, in their order.

    They are kept in the cache with size and times of each file, by which it is known whether it has changed since.

    Raises:
        InputError: a file cannot be read.
    """
    place = folder.absolute()
    index = cache_folder() / "digests" / f"{hashlib.sha256(os.fsencode(place)).hexdigest()[:20]}.json"
    known, names = _read(index), [path.relative_to(folder).as_posix() for path in files]
    now, states = time.time_ns(), {name: _state(path) for name, path in zip(names, files, strict=True)}
    changed = [name for name in names if name not in known or known[name][0] != states[name]]
    digests = over_files(f"reading {folder.name}", _digest, [folder / name for name in changed])
    found = {name: digest for name, (_, digest) in known.items()} | dict(zip(changed, digests, strict=True))
    if changed:
        # A file that was written just now may be written again without having another time.
        settled = {name: (state, found[name]) for name, state in states.items() if now - max(state[1:]) > _SETTLED}
        _write(index, settled)
    return [found[name] for name in names]


def _state(path: Path) -> list[int]:
    try:
        found = path.stat()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error


def _read(index: Path) -> dict[str, _Entry]:
    with suppress(OSError, ValueError):
        return {name: (state, digest) for name, (state, digest) in json.loads(index.read_text()).items()}
    return {}


def _write(index: Path, entries: dict[str, _Entry]) -> None:
    scratch = index.with_suffix(f".{os.getpid()}")
    with suppress(OSError):  # they are computed again
        index.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_text(json.dumps(entries))
        scratch.replace(index)
