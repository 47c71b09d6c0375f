"""Runs that are stopped, damaged or in each other's way end as if nothing had happened, or say what is wrong."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.processes import Workshop, finish, result


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop.make(tmp_path_factory)


@pytest.fixture(scope="module")
def straight(workshop: Workshop) -> Path:
    """A run that nothing stopped."""
    process = workshop.run("train", "tiny", "--runs", "straight")
    assert process.returncode == 0, process.stderr
    return workshop.seed_folder("straight")


@pytest.fixture(scope="module")
def killed(workshop: Workshop) -> str:
    """A folder with a run that was killed at step 11, when its newest checkpoint was of step 8."""
    assert train(workshop, "killed", AT="11 kill").returncode == -9
    return "killed"


def train(workshop: Workshop, runs: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return workshop.run("train", "tiny", "--runs", runs, **variables)


def copy(workshop: Workshop, runs: str, name: str) -> Path:
    shutil.copytree(workshop.folder / runs, workshop.folder / name)
    return workshop.seed_folder(name)


def newest_file(folder: Path, step: int) -> Path:
    """The largest file of a checkpoint."""
    files = [path for path in (folder / "checkpoints" / str(step) / "state").rglob("*") if path.is_file()]
    return max(files, key=lambda path: path.stat().st_size)


def assert_clear_error(process: subprocess.CompletedProcess[str], *parts: str) -> None:
    """One message that says `parts`, and no traceback."""
    assert process.returncode == 2, process.stderr
    assert "Traceback" not in process.stderr and process.stderr.count("\n") == 1, process.stderr
    assert process.stderr.startswith("qconv: ")
    for part in parts:
        assert part in process.stderr


@pytest.mark.parametrize(
    ("read", "network", "step"), [(7, "quantum", 4), (12 + 6, "classical twin", 4)], ids=["network", "twin"]
)
def test_kill_9_between_two_checkpoints(workshop: Workshop, straight: Path, read: int, network: str, step: int) -> None:
    runs = f"killed-{read}"
    assert train(workshop, runs, AT=f"{read} kill").returncode == -9
    assert not (workshop.seed_folder(runs) / "summary.json").exists()
    again = train(workshop, runs)
    assert again.returncode == 0, again.stderr
    assert f"{network}: going on from step {step}" in again.stdout
    assert result(workshop.seed_folder(runs)) == result(straight)


def test_kill_9_while_a_checkpoint_is_written(workshop: Workshop, straight: Path) -> None:
    process = workshop.start("train", "tiny", "--runs", "halved")
    runs = workshop.folder / "halved" / "tiny"
    while not list(runs.glob("*/seed0/checkpoints/*tmp*")):
        assert process.poll() is None, "no half-written checkpoint was seen"
    process.kill()
    finish(process)
    assert train(workshop, "halved").returncode == 0
    assert result(workshop.seed_folder("halved")) == result(straight)


def test_ctrl_c(workshop: Workshop, straight: Path) -> None:
    stopped = train(workshop, "stopped", AT="7 interrupt")
    assert stopped.returncode == 130
    assert stopped.stderr == "qconv: quantum: stopped and saved at step 7 of 12\n"
    again = train(workshop, "stopped")
    assert again.returncode == 0 and "quantum: going on from step 7" in again.stdout
    assert result(workshop.seed_folder("stopped")) == result(straight)


@pytest.mark.parametrize("damage", ["truncated", "one bit flipped", "missing"])
def test_a_damaged_newest_checkpoint_falls_back_to_the_one_before(
    workshop: Workshop, straight: Path, killed: str, damage: str
) -> None:
    folder = copy(workshop, killed, damage)
    file = newest_file(folder, 8)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(content if damage == "one bit flipped" else content[: len(content) // 2])
    again = train(workshop, damage)
    assert again.returncode == 0, again.stderr
    damaged, going_on = again.stderr.splitlines()
    assert damaged.startswith(f"qconv: checkpoint 8 in {folder.relative_to(workshop.folder)}/checkpoints is damaged (")
    assert going_on == "qconv: going on from checkpoint 4"
    assert result(folder) == result(straight)


def test_when_all_checkpoints_are_damaged_nothing_is_trained(workshop: Workshop, killed: str) -> None:
    folder = copy(workshop, killed, "all-damaged")
    for step in (4, 8):
        newest_file(folder, step).write_bytes(b"")
    metrics = (folder / "metrics.jsonl").read_bytes()
    process = train(workshop, "all-damaged")
    assert process.returncode == 2
    place = folder.relative_to(workshop.folder) / "checkpoints"
    assert process.stderr.splitlines()[-1] == (
        f"qconv: no checkpoint in {place} can be read (steps [8, 4]); remove the folder to start again"
    )
    assert "Traceback" not in process.stderr
    assert (folder / "metrics.jsonl").read_bytes() == metrics


def test_a_finished_run_is_reported_not_trained(workshop: Workshop, straight: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in straight.rglob("*") if path.name != ".lock"}
    # Any read of the images would stop it.
    again = train(workshop, "straight", AT="1 kill")
    assert again.returncode == 0, again.stderr
    assert "finished before; remove the directory to train again" in again.stdout
    accuracy = json.loads((straight / "summary.json").read_text())["test_accuracy"]
    assert f"{accuracy:.4f}" in again.stdout
    assert {path: path.stat().st_mtime_ns for path in straight.rglob("*") if path.name != ".lock"} == before


def test_a_second_process_stays_away(workshop: Workshop, straight: Path) -> None:
    first = workshop.start("train", "tiny", "--runs", "shared", AT="6 wait")
    while not (workshop.folder / "waiting").exists():
        assert first.poll() is None
        time.sleep(0.02)
    second = train(workshop, "shared")
    place = workshop.seed_folder("shared").relative_to(workshop.folder)
    assert_clear_error(
        second, f"{place} is in use by another process; wait for it, or use another seed or --runs folder"
    )
    (workshop.folder / "go").touch()
    assert finish(first).returncode == 0
    assert result(workshop.seed_folder("shared")) == result(straight)


def test_a_folder_that_cannot_be_written(workshop: Workshop) -> None:
    (workshop.folder / "file").write_text("mine")
    assert_clear_error(train(workshop, "file"), "cannot write to file/tiny/", "Not a directory")
    assert (workshop.folder / "file").read_text() == "mine"


def test_a_file_in_the_way(workshop: Workshop, killed: str) -> None:
    folder = copy(workshop, killed, "in-the-way")
    shutil.rmtree(folder / "checkpoints")
    (folder / "checkpoints").write_text("mine")
    assert_clear_error(train(workshop, "in-the-way"), "cannot write to in-the-way/tiny/", "File exists")
    assert (folder / "checkpoints").read_text() == "mine"


@pytest.mark.parametrize(("size", "what"), [(2200, "checkpoint 8 to"), (250, "metrics.jsonl")])
def test_a_full_disk(workshop: Workshop, straight: Path, size: int, what: str) -> None:
    runs = f"full-{size}"
    process = train(workshop, runs, AT=f"6 full {size}", JAX_COMPILATION_CACHE_DIR="")
    assert_clear_error(process, f"cannot write {'' if size > 1000 else runs}", what, "File too large")
    folder = workshop.seed_folder(runs)
    assert (folder / "checkpoints" / "4" / "meta" / "metadata").exists()
    again = train(workshop, runs)
    assert again.returncode == 0, again.stderr
    assert "quantum: going on from step 4" in again.stdout
    assert result(folder) == result(straight)
