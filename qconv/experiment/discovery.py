"""Where experiments are found: `experiments/` in the working directory, then the ones that come with qconv.

Nothing is registered: a module `experiments/NAME.py` that ends in an object `experiment` is the experiment NAME, and
one that ends in an object `table` is the table NAME. `available` reads only docstrings and imports nothing, so that
listing is quick.
"""

import ast
import importlib
import sys
from pathlib import Path
from types import ModuleType

import qconv

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
                tree = ast.parse(path.read_bytes())
            except (OSError, ValueError, SyntaxError) as error:
                line = f"{error.msg}, line {error.lineno}" if isinstance(error, SyntaxError) else error
                if kind == "experiment":
                    found.setdefault(path.stem, f"(cannot be read: {line})")
                continue
            if kind in _assigned_names(tree):
                found.setdefault(path.stem, (ast.get_docstring(tree) or "").split("\n")[0])
    return dict(sorted(found.items()))


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
