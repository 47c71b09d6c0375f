"""Experiments by name."""

import difflib
import traceback
from pathlib import Path
from typing import TypeVar

from qconv.errors import InputError
from qconv.experiment.discovery import PACKAGE, available, import_from, of_line, parsed, search_path
from qconv.experiment.experiment import Experiment

T = TypeVar("T")


def load(name: str) -> tuple[Experiment, str]:
    """An experiment and the docstring of its module.

    Args:
        name: a name that `available` lists.

    Raises:
        InputError: no such experiment, or a mistake in its module; the message says in which line.
    """
    return load_object(name, "experiment", Experiment)


def load_object(name: str, kind: str, cls: type[T]) -> tuple[T, str]:
    """The object named `kind`, of the class `cls`, that the module `experiments/NAME.py` ends in, and its docstring.

    Raises:
        InputError: no such module, a mistake in it, or the object is of another class.
    """
    known, path = available(kind), _file(name)
    if path is None:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise InputError(f"no {kind} {name!r}; {hint}allowed: {', '.join(known) or 'none found'}")
    parsed(path)
    if name not in known:
        raise InputError(f"{path} has no object `{kind}`; allowed: {kind} = {cls.__name__}(...)")
    try:
        module = import_from(f"{PACKAGE}.{name}")
    except Exception as error:
        if isinstance(error, SyntaxError) and error.filename:  # of a module that it imports
            raise InputError(f"{error.filename}{of_line(error)}: {error.msg}") from error
        frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).name == f"{name}.py"]
        where = f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else f"{kind} {name!r}"
        raise InputError(f"{where}: {type(error).__name__}: {error}") from error
    found = getattr(module, kind, None)
    if not isinstance(found, cls):
        raise InputError(f"{module.__file__}: `{kind}` is {type(found).__name__}; allowed: {cls.__name__}")
    return found, module.__doc__ or ""


def _file(name: str) -> Path | None:
    """Where a module is found first."""
    files = (path for folder in search_path() for path in folder.glob("*.py"))
    return next((path for path in files if path.stem == name), None)
