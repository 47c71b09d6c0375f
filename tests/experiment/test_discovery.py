"""Where experiments are found, and what is said of a broken one."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import qconv
from qconv.errors import InputError
from qconv.experiment.discovery import available, import_from, search_path
from qconv.experiment.loading import load
from qconv.experiment.spec import from_json, to_json
from qconv.tables.rows import load_table
from tests.processes import TINY

LIBRARY = Path(qconv.__file__).parents[1] / "experiments"
LINE = TINY[: TINY.index("strides=2")].count("\n") + 1


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """`experiments/` of the working directory; what is imported from it is forgotten."""
    before = set(sys.modules)
    (tmp_path / "experiments").mkdir()
    monkeypatch.chdir(tmp_path)
    yield tmp_path / "experiments"
    for module in set(sys.modules) - before:
        if module.startswith("experiments."):
            del sys.modules[module]


def test_own_experiments_are_found_beside_those_of_the_library(folder: Path) -> None:
    (folder / "mine.py").write_text(TINY)
    assert search_path() == [folder, LIBRARY]
    assert available().keys() | available("table").keys() == {"mine"} | {path.stem for path in LIBRARY.glob("[!_]*.py")}
    assert available().keys() & available("table").keys() == {"fusion"}  # an experiment whose table goes on from it
    assert available()["mine"] == "A tiny experiment that does at a given read of its images what a test wants."
    experiment, docstring = load("mine")
    assert type(experiment.data).__module__ == "experiments.mine"
    assert docstring.endswith("\n\nTrains in no time.\n")


def test_the_working_directory_wins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "experiments.quanv_digits", raising=False)
    (folder / "quanv_digits.py").write_text(TINY)
    assert available()["quanv_digits"].startswith("A tiny experiment")
    assert load("quanv_digits")[0].procedure.num_steps == 12


def test_the_library_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert search_path() == [LIBRARY]
    assert load("quanv_digits")[0].procedure.num_steps == 1000


def test_helpers_are_no_experiments_but_can_be_imported(folder: Path) -> None:
    (folder / "_shared.py").write_text("experiment = None\n")
    (folder / "gates.py").write_text('"""No experiment."""\nONE = 1\n')
    assert not {"_shared", "gates"} & available().keys()
    assert import_from("experiments.gates").ONE == 1


def test_a_near_miss_is_guessed(folder: Path) -> None:
    with pytest.raises(InputError) as error:
        load("quanv_digit")
    allowed = ", ".join(available())
    assert str(error.value) == f"no experiment 'quanv_digit'; did you mean 'quanv_digits'? allowed: {allowed}"


@pytest.mark.parametrize(
    ("source", "listed", "message"),
    [
        ("a = 1\nexperiment = (\n", "(line 2: '(' was never closed)", "line 2: '(' was never closed"),
        (TINY.replace("strides=2", "strid=2"), "A tiny", "unexpected keyword argument 'strid'"),
        (
            '"""Nope."""\nimport nothing\nexperiment = 1',
            "Nope.",
            "line 2: ModuleNotFoundError: No module named 'nothing'",
        ),
        ('"""Nope."""\nexperiment: int', "Nope.", "`experiment` is NoneType; allowed: Experiment"),
        ('"""Nope."""\nexperiment = 3', "Nope.", "`experiment` is int; allowed: Experiment"),
        ("experiment = 1 / 0", "", "line 1: ZeroDivisionError: division by zero"),
        (
            TINY.replace("strides=2", "strides=0"),
            "A tiny",
            f"line {LINE}: InputError: strides = 0; allowed: one or two whole",
        ),
    ],
)
def test_a_broken_experiment_is_listed_and_says_where_it_breaks(
    folder: Path, source: str, listed: str, message: str
) -> None:
    (folder / "broken.py").write_text(source)
    assert available()["broken"].startswith(listed)
    assert "quanv_digits" in available()
    with pytest.raises(InputError) as error:
        load("broken")
    assert str(error.value).startswith(str(folder / "broken.py"))
    assert message in str(error.value)


def test_bytes_that_are_no_text_do_not_stop_the_list(folder: Path) -> None:
    (folder / "latin.py").write_bytes(b'"""Gr\xfc\xdfe."""\nexperiment = 1\n')
    (folder / "zeros.py").write_bytes(b"experiment = 1\0")
    (folder / "folder.py").mkdir()
    (folder / "gone.py").symlink_to(folder / "nowhere.py")
    listed = available()
    for name in ("folder", "gone"):
        assert listed[name].startswith("(cannot be read: ")
        with pytest.raises(InputError):
            load(name)


def test_text_that_is_not_utf8_is_named(folder: Path) -> None:
    (folder / "wide.py").write_bytes(TINY.encode("utf-16"))
    (folder / "wider.py").write_bytes(TINY.encode("utf-16-be"))
    (folder / "zeros.py").write_bytes(b"experiment = 1\0")
    (folder / "latin.py").write_bytes(b'"""Gr\xfc\xdfe."""\nexperiment = 1\n')
    (folder / "declared.py").write_bytes(b'# coding: latin-1\n"""Gr\xfc\xdfe."""\nexperiment = 1\n')
    listed = available()
    for name in ("wide", "wider", "zeros", "latin"):
        assert listed[name].startswith("(cannot be read as UTF-8: ")
        with pytest.raises(InputError, match=re.escape(f"{folder / name}.py: cannot be read as UTF-8: ")) as error:
            load(name)
        assert "None" not in str(error.value)
    assert listed["declared"] == "Grüße."


@pytest.mark.parametrize("name", ["a.b", "v1.2.final", "..", ".hidden"])
def test_a_name_with_dots_is_listed_with_what_to_do(folder: Path, name: str) -> None:
    (folder / f"{name}.py").write_text(TINY)
    better = name.replace(".", "_")
    said = f"the name of a module has no dots; rename it to {better}.py"
    if not name.startswith("."):  # a glob leaves out hidden files
        assert available()[name] == f"({said})"
    with pytest.raises(InputError, match=re.escape(f"{folder / name}.py: {said}")):
        load(name)


@pytest.mark.parametrize("name", ["class", "my experiment", "Größe", "1st", "a-b"])
def test_names_that_python_cannot_write_run_all_the_same(folder: Path, name: str) -> None:
    (folder / f"{name}.py").write_text(TINY)
    experiment, _ = load(name)
    assert type(experiment.data).__module__ == f"experiments.{name}"
    assert from_json(to_json(experiment)) == experiment


def test_a_mistake_in_a_module_that_is_imported_is_said_with_its_line(folder: Path) -> None:
    (folder / "_helper.py").write_text("a = 1\nb = (\n")
    (folder / "_wide.py").write_bytes("a = 1".encode("utf-16"))
    (folder / "mine.py").write_text("import experiments._helper\nexperiment = 1\n")
    with pytest.raises(InputError, match=re.escape(f"{folder / '_helper.py'}, line 2: '(' was never closed")):
        load("mine")
    (folder / "other.py").write_text("import experiments._wide\nexperiment = 1\n")
    with pytest.raises(InputError, match=re.escape(f"{folder / 'other.py'}, line 1: SyntaxError: ")) as error:
        load("other")
    assert "None" not in str(error.value)


def test_a_file_without_the_object_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "empty.py").write_text('"""Nothing here."""\n')
    with pytest.raises(InputError) as error:
        load("empty")
    assert (
        str(error.value) == f"{folder / 'empty.py'} has no object `experiment`; allowed: experiment = Experiment(...)"
    )
    monkeypatch.delitem(sys.modules, "experiments.quanv_digits", raising=False)
    (folder / "quanv_digits.py").write_text('"""Hides the library\'s one."""\n')
    with pytest.raises(InputError, match=r"quanv_digits.py: `experiment` is NoneType; allowed: Experiment$"):
        load("quanv_digits")


def test_tables_are_found_like_experiments(folder: Path) -> None:
    (folder / "mine.py").write_text('"""My table.\n\nNotes."""\ntable = 3\n')
    (folder / "broken.py").write_text("table = (\n")
    assert available("table")["mine"] == "My table." and "mine" not in available()
    assert "broken" in available() and "broken" not in available("table")  # listed once
    for name, message in (
        ("mine", "`table` is int; allowed: Table"),
        ("broken", "broken.py, line 1: '(' was never closed"),
        ("quanv_digits", "quanv_digits.py has no object `table`; allowed: table = Table(...)"),
        ("hur2020", "no table 'hur2020'; did you mean 'hur2022'? allowed: "),
    ):
        with pytest.raises(InputError, match=re.escape(message)):
            load_table(name)
