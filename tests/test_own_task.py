"""A task of one's own in one file, as the README shows it: trained, killed, resumed, evaluated, drawn like others."""

import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.processes import ROOT, Workshop

FILE = ROOT / "experiments" / "disc_masks.py"
SMALL = ("--num-steps", "12", "--checkpoint-every", "4", "--log-every", "2", "--eval-every", "6")


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A folder whose only experiments are this one and the tiny one."""
    made = Workshop.make(tmp_path_factory)
    shutil.copy(FILE, made.folder / "experiments")
    return made


def outcome(folder: Path) -> list[bytes | str]:
    arms = json.loads((folder / "summary.json").read_text())["arms"]
    assert [arm["name"] for arm in arms] == ["quantum", "classical twin"]
    assert all(set(arm["metrics"]) == {"loss", "IoU", "accuracy"} for arm in arms)
    metas = [folder / arm["folder"] / "checkpoints" / "12" / "meta" / "metadata" for arm in arms]
    digests = [json.loads(meta.read_text())["digest"] for meta in metas]
    return [*((folder / arm["folder"] / "metrics.jsonl").read_bytes() for arm in arms), *digests]


@pytest.mark.slow
def test_a_task_of_ones_own_is_trained_killed_resumed_evaluated_and_drawn(workshop: Workshop) -> None:
    done = workshop.run("train", "disc_masks", *SMALL, "--runs", "straight")
    assert done.returncode == 0, done.stderr
    assert "test IoU" in done.stdout and "quantum - twin = " in done.stdout
    (straight,) = workshop.folder.glob("straight/disc_masks/*/seed0")
    assert {path.stem for path in straight.glob("*.png")} == {"curves", "circuit", "filters"}

    process = workshop.start("train", "disc_masks", *SMALL, "--runs", "killed")
    while process.poll() is None and not any(workshop.folder.glob("killed/*/*/seed0/checkpoints/4/manifest.json")):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    (killed,) = workshop.folder.glob("killed/disc_masks/*/seed0")
    assert not (killed / "summary.json").exists()
    done = workshop.run("train", "disc_masks", *SMALL, "--runs", "killed")
    assert done.returncode == 0 and "going on from step" in done.stdout
    assert outcome(killed) == outcome(straight)

    done = workshop.run("evaluate", str(straight))
    value = json.loads((straight / "summary.json").read_text())["arms"][0]["metrics"]["IoU"]
    assert done.returncode == 0 and f"{value:.4f}" in done.stdout
