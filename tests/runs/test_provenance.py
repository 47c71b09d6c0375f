"""What computed a run, what is made of it when it is read again, and which commit is whose."""

import json
import subprocess
from pathlib import Path

import pytest
from PIL import Image
from rich.console import Console

import qconv
from qconv.errors import InputError, RunError
from qconv.measurements.svm import RbfSvm
from qconv.runs.provenance import Provenance, differences, of_run, source_commit, with_another
from qconv.runs.run_directory import RunDirectory, read_run
from qconv.runs.summary import MeasuredSummary
from qconv.tables.cells import run_cell
from qconv.tables.results import collect
from qconv.tables.rows import Row, seeds
from tests.processes import TINY, Workshop

QUIET = Console(quiet=True)


def written(folder: Path, numerics: int | None) -> None:
    """Makes a run look as if other numerics had computed it; None: as if it were from before there were any."""
    for name in ("spec.json", "summary.json"):
        if (path := folder / name).exists():
            stored = json.loads(path.read_text())
            for entry in stored["provenance"]:
                entry["numerics"] = numerics
            if numerics is None:
                del stored["provenance"]
            path.write_text(json.dumps(stored))


def test_a_summary_says_what_computed_it(tmp_path: Path) -> None:
    summary = run_cell("table", RbfSvm(), tmp_path, QUIET)
    (entry,) = summary.provenance
    versions = dict(entry.versions)
    assert entry.numerics == qconv.NUMERICS and entry.device == "1 x cpu"
    assert versions["qconv"] == qconv.__version__ and {"jax", "numpy", "scikit-learn"} <= set(versions)
    assert (entry.commit, entry.clean) == source_commit()
    assert summary.provenance == (Provenance.now()._replace(date=entry.date),)
    (folder,) = tmp_path.glob("table/*/seed0")
    assert of_run(json.loads((folder / "summary.json").read_text())) == summary.provenance


def test_every_version_that_worked_on_a_run_is_named_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = Provenance.now()
    for commit in ("a" * 40, "a" * 40, "b" * 40):
        monkeypatch.setattr(Provenance, "now", lambda commit=commit: now._replace(commit=commit))
        with RunDirectory("name", RbfSvm(), tmp_path) as run:
            found = [entry.commit for entry in run.provenance]
    assert found == ["a" * 40, "b" * 40]
    assert with_another((now,), now._replace(date="1999-01-01")) == (now,)


def test_a_summary_whose_spec_is_gone_is_of_its_numerics_too(tmp_path: Path) -> None:
    run_cell("table", RbfSvm(), tmp_path, QUIET)
    (folder,) = tmp_path.glob("table/*/seed0")
    written(folder, qconv.NUMERICS - 1)
    (folder / "spec.json").unlink()
    summary = run_cell("table", RbfSvm(), tmp_path, QUIET, renew=True)
    assert summary.provenance[-1].numerics == qconv.NUMERICS
    assert (folder.parent / f"numerics-{qconv.NUMERICS - 1}" / "seed0" / "summary.json").exists()


def test_what_differs_is_named() -> None:
    now = Provenance(2, "b" * 40, True, (("qconv", "0.2"), ("jax", "0.12")), "8 x gpu", "2027-01-01")
    then = Provenance(1, "a" * 40, True, (("qconv", "0.2"), ("jax", "0.10")), "1 x cpu", "2026-01-01")
    words = "numerics 1, now 2; jax 0.10, now 0.12; commit aaaaaaaaaa, now commit bbbbbbbbbb; 1 x cpu, now 8 x gpu"
    assert differences(then, now) == words
    assert differences(now, now) == "" and differences(now._replace(date="2026-01-01"), now) == ""
    changed = now._replace(clean=False)  # what the changes are nobody knows
    assert differences(changed, changed) == "commit bbbbbbbbbb with changes, now commit bbbbbbbbbb with changes"
    assert "from before runs said what computed them" in differences(of_run({})[0], now)


