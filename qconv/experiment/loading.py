"""Experiments by name."""

import difflib
import traceback
from pathlib import Path

from qconv.errors import InputError
from qconv.experiment.discovery import PACKAGE, available, import_from, search_path
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
        for path in (folder / f"{name}.py" for folder in search_path()):
            if path.is_file():
                raise InputError(f"{path} has no object `experiment`; allowed: experiment = Experiment(...)")
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise InputError(f"no experiment {name!r}; {hint}allowed: {', '.join(known) or 'none found'}")
    try:
        module = import_from(f"{PACKAGE}.{name}")
    except SyntaxError as error:
        raise InputError(f"{error.filename}, line {error.lineno}: {error.msg}") from error
    except Exception as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).name == f"{name}.py"]
        where = f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else f"experiment {name!r}"
        raise InputError(f"{where}: {type(error).__name__}: {error}") from error
    experiment = getattr(module, "experiment", None)
    if not isinstance(experiment, Experiment):
        raise InputError(f"{module.__file__}: `experiment` is {type(experiment).__name__}; allowed: Experiment")
    return experiment, module.__doc__ or ""
