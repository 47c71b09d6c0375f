"""Runs that are stopped, damaged or in each other's way end as if nothing had happened, or say what is wrong."""

import json
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.processes import Workshop, digest, finish, result


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
def killed(workshop: Workshop) -> Path:
    """A run that was killed at step 11; its checkpoints are of steps 4 and 8."""
    assert train(workshop, "killed", AT="11 kill").returncode == -9
    return workshop.seed_folder("killed")


def train(workshop: Workshop, runs: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return workshop.run("train", "tiny", "--runs", runs, **variables)


def flip_bits(checkpoint: Path) -> None:
    """One in the middle of each file with values of arrays; some of these files hold what others replaced."""
    for file in (checkpoint / "state").glob("**/d/*"):
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)


def assert_clear_error(process: subprocess.CompletedProcess[str], *parts: str) -> None:
    """One message that says `parts`, and no traceback."""
    assert process.returncode == 2, process.stderr
    assert "Traceback" not in process.stderr and process.stderr.count("\n") == 1, process.stderr
    assert process.stderr.startswith("qconv: ")
    for part in parts:
        assert part in process.stderr


def test_kill_9_between_two_checkpoints(workshop: Workshop, straight: Path, killed: Path) -> None:
    shutil.copytree(workshop.folder / "killed", workshop.folder / "killed-again")
    assert not (killed / "summary.json").exists()
    again = train(workshop, "killed-again")
    assert again.returncode == 0, again.stderr
    assert "quantum: going on from step 8" in again.stdout
    assert result(workshop.seed_folder("killed-again")) == result(straight)


def test_kill_9_and_ctrl_c_while_batches_are_read_ahead(workshop: Workshop, straight: Path) -> None:
    assert train(workshop, "ahead", AHEAD="1", AT="11 kill").returncode == -9  # read when step 8 is done
    stopped = train(workshop, "ahead", AHEAD="1", AT="3 interrupt")
    assert stopped.returncode == 130, stopped.stderr
    assert re.fullmatch(r"qconv: quantum: stopped and saved at step (9|10|11|12) of 12\n", stopped.stderr)
    again = train(workshop, "ahead", AHEAD="1")
    assert again.returncode == 0, again.stderr
    assert result(workshop.seed_folder("ahead")) == result(straight)


@pytest.mark.slow
def test_kill_9_in_the_middle_of_the_twin(workshop: Workshop, straight: Path) -> None:
    assert train(workshop, "twin", AT=f"{12 + 6} kill").returncode == -9
    again = train(workshop, "twin")
    assert again.returncode == 0, again.stderr
    assert "quantum: going on from step 12" in again.stdout
    assert "classical twin: going on from step 4" in again.stdout
    assert result(workshop.seed_folder("twin")) == result(straight)


@pytest.mark.slow
def test_kill_9_while_a_checkpoint_is_written(workshop: Workshop, straight: Path) -> None:
    process = workshop.start("train", "tiny", "--runs", "halved")
    runs = workshop.folder / "halved" / "tiny"
    while not list(runs.glob("*/seed0/checkpoints/*tmp*")):
        assert process.poll() is None, "no half-written checkpoint was seen"
    process.kill()
    finish(process)
    assert train(workshop, "halved").returncode == 0
    assert result(workshop.seed_folder("halved")) == result(straight)


def test_ctrl_c_then_a_full_disk_then_a_damaged_checkpoint(workshop: Workshop, straight: Path) -> None:
    stopped = train(workshop, "unlucky", AT="7 interrupt")
    assert stopped.returncode == 130
    assert stopped.stderr == "qconv: quantum: stopped and saved at step 7 of 12\n"
    folder = workshop.seed_folder("unlucky")
    place = folder.relative_to(workshop.folder) / "checkpoints"

    full = train(workshop, "unlucky", AT="2 full 2200", JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS="1000")
    assert "quantum: going on from step 7" in full.stdout
    message = f"cannot write checkpoint 12 to {place}: File too large; earlier checkpoints are intact"
    assert_clear_error(full, message)

    flip_bits(folder / "checkpoints" / "8")
    again = train(workshop, "unlucky")
    assert again.returncode == 0, again.stderr
    damaged, going_on = again.stderr.splitlines()
    assert damaged.startswith(f"qconv: checkpoint 8 in {place} is damaged (")
    assert going_on == "qconv: going on from checkpoint 7"
    assert "quantum: going on from step 7" in again.stdout
    assert result(folder) == result(straight)


