"""JSON files: written whole or not at all, and never with what JSON cannot say."""

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qconv.errors import RunError


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file.

    Raises:
        RunError: the file cannot be read, or holds something else.
    """
    try:
        value = parse_json(path.read_text())
    except (OSError, ValueError) as error:
        raise RunError(f"cannot read {path}: {error}") from error
    if not isinstance(value, dict):
        raise RunError(f"cannot read {path}: it holds no JSON object")
    return value


def parse_json(text: str | bytes) -> Any:
    """The JSON value that a text holds.

    Raises:
        json.JSONDecodeError: the text is none.
        ValueError: it is not in UTF-8, or holds NaN or an infinity, which JSON has not, but Python reads.
    """

    def refuse(name: str) -> None:
        raise ValueError(f"it holds {name}, which is not JSON")

    return json.loads(text, parse_constant=refuse)


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Writes a JSON object to a file, all or nothing.

    Raises:
        RunError: the disk is full, the folder cannot be written, or a number is not finite, which JSON cannot say.
    """
    scratch = path.with_suffix(".tmp")
    text = json_text(path, value, indent=2)
    with writing(path):
        scratch.write_text(text + "\n")
        os.replace(scratch, path)


def json_text(path: Path, value: Any, indent: int | None = None) -> str:
    """A JSON value as it is written to `path`.

    Raises:
        RunError: a number is not finite, which JSON cannot say.
    """
    try:
        return json.dumps(value, indent=indent, allow_nan=False)
    except ValueError as error:
        raise RunError(f"cannot write {path}: a number is not finite") from error


@contextmanager
def writing(path: Path) -> Generator[None]:
    """What is written inside is `path`, or a part of it.

    Raises:
        RunError: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror or error}") from error
