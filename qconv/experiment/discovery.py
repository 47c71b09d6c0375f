"""Where experiments are found: `experiments/` in the working directory, then the ones that come with qconv.

Nothing is registered: a module `experiments/NAME.py` that ends in an object `experiment` is the experiment NAME.
`available` reads only docstrings, so it imports nothing.
"""

import ast
import difflib
import importlib
import sys
import traceback
from pathlib import Path
from types import ModuleType

import qconv
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment

_PACKAGE = "experiments"


def search_path() -> list[Path]:
    """Folders with experiments, the first match wins."""
    library = Path(qconv.__file__).parent
    # In an installed wheel the experiments lie inside the package, in a checkout beside it.
    folders = (Path.cwd() / _PACKAGE, library / _PACKAGE, library.parent / _PACKAGE)
    return list(dict.fromkeys(folder for folder in folders if folder.is_dir()))


def available() -> dict[str, str]:
    """Experiments by name, with the first line of their docstring."""
    found: dict[str, str] = {}
    for folder in search_path():
        for path in sorted(folder.glob("[!_]*.py")):
            try:
                tree = ast.parse(path.read_text(encoding="utf-8"))
            except SyntaxError as error:
                found.setdefault(path.stem, f"(cannot be read: {error.msg}, line {error.lineno})")
                continue
            if "experiment" in _assigned_names(tree):
                found.setdefault(path.stem, (ast.get_docstring(tree) or "").split("\n")[0])
    return dict(sorted(found.items()))


def _assigned_names(tree: ast.Module) -> set[str]:
    assignments = [node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    targets = [t for node in assignments for t in (node.targets if isinstance(node, ast.Assign) else [node.target])]
    return {target.id for target in targets if isinstance(target, ast.Name)}


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
        module = import_from(f"{_PACKAGE}.{name}")
    except SyntaxError as error:
        raise InputError(f"experiment {name!r}, line {error.lineno}: {error.msg}") from error
    except Exception as error:
        file = f"{name}.py"
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).name == file]
        where = f", line {lines[-1]}" if lines else ""
        raise InputError(f"experiment {name!r}{where}: {type(error).__name__}: {error}") from error
    if not isinstance(module.experiment, Experiment):
        raise InputError(f"experiment {name!r}: `experiment` is {type(module.experiment).__name__}; allowed: Experiment")
    return module.experiment, module.__doc__ or ""


def import_from(module: str) -> ModuleType:
    """Imports a module, `experiments.NAME` from the search path."""
    if module.split(".")[0] == _PACKAGE:
        # A package without a folder of its own: several folders serve it, and none has to be on sys.path.
        package = sys.modules.setdefault(_PACKAGE, ModuleType(_PACKAGE))
        package.__path__ = [str(folder) for folder in search_path()]
    return importlib.import_module(module)
