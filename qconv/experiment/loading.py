"""Experiments by name."""

import difflib
import traceback
from pathlib import Path

from qconv.errors import InputError
from qconv.experiment.discovery import PACKAGE, available, import_from
from qconv.experiment.experiment import Experiment


def load(name: str) -> tuple[Experiment, str]:
    """An experiment and the docstring of its module.

    Args:
        name: a name that `available` lists.

    Raises:
        InputError: no such experiment, or a mistake in its module; the message says in which line.
    """
    known = available()
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise InputError(f"no experiment {name!r}; {hint}allowed: {', '.join(known) or 'none found'}")
    try:
        module = import_from(f"{PACKAGE}.{name}")
    except SyntaxError as error:
        raise InputError(f"experiment {name!r}, line {error.lineno}: {error.msg}") from error
    except Exception as error:
        file = f"{name}.py"
        lines = [
            frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).name == file
        ]
        where = f", line {lines[-1]}" if lines else ""
        raise InputError(f"experiment {name!r}{where}: {type(error).__name__}: {error}") from error
    if not isinstance(module.experiment, Experiment):
        raise InputError(
            f"experiment {name!r}: `experiment` is {type(module.experiment).__name__}; allowed: Experiment"
        )
    return module.experiment, module.__doc__ or ""