def test_when_all_checkpoints_are_damaged_nothing_is_trained(workshop: Workshop, killed: Path) -> None:
    shutil.copytree(workshop.folder / "killed", workshop.folder / "all-damaged")
    folder = workshop.seed_folder("all-damaged")
    for step in ("4", "8"):
        flip_bits(folder / "checkpoints" / step)
    process = train(workshop, "all-damaged", AT="1 kill")
    assert process.returncode == 2, process.stderr
    place = folder.relative_to(workshop.folder) / "checkpoints"
    assert process.stderr.splitlines()[-1] == (
        f"qconv: no checkpoint in {place} can be read (steps [8, 4]); remove the folder to start again"
    )
    assert "Traceback" not in process.stderr
    assert (folder / "metrics.jsonl").read_bytes() == (killed / "metrics.jsonl").read_bytes()


def test_a_run_is_read_without_jit_and_its_checkpoints_stay(workshop: Workshop, straight: Path) -> None:
    """Reading them without `jax.jit` failed once, and they were taken for damaged."""
    shutil.copytree(workshop.folder / "straight", workshop.folder / "no-jit")
    folder = workshop.seed_folder("no-jit")
    (folder / "summary.json").unlink()
    again = train(workshop, "no-jit", JAX_DISABLE_JIT="1", AT="1 kill")
    assert again.returncode == 0 and again.stderr == "", again.stderr
    assert "quantum: going on from step 12" in again.stdout
    for path in (straight / "checkpoints").rglob("*"):
        there = folder / "checkpoints" / path.relative_to(straight / "checkpoints")
        assert there.is_dir() if path.is_dir() else there.read_bytes() == path.read_bytes()


def test_nan_is_in_no_state_on_purpose(workshop: Workshop) -> None:
    options = ("--runs", "nans", "--num-steps", "4")
    process = workshop.run("train", "tiny", *options, JAX_DEBUG_NANS="1")
    assert process.returncode == 0 and process.stderr == "", process.stderr
    evaluated = workshop.run("evaluate", str(workshop.seed_folder("nans")), JAX_DEBUG_NANS="1")
    assert evaluated.returncode == 0, evaluated.stderr


def test_a_run_that_diverges_reports_nothing_and_keeps_its_checkpoints(workshop: Workshop) -> None:
    options = ("--runs", "steep", "--optimizer.learning-rate", "1e38", "--checkpoint-every", "1")
    for _ in range(2):  # the same command ends there again
        process = workshop.run("train", "tiny", *options)
        assert_clear_error(process, "not finite", "The same command ends here again; a smaller learning rate may help")
    folder = workshop.seed_folder("steep")
    assert not (folder / "summary.json").exists() and "NaN" not in (folder / "metrics.jsonl").read_text()


def test_a_finished_run_is_reported_not_trained(workshop: Workshop, straight: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in straight.rglob("*") if path.name != ".lock"}
    # Any read of the images would stop it.
    again = train(workshop, "straight", AT="1 kill")
    assert again.returncode == 0, again.stderr
    assert "finished before; remove the directory to train again" in again.stdout
    (arm, _) = json.loads((straight / "summary.json").read_text())["arms"]
    assert f"{arm['metrics']['accuracy']:.4f}" in again.stdout
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


def test_a_disk_that_is_full_for_metrics(workshop: Workshop, straight: Path) -> None:
    process = train(workshop, "full", AT="6 full 250", JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS="1000")
    folder = workshop.seed_folder("full")
    assert_clear_error(process, f"cannot write {folder.relative_to(workshop.folder)}/metrics.jsonl: File too large")
    assert digest(folder / "checkpoints", 4)
