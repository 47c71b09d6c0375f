"""What of a user's code is part of a run's id: what computes, and nothing else."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import flax.linen as nn
import pytest

from qconv.ansatz.strongly_entangling import StronglyEntangling
from qconv.experiment.code import own_code
from qconv.experiment.discovery import import_from
from tests.processes import ROOT

HELPERS = '''"""Helpers."""

SCALE = 2.0
OTHER = 3.0


def turn(circuit, qubit, theta):
    """Prose."""
    circuit.ry(qubit, theta=SCALE * theta)


def unused():
    return OTHER
'''
BASES = '''"""Bases."""

from qconv.ansatz.base import Ansatz


class Layered(Ansatz):
    """A base class."""

    def param_shape(self, num_qubits):
        return (num_qubits,)


class Unrelated:
    pass
'''
OWN = '''"""An experiment."""

from dataclasses import dataclass

from experiments.bases import Layered
from experiments.helpers import turn


@dataclass(frozen=True)
class Own(Layered):
    """An ansatz."""

    depth: int = 1
    """How deep."""

    def __call__(self, circuit, theta):
        # Each qubit.
        for qubit in range(circuit.num_qubits):
            turn(circuit, qubit, theta[qubit])


def rows():
    return [1, 2, 3]


experiment = rows()
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    experiments = tmp_path / "experiments"
    experiments.mkdir()
    for name, text in (("helpers", HELPERS), ("bases", BASES), ("own", OWN)):
        (experiments / f"{name}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "experiments"}
    yield experiments
    forget()
    sys.modules.update(before)  # classes of the library's experiments are the same as before


def forget() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "experiments"]:
        del sys.modules[name]


def digest(folder: Path, **changes: tuple[str, str]) -> str:
    """The digest of `Own` once words in the files have been replaced."""
    before = {name: (folder / f"{name}.py").read_text() for name in changes}
    for name, (old, new) in changes.items():
        assert old in before[name]
        (folder / f"{name}.py").write_text(before[name].replace(old, new))
    forget()
    found = own_code({import_from("experiments.own").Own})
    for name, text in before.items():
        (folder / f"{name}.py").write_text(text)
    assert list(found) == ["experiments.own.Own"]
    return found["experiments.own.Own"]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("own", "theta[qubit])", "-theta[qubit])"),
        ("own", "depth: int = 1", "depth: int = 2"),
        ("bases", "return (num_qubits,)", "return (1 + num_qubits,)"),
        ("helpers", "circuit.ry(", "circuit.rx("),
        ("helpers", "SCALE = 2.0", "SCALE = 1.0"),
        ("helpers", "SCALE = 2.0", "SCALE = 2.0\nif SCALE:\n    SCALE += 1"),
        ("own", "experiment = rows()", "Own.param_shape = lambda self, n: (2 * n,)"),
    ],
)
def test_what_computes_counts(folder: Path, file: str, old: str, new: str) -> None:
    assert digest(folder, **{file: (old, new)}) != digest(folder)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("own", "An ansatz.", "The ansatz of a paper."),
        ("own", "How deep.", "Layers."),
        ("own", "        # Each qubit.\n", ""),
        ("own", "[1, 2, 3]", "[1, 2, 3, 4]"),
        ("own", "def rows", "\n\n\ndef rows"),
        ("bases", "A base class.", "The base class."),
        ("bases", "class Unrelated:\n    pass", "class Unrelated:\n    x = 1"),
        ("helpers", '    """Prose."""\n', ""),
        ("helpers", "OTHER = 3.0", "OTHER = 4.0"),
    ],
)
def test_prose_and_what_is_not_used_do_not(folder: Path, file: str, old: str, new: str) -> None:
    assert digest(folder, **{file: (old, new)}) == digest(folder)


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("from experiments import helpers", "helpers.turn("),
        ("import experiments.helpers", "experiments.helpers.turn("),
        ("import experiments.helpers as tools", "tools.turn("),
        ("from .helpers import turn as go", "go("),
        ("from . import helpers", "helpers.turn("),
        ("from experiments.helpers import *", "turn("),
    ],
)
def test_every_kind_of_import_is_followed(folder: Path, line: str, call: str) -> None:
    text = OWN.replace("from experiments.helpers import turn", line).replace("            turn(", f"            {call}")
    assert call in text
    (folder / "own.py").write_text(text)
    assert digest(folder, helpers=("circuit.ry(", "circuit.rx(")) != digest(folder)


def test_an_import_inside_a_function_is_followed(folder: Path) -> None:
    text = OWN.replace("from experiments.helpers import turn\n", "").replace(
        "        # Each qubit.\n", "        from experiments.helpers import turn\n\n"
    )
    (folder / "own.py").write_text(text)
    assert digest(folder, helpers=("circuit.ry(", "circuit.rx(")) != digest(folder)


def test_a_class_of_qconv_or_python_is_known_by_its_name() -> None:
    assert own_code({StronglyEntangling, dict, Path}) == {}


def test_a_class_of_another_library_is_known_by_its_version() -> None:
    assert own_code({pytest.Item}) == {"_pytest.nodes.Item": f"pytest {pytest.__version__}"}
    assert own_code({nn.Dense}) == {}  # the provenance of a run names flax


def test_looking_for_code_of_ones_own_looks_at_no_package(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There may be hundreds, and `qconv --help` answers at once."""
    monkeypatch.setattr("qconv.experiment.code._packages", lambda: pytest.fail("looked at packages"))
    assert list(own_code({import_from("experiments.own").Own, StronglyEntangling})) == ["experiments.own.Own"]


def test_looking_for_code_imports_no_library(folder: Path) -> None:
    (folder / "own.py").write_text(
        OWN.replace("def rows", "def later():\n    from sklearn import datasets\n\n\ndef rows")
    )
    program = """
import sys
from qconv.experiment.code import own_code
from qconv.experiment.discovery import import_from
found = own_code({import_from("experiments.own").Own})
print(list(found), "sklearn" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder.parent,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "['experiments.own.Own'] False\n", done.stderr


def test_code_is_what_was_imported_and_not_what_is_edited_meanwhile(folder: Path) -> None:
    cls = import_from("experiments.own").Own
    before = own_code({cls})
    (folder / "own.py").write_text(OWN.replace("depth: int = 1", "depth: int = 2"))
    assert own_code({cls}) == before
    forget()
    assert own_code({import_from("experiments.own").Own}) != before


def test_a_package_of_ones_own_without_init_is_ones_own(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder.parent / "gates_of_mine").mkdir()
    (folder.parent / "gates_of_mine" / "ladders.py").write_text("class Ladder:\n    depth = 1\n")
    monkeypatch.syspath_prepend(folder.parent)
    found = own_code({importlib.import_module("gates_of_mine.ladders").Ladder})
    assert list(found) == ["gates_of_mine.ladders.Ladder"]
    del sys.modules["gates_of_mine.ladders"], sys.modules["gates_of_mine"]
