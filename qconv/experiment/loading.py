"""Experiments by name."""

import ast
import difflib
import traceback
from pathlib import Path
from typing import TypeVar

from qconv.errors import InputError
from qconv.experiment.discovery import PACKAGE, available, import_from, search_path
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
    known = available(kind)
    if name not in known:
        for path in (folder / f"{name}.py" for folder in search_path()):
            if path.is_file():
                _require_python(path)
                raise InputError(f"{path} has no object `{kind}`; allowed: {kind} = {cls.__name__}(...)")
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise InputError(f"no {kind} {name!r}; {hint}allowed: {', '.join(known) or 'none found'}")
    try:
        module = import_from(f"{PACKAGE}.{name}")
    except SyntaxError as error:
        raise InputError(f"{error.filename}, line {error.lineno}: {error.msg}") from error
    except Exception as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).name == f"{name}.py"]
        where = f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else f"{kind} {name!r}"
        raise InputError(f"{where}: {type(error).__name__}: {error}") from error
    found = getattr(module, kind, None)
    if not isinstance(found, cls):
        raise InputError(f"{module.__file__}: `{kind}` is {type(found).__name__}; allowed: {cls.__name__}")
    return found, module.__doc__ or ""


def _require_python(path: Path) -> None:
    try:
        ast.parse(path.read_bytes())
    except SyntaxError as error:
        raise InputError(f"{path}, line {error.lineno}: {error.msg}") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