def test_half_a_run_of_other_numerics_is_not_gone_on_with(tmp_path: Path) -> None:
    with RunDirectory("name", RbfSvm(), tmp_path) as run:
        (run.folder / "checkpoints").mkdir()
    written(run.folder, qconv.NUMERICS - 1)
    before = {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")}
    words = rf"was begun with numerics {qconv.NUMERICS - 1}, and these are {qconv.NUMERICS}: going on would mix the two"
    with pytest.raises(RunError, match=words), RunDirectory("name", RbfSvm(), tmp_path):
        pass
    assert {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")} == before
    with RunDirectory("name", RbfSvm(), tmp_path, renew=True) as again:
        assert not (again.folder / "checkpoints").exists()
    aside = run.folder.parent / f"numerics-{qconv.NUMERICS - 1}" / "seed0"
    assert (aside / "checkpoints").is_dir() and (aside / "spec.json").exists()
    written(run.folder, qconv.NUMERICS - 1)
    words = r"is there already; remove one of them$"
    with pytest.raises(RunError, match=words), RunDirectory("name", RbfSvm(), tmp_path, renew=True):
        pass


@pytest.mark.parametrize("numerics", [qconv.NUMERICS + 1, None])
def test_cells_of_other_numerics_are_no_results(tmp_path: Path, numerics: int | None) -> None:
    row = Row("row", seeds(RbfSvm(), range(2)))
    for cell in row.cells:
        run_cell("table", cell, tmp_path, QUIET)
    (full,) = collect("table", [row], tmp_path, {})
    assert len(full.ours.values) == 2 and not full.problem
    (folder,) = tmp_path.glob("table/*/seed1")
    written(folder, numerics)
    (result,) = collect("table", [row], tmp_path, {})
    assert len(result.ours.values) == 1 and result.problem == "1 of 2 cells: other numerics"
    assert result.reason == (
        f"computed with numerics {numerics}, and these are {qconv.NUMERICS}; --renew runs them again"
    )
    run_cell("table", row.cells[1], tmp_path, QUIET, renew=True)
    (again,) = collect("table", [row], tmp_path, {})
    assert (
        again.ours.values == full.ours.values
        and (folder.parent / f"numerics-{numerics}" / "seed1" / "summary.json").exists()
    )


def test_damaged_results_cost_their_own_row(tmp_path: Path) -> None:
    rows = [Row(str(seed), (RbfSvm(seed=seed),)) for seed in range(2)]
    for row in rows:
        run_cell("table", row.cells[0], tmp_path, QUIET)
    (scores,) = tmp_path.glob("table/*/seed0/scores.npz")
    scores.write_bytes(b"damaged")
    damaged, whole = collect("table", rows, tmp_path, {})
    assert damaged.problem == "damaged" and damaged.reason.startswith(f"cannot read {scores}: ")
    assert not damaged.ours.values and not damaged.is_complete
    assert len(whole.ours.values) == 1 and not whole.problem


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    place = Workshop.make(tmp_path_factory)
    process = place.run("train", "tiny")
    assert process.returncode == 0, process.stderr
    return place


def test_a_run_whose_ansatz_was_edited_is_not_used(workshop: Workshop) -> None:
    """Its angles would run through other gates: accuracy 1 would become 0, without a word."""
    folder = workshop.seed_folder("runs")
    own = workshop.folder / "experiments" / "tiny.py"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    own.write_text(TINY.replace("circuit.ry(qubit, theta=angles[qubit])", "circuit.rx(qubit, theta=-angles[qubit])"))
    Image.new("L", (8, 8)).save(image := workshop.folder / "image.png")
    commands = ["evaluate", str(folder)], *([name, str(folder), str(image)] for name in ("predict", "explain"))
    processes = [workshop.run(*command) for command in commands]
    own.write_text(TINY.replace("RY on every qubit.", "A turn of every qubit."))
    again = workshop.run("evaluate", str(folder))
    own.write_text(TINY)
    for process in processes:
        assert process.returncode == 2 and process.stdout == ""
        assert process.stderr == (
            f"qconv: {folder} was trained with other code of experiments.tiny.Turns than there is now: its parameters "
            "mean nothing in it; bring that code back, or train again\n"
        )
    assert again.returncode == 0, again.stderr
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_commands_say_that_a_run_is_of_other_numerics(workshop: Workshop) -> None:
    folder = workshop.seed_folder("runs")
    contents = {name: (folder / name).read_text() for name in ("spec.json", "summary.json")}
    written(folder, qconv.NUMERICS + 1)
    numerics = f"numerics {qconv.NUMERICS + 1}, now {qconv.NUMERICS}"
    trained, evaluated = workshop.run("train", "tiny"), workshop.run("evaluate", str(folder))
    text = " ".join(trained.stdout.split())
    assert f"finished before, by other numerics: {numerics}" in text and "--renew sets it aside and trains anew" in text
    assert f"numerics {qconv.NUMERICS + 1}," in text.partition("quantum - twin")[2]
    assert f"what evaluates the run is not what trained it: {numerics}" in " ".join(evaluated.stdout.split())
    renewed = workshop.run("train", "tiny", "--renew")
    assert renewed.returncode == 0 and "finished before" not in renewed.stdout, renewed.stderr
    aside = folder.parent / f"numerics-{qconv.NUMERICS + 1}" / "seed0"
    assert workshop.run("evaluate", str(aside)).returncode == 0
    for name, text in contents.items():
        assert json.loads((folder / name).read_text())["run_id"] == json.loads(text)["run_id"]


def test_an_installed_qconv_has_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A virtual environment may lie in a checkout of something else, which does not track it."""

    def git(*command: str) -> None:
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True, capture_output=True)

    package = tmp_path / "env" / "qconv"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (tmp_path / "mine.py").touch()
    git("init")
    git("add", "mine.py")
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-m", "mine")
    monkeypatch.setattr(qconv, "__file__", str(package / "__init__.py"))
    assert source_commit.__wrapped__() == (None, None)
    git("add", "env")
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-m", "ours")
    commit, clean = source_commit.__wrapped__()
    assert commit and len(commit) == 40 and clean is True
    (package / "__init__.py").write_text("# changed")
    assert source_commit.__wrapped__() == (commit, False)


def test_a_damaged_spec_is_named(tmp_path: Path) -> None:
    with RunDirectory("name", RbfSvm(), tmp_path) as run:
        path = run.folder / "spec.json"
    whole = json.loads(path.read_text())
    path.write_text(json.dumps({key: value for key, value in whole.items() if key != "spec"}))
    with pytest.raises(RunError, match=r"cannot read .*spec\.json: it is not the spec of a run$"):
        read_run(run.folder)
    del whole["provenance"][0]["date"]
    path.write_text(json.dumps(whole))
    words = r"^what computed a run cannot be read: \["
    with pytest.raises(RunError, match=words), RunDirectory("name", RbfSvm(), tmp_path):
        pass


def test_an_error_of_the_input_leaves_a_finished_run_as_it_is(tmp_path: Path) -> None:
    with RunDirectory("name", RbfSvm(), tmp_path) as run:
        (run.folder / "twin").mkdir()
        (run.folder / "twin" / "scores.npz").write_bytes(b"scores")
        run.write_summary(MeasuredSummary("name", run.run_id, 0, 0.5, None, "1 x cpu", run.provenance, 1.0))
    before = sorted(path for path in run.folder.rglob("*") if path.name != ".lock")
    with pytest.raises(InputError), RunDirectory("name", RbfSvm(), tmp_path):
        raise InputError("no data")
    assert sorted(path for path in run.folder.rglob("*") if path.name != ".lock") == before


def test_an_error_of_the_input_brings_back_what_was_set_aside(tmp_path: Path) -> None:
    with RunDirectory("name", RbfSvm(), tmp_path) as run:
        pass
    written(run.folder, qconv.NUMERICS - 1)
    old = (run.folder / "spec.json").read_bytes()
    with pytest.raises(InputError), RunDirectory("name", RbfSvm(), tmp_path, renew=True) as again:
        assert (again.folder / "spec.json").read_bytes() != old
        raise InputError("no data")
    assert (run.folder / "spec.json").read_bytes() == old
    assert [path.name for path in run.folder.parent.iterdir()] == [run.folder.name]
