"""The code that the classes of a spec are made of, where it is a user's own: what it computes is part of the run's id.

A class that comes with qconv, or with a package that it computes with, is known by its name, since their versions stand
in the summary of the run; one that comes with another installed package by the version of that. Any other class is
known by its source: of the class itself and, as far as it names them, of bases, functions, constants and imported
modules of one's own. Comments, docstrings and layout are no part of it.
"""

import ast
import hashlib
import importlib.metadata
import importlib.util
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from qconv.experiment.discovery import PACKAGE, parsed

COMPUTING = ("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "tensorcircuit-ng", "numpy", "scikit-learn")
"""The packages that qconv computes with: their versions are part of the provenance of a run, not of its id."""

Need = tuple[str, str]
"""A module and a name that it defines; "*" for all of them."""

_LIBRARIES = {
    Path(folder).resolve()
    for folder in (
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        *site.getsitepackages(),
        site.getusersitepackages(),
    )
}


def own_code(classes: Iterable[type]) -> dict[str, str]:
    """What is known of each class that comes neither with Python nor with qconv and what it computes with, by its name.

    Ten hexadecimal digits, a digest of its code; or its package with the version, such as "lab-gates 1.2".
    """
    found = {f"{cls.__module__}.{cls.__qualname__}": cls for cls in classes if not _is_known(_top(cls.__module__))}
    known = {name: _digest(found[name]) for name in sorted(found)}
    return {name: digest for name, digest in known.items() if digest}


def _digest(cls: type) -> str:
    """What is known of a class; nothing of one whose package the provenance of a run names."""
    if _file(cls.__module__):
        return hashlib.sha256(_code(cls).encode()).hexdigest()[:10]
    return _version(cls.__module__)


@lru_cache(maxsize=1024)
def _version(module: str) -> str:
    """The package that a module of a library comes with; of a module that comes with none, a digest of its file."""
    file, packages = _location(module), _packages().get(_top(module), [])
    if len(packages) > 1:  # which share a namespace
        packages = [name for name in packages if file in _files(name)]
    if not packages:
        return hashlib.sha256(file.read_bytes() if file else b"").hexdigest()[:10]
    return "" if packages[0] in COMPUTING else f"{packages[0]} {importlib.metadata.version(packages[0])}"


@lru_cache(maxsize=1)
def _packages() -> Mapping[str, list[str]]:
    """The installed packages of each top-level module: looking for them takes a while."""
    return {top: sorted(set(names)) for top, names in importlib.metadata.packages_distributions().items()}


def _files(package: str) -> set[Path]:
    return {Path(str(file.locate())).resolve() for file in importlib.metadata.files(package) or ()}


def _code(cls: type) -> str:
    """The source of everything that a class is made of."""
    found: dict[Need, str] = {}
    # The source of a class names its bases, but for those of a class that was made by a call.
    waiting: list[Need] = [(base.__module__, base.__qualname__.split(".")[0]) for base in cls.__mro__]
    while waiting:
        module, name = waiting.pop()
        if not (file := _file(module)):
            continue
        source = _source(module, file)
        names = source.texts if name == "*" else (name, "")  # what a module does besides may change any of its classes
        for need in [(module, name) for name in names if name in source.texts and (module, name) not in found]:
            found[need] = source.texts[need[1]]
            waiting += source.needs[need[1]]
    return "\n".join(f"# {module} {name}\n{found[module, name]}" for module, name in sorted(found))


class _Source:
    """A module of one's own, taken apart.

    Attributes:
        texts: the source of each definition, by name; by the empty name, that of statements which define nothing.
        needs: the definitions that each of them names.
    """

    def __init__(self, module: str, file: Path) -> None:
        tree = _WithoutProse().visit(parsed(file))
        statements: dict[str, list[ast.stmt]] = {}
        for statement in tree.body:
            if not isinstance(statement, ast.Import | ast.ImportFrom):  # what is imported counts where it is used
                for name in _defined(statement):
                    statements.setdefault(name, []).append(statement)
        imported: dict[str, list[Need]] = {}
        for name, need in _imports(tree, module, file):
            imported.setdefault(name, []).append(need)
        self.texts = {name: "\n".join(map(ast.unparse, own)) for name, own in statements.items()}
        self.needs: dict[str, list[Need]] = {}
        for name, own in statements.items():
            used = {node.id for part in own for node in ast.walk(part) if isinstance(node, ast.Name)}
            self.needs[name] = [(module, other) for other in used if other in statements]
            self.needs[name] += [need for other in (*used, "*") for need in imported.get(other, [])]


_sources: dict[str, tuple[Any, _Source]] = {}


def _source(module: str, file: Path) -> _Source:
    """A module as it was when it was first asked about after its import: what runs is not what is edited meanwhile."""
    imported = getattr(sys.modules.get(module), "__spec__", None)  # another one once it is imported again
    if imported is None or module not in _sources or _sources[module][0] is not imported:
        _sources[module] = imported, _Source(module, file)
    return _sources[module][1]


class _WithoutProse(ast.NodeTransformer):
    """Drops docstrings, those of fields too; comments are not in the tree."""

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Also drops them in the node's own body."""
        super().generic_visit(node)
        body: Any = getattr(node, "body", None)
        if isinstance(body, list):
            body[:] = [part for part in body if not _is_text(part)] or [ast.Pass()]
        return node


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _defined(statement: ast.stmt) -> list[str]:
    """The names that a statement defines and does nothing besides; else the empty name."""
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return [statement.name]
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    parts = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
    names = [part.id for part in parts if isinstance(part, ast.Name)]
    return names if names and len(names) == len(parts) else [""]


def _imports(tree: ast.Module, module: str, file: Path) -> Iterator[tuple[str, Need]]:
    """The names that imports bind, wherever they stand in a module, and what each stands for."""
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name.split(".")[0], (alias.name, "*")
        elif isinstance(node, ast.ImportFrom):
            relative = "." * node.level + (node.module or "")
            source = importlib.util.resolve_name(relative, package) if node.level else relative
            for alias in node.names:
                whole = f"{source}.{alias.name}"
                yield alias.asname or alias.name, (whole, "*") if _file(whole) else (source, alias.name)


def _file(module: str) -> Path | None:
    """The file of a module of one's own; None for one that comes with Python, with qconv or with another package."""
    top = _top(module)
    if top != PACKAGE and _is_library(top):
        return None
    file = _location(module)
    return file if file and file.suffix == ".py" else None


def _top(module: str) -> str:
    return module.split(".")[0]


def _is_known(top: str) -> bool:
    """Whether a top-level module is part of qconv or of Python."""
    return top in ("qconv", "__main__") or top in sys.stdlib_module_names


@lru_cache(maxsize=1024)
def _is_library(top: str) -> bool:
    """Whether a top-level module is not one's own; looked up without importing it, which may take seconds."""
    if _is_known(top):
        return True
    spec = _spec(top)
    places = [spec.origin] if spec and spec.has_location else getattr(spec, "submodule_search_locations", None) or []
    found = [Path(place).resolve() for place in places if place]  # of a package without __init__.py, its folders
    return not found or any(place.is_relative_to(folder) for place in found for folder in _LIBRARIES)


def _location(module: str) -> Path | None:
    spec = _spec(module)
    return Path(spec.origin).resolve() if spec and spec.has_location and spec.origin else None


def _spec(module: str) -> ModuleSpec | None:
    try:
        return getattr(sys.modules.get(module), "__spec__", None) or importlib.util.find_spec(module)
    except Exception:  # no module, but a name that one defines; or what a parent package raises when it is imported
        return None
