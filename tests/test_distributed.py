"""Several processes train as one does."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qconv.procedures.supervised import Supervised
from tests.processes import Workshop, finish, lines_of

Launch = Callable[[int], tuple[tuple[str, ...], dict[str, str]]]

SLURM_PORTS = 65535 - 2**12 + 1


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop.make(tmp_path_factory)


def free_port(lowest: int = 0) -> int:
    """One that nobody listens on, from `lowest` if that is not 0."""
    while True:
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", lowest))
            except OSError:
                lowest += 1
                continue
            return listener.getsockname()[1]


PORT = free_port()


def reads(file: Path, split: str) -> list[list[int]]:
    """The rows that a process asked for, read by read."""
    entries = [json.loads(line) for line in file.read_text().splitlines()]
    return [indices for name, indices in entries if name == split]


def by_hand(k: int) -> tuple[tuple[str, ...], dict[str, str]]:
    """Options and environment of process k of 2; both are told where process 0 listens."""
    return ("--coordinator", f"127.0.0.1:{PORT}", "--num-processes", "2", "--process-id", str(k)), {}


def by_slurm(k: int) -> tuple[tuple[str, ...], dict[str, str]]:
    """What Slurm says to process k of 2; JAX takes the port from the job's number."""
    return (), {
        "SLURM_JOB_ID": str(free_port(SLURM_PORTS) - SLURM_PORTS),
        "SLURM_STEP_NODELIST": "127.0.0.1",
        "SLURM_STEP_NUM_NODES": "1",
        "SLURM_NTASKS": "2",
        "SLURM_PROCID": str(k),
        "SLURM_LOCALID": str(k),
    }


@pytest.mark.parametrize(
    ("launch", "options", "batch_size"),
    [
        pytest.param(by_hand, ("--batch-size", "15"), 15, id="by hand, ragged batches"),
        pytest.param(by_slurm, ("--model.conv.no-trainable",), 16, id="Slurm, frozen circuit", marks=pytest.mark.slow),
    ],
)
def test_two_processes_train_as_one_does(
    workshop: Workshop, tmp_path: Path, launch: Launch, options: tuple[str, ...], batch_size: int
) -> None:
    command = ("train", "tiny", *options)
    processes = [workshop.start(*command, "--runs", str(tmp_path / "one"))]
    for k, (told, environment) in enumerate([launch(k) for k in range(2)]):
        group = (*command, "--runs", str(tmp_path / "two"), "--distributed", *told)
        variables: dict[str, Any] = environment | {"READS": str(tmp_path / f"reads{k}")}
        processes.append(workshop.start(*group, **variables))
    alone, first, second = map(finish, processes)
    for process in (alone, first, second):
        assert process.returncode == 0, process.stderr

    one, two = (next((tmp_path / runs / "tiny").glob("*/seed0")) for runs in ("one", "two"))
    for network in ("", "twin"):
        straight, shared = lines_of(one / network), lines_of(two / network)
        assert len(straight) == 9 and [list(line) for line in straight] == [list(line) for line in shared]
        values = ([value for line in lines for value in line.values()] for lines in (shared, straight))
        np.testing.assert_allclose(*values, rtol=2e-5)
    summaries = [json.loads((folder / "summary.json").read_text()) for folder in (one, two)]
    assert [summary["device"] for summary in summaries] == ["1 x cpu", "2 x cpu"]
    assert summaries[0]["num_items"] == summaries[1]["num_items"] == 16
    for ours, theirs in zip(*(summary["arms"] for summary in summaries), strict=True):
        assert ours["metrics"]["accuracy"] == theirs["metrics"]["accuracy"]
        for key in ("name", "folder", "steps", "num_parameters", "num_quantum_parameters"):
            assert ours[key] == theirs[key]

    # Only the first one speaks and writes.
    said = [[line for line in process.stdout.splitlines() if "[Gloo]" not in line] for process in (first, second)]
    assert "test accuracy" in first.stdout and said[1] == []
    assert len(list((two / "tensorboard").iterdir())) == 1

    # Each loads its half of the rows of a batch, filled up to 16 with the last image.
    mine, other = (reads(tmp_path / f"reads{k}", "train") for k in range(2))
    if "--model.conv.no-trainable" in options:  # network and twin take all images once, 64 at a time
        assert (mine, other) == ([list(range(32))] * 2, [list(range(32, 64))] * 2)
    else:
        for step, halves in enumerate(zip(mine[:12], other[:12], strict=True)):
            batch = Supervised(batch_size=batch_size).rows(0, step, 64).tolist()
            assert [len(half) for half in halves] == [8, 8]
            assert [*halves[0], *halves[1]] == batch + [batch[-1]] * (16 - batch_size)
        assert len(mine) == len(other) == 24 and (mine[12:], other[12:]) == (mine[:12], other[:12])
    tests = [reads(tmp_path / f"reads{k}", "test") for k in range(2)]
    assert {tuple(rows) for rows in tests[0]}.isdisjoint({tuple(rows) for rows in tests[1]})


def test_where_the_first_process_cannot_write_the_others_end_too(workshop: Workshop, tmp_path: Path) -> None:
    processes = []
    for k in range(2):
        told, environment = by_hand(k)
        variables: dict[str, Any] = environment | ({"AT": "3 full 100"} if k == 0 else {})
        processes.append(workshop.start("train", "tiny", "--runs", str(tmp_path), "--distributed", *told, **variables))
    first, second = map(finish, processes)
    assert (first.returncode, second.returncode) == (2, 2)
    assert "metrics.jsonl: File too large" in first.stderr
    assert "cannot write metrics to" in second.stderr and "another process could not" in second.stderr
