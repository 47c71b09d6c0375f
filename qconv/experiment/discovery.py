"""Where experiments are found: `experiments/` in the working directory, then the ones that come with qconv.

Nothing is registered: a module `experiments/NAME.py` that ends in an object `experiment` is the experiment NAME, and
one that ends in an object `table` is the table NAME. `available` reads only docstrings and imports nothing, so that
listing is quick.
"""

import ast
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import qconv
from qconv.errors import InputError

PACKAGE = "experiments"


def search_path() -> list[Path]:
    """Folders with experiments, the first match wins."""
    library = Path(qconv.__file__).parent
    # In an installed wheel the experiments lie inside the package, in a checkout beside it.
    folders = (Path.cwd() / PACKAGE, library / PACKAGE, library.parent / PACKAGE)
    return list(dict.fromkeys(folder for folder in folders if folder.is_dir()))


def available(kind: str = "experiment") -> dict[str, str]:
    """Experiments, or modules with an object of another name, by name, with the first line of their docstring.

    Files that cannot be read are taken for experiments.
    """
    found: dict[str, str] = {}
    for folder in search_path():
        for path in sorted(folder.glob("[!_]*.py")):
            try:
                tree = parsed(path)
            except InputError as error:
                if kind == "experiment":
                    found.setdefault(path.stem, f"({str(error).removeprefix(str(path)).lstrip(',: ')})")
                continue
            if kind in _assigned_names(tree):
                found.setdefault(path.stem, (ast.get_docstring(tree) or "").split("\n")[0])
    return dict(sorted(found.items()))


def parsed(path: Path) -> ast.Module:
    """The module in a file.

    Raises:
        InputError: it cannot be imported by its name, be read, or be understood.
    """
    if "." in path.stem:
        raise InputError(f"{path}: the name of a module has no dots; rename it to {path.stem.replace('.', '_')}.py")
    try:
        source = importlib.util.decode_source(path.read_bytes())
    except (UnicodeError, SyntaxError) as error:  # Python's word for an encoding that it cannot find
        raise InputError(f"{path}: cannot be read as UTF-8: {error}") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    if "\0" in source:
        raise InputError(f"{path}: cannot be read as UTF-8: it has zero bytes, as text in UTF-16 has")
    try:
        return ast.parse(source, path)
    except SyntaxError as error:
        raise InputError(f"{path}{of_line(error)}: {error.msg}") from error


def of_line(error: SyntaxError) -> str:
    """Where the mistake is, if that is known."""
    return f", line {error.lineno}" if error.lineno else ""


def _assigned_names(tree: ast.Module) -> set[str]:
    assignments = [node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    targets = [t for node in assignments for t in (node.targets if isinstance(node, ast.Assign) else [node.target])]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def import_from(module: str) -> ModuleType:
    """Imports a module, `experiments.NAME` from the search path."""
    if module.split(".")[0] == PACKAGE:
        # A package without a folder of its own: several folders serve it, and none has to be on sys.path.
        package = sys.modules.setdefault(PACKAGE, ModuleType(PACKAGE))
        package.__path__ = [str(folder) for folder in search_path()]
    return importlib.import_module(module)
