"""What a command may meet: text with brackets, notebooks, terminals that are ASCII, devices that are not there."""

import ast
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import qconv
from qconv.__main__ import main
from qconv.runs.mesh import missing_devices
from tests.processes import TINY, Workshop

Output = pytest.CaptureFixture[str]

ODD = "CNOTs [/CZ]. [arxiv:1905.10876] [bold]:smile:"
SOURCE = Path(qconv.__file__).parent


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """With an experiment whose prose has brackets and letters that ASCII lacks."""
    made = Workshop.make(tmp_path_factory)
    odd = TINY.replace("A tiny experiment that", f"{ODD} Größe θ that").replace("Number of layers", f"{ODD} layers")
    (made.folder / "experiments" / "odd.py").write_text(odd, encoding="utf-8")
    return made


@pytest.fixture
def inside(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Commands run in this process, in the workshop's folder."""
    monkeypatch.chdir(workshop.folder)
    monkeypatch.setenv("COLUMNS", "200")
    yield workshop.folder
    sys.modules.pop("experiments.odd", None)


SHORT = ("train", "odd", "--num-steps", "1", "--runs", "runs [/b]:smile:")


def test_brackets_in_docstrings_and_paths_are_no_markup(inside: Path, capsys: Output) -> None:
    main(["list"])
    assert f"{ODD} Größe θ that does" in capsys.readouterr().out
    main(SHORT)
    out = capsys.readouterr().out
    assert out.startswith("run directory runs [/b]:smile:/odd/")
    assert out.splitlines()[-1].startswith("run runs [/b]:smile:/odd/")


@pytest.mark.parametrize("command", ["train", "draw", "diagnose"])
def test_brackets_are_in_the_help_and_in_errors(inside: Path, capsys: Output, command: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main([command, "odd", "--help"])
    assert stop.value.code == 0
    assert " ".join(capsys.readouterr().out.split()).count(ODD) == 2  # the experiment's and the field's
    with pytest.raises(SystemExit) as stop:
        main([command, "[/b]:smile:"])
    assert stop.value.code == 2
    assert "no experiment '[/b]:smile:'; allowed: " in capsys.readouterr().err


def test_all_consoles_are_made_in_one_place() -> None:
    """Any other would take brackets for markup."""
    made = [
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Console"
    ]
    assert made == ["console.py"]


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (("list",), f"{ODD} Gro?e t that does"),
        (("train", "odd", "--help"), "Gro?e t that does"),
        (("draw", "odd", "--engines"), "q0 -RY(x0)--RY(t0)-\n\nq1 -RY(x1)--RY(t1)-\n"),
        (("table", "pesah2021", "--parts", "1000", "--part", "999"), "0 cells to run, 0 have been run before"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_terminals_that_are_ascii_get_similar_letters(
    inside: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], shown: str
) -> None:
    arrived = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(arrived, "ascii", write_through=True))
    try:
        main(command)
    except SystemExit as stop:
        assert stop.code == 0
    assert shown in arrived.getvalue().decode("ascii")


NOTEBOOK = {"MPLBACKEND": "module://nothing_of_this_name.backend_inline", "PYTHONIOENCODING": "ascii"}


def test_commands_of_a_notebook_draw_whatever_its_backend(workshop: Workshop) -> None:
    process = workshop.run("train", "odd", "--num-steps", "1", **NOTEBOOK)
    assert process.returncode == 0, process.stderr
    assert "| classical twin | " in process.stdout
    (run,) = (workshop.folder / "runs" / "odd").glob("*/seed0")
    assert (run / "curves.png").exists() and (run / "filters.png").exists()


def test_all_of_matplotlib_comes_from_the_module_that_hides_the_backend() -> None:
    """So `diagnose`, `table` and the scripts draw where `draw` and `train` do."""
    importers = {
        path.relative_to(SOURCE.parent).as_posix()
        for folder in ("qconv", "scripts", "benchmarks", "experiments")
        for path in (SOURCE.parent / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("matplotlib"))
        or (isinstance(node, ast.Import) and any(name.name.startswith("matplotlib") for name in node.names))
    }
    assert importers == {"qconv/figure.py"}


def test_the_backend_of_who_draws_in_the_same_process_is_kept(workshop: Workshop) -> None:
    code = (
        "import os, qconv.report.curves, matplotlib; assert os.environ['MPLBACKEND'] == 'svg'; "
        "print(matplotlib.get_backend())"
    )
    assert workshop.run(program=("-c", code), MPLBACKEND="svg").stdout == "svg\n"


@pytest.mark.parametrize(
    ("platforms", "command"),
    [
        ("rocm", "train odd"),
        ("no_such_thing", "table pesah2021 --output pages --runs cells"),
    ],
)
def test_devices_that_are_not_there_are_named(workshop: Workshop, platforms: str, command: str) -> None:
    before = set(workshop.folder.rglob("*"))
    process = workshop.run(*command.split(), JAX_PLATFORMS=platforms)
    assert process.returncode == 2
    assert process.stderr == (
        f"qconv: JAX_PLATFORMS = '{platforms}', but JAX has no such device here; "
        "allowed: 'cpu', or not set for whatever is there\n"
    )
    assert process.stdout == ""
    assert {path for path in set(workshop.folder.rglob("*")) - before if "__pycache__" not in str(path)} == set()


def test_devices_that_are_there_are_not_complained_of() -> None:
    assert missing_devices() == ""
