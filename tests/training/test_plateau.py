"""Training that ends where the loss is flat: at the step that a plain loop says, also when it was killed before."""

import dataclasses
import json
from pathlib import Path

import jax
import numpy as np
import pytest
from rich.console import Console

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.data.dataset import Batch, Source
from qconv.data.synthetic import Synthetic
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.heads import LinearHead
from qconv.models.quanv_net import QuanvNet
from qconv.optimizers import Adam
from qconv.training.evaluate import evaluate_run
from qconv.training.run import RunResult, execute
from qconv.training.run_directory import RunDirectory

CONV = QuantumConv(Circuit(ansatz=HardwareEfficient(depth=1)), kernel_size=(1, 2), strides=2)
FLAT = Experiment(
    data=Synthetic(num_images=32, height=4, width=4, num_classes=2),
    model=QuanvNet(CONV, LinearHead(2)),
    optimizer=Adam(3e-2),
    num_steps=400,
    batch_size=8,
    log_every=1,
    eval_every=400,
    checkpoint_every=10,
    sampling="replacement",
    plateau=7,
)


def first_flat_step(losses: list[float], interval: int) -> int:
    for step in range(2 * interval, len(losses) + 1):
        last, before = losses[step - interval : step], losses[step - 2 * interval : step - interval]
        mean = sum(last) / interval
        deviation = (sum((loss - mean) ** 2 for loss in last) / interval) ** 0.5
        if abs(mean - sum(before) / interval) <= deviation / interval**0.5 / 2:
            return step
    raise AssertionError("the loss is never flat")


def run(experiment: Experiment, runs: Path) -> tuple[RunResult, Path]:
    with RunDirectory("flat", experiment, runs) as directory:
        return execute(directory, Console(quiet=True)), directory.folder


def losses(folder: Path) -> list[float]:
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [line["train_loss"] for line in lines if "train_loss" in line]


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunResult, Path]:
    """A run that nothing stopped."""
    return run(FLAT, tmp_path_factory.mktemp("straight"))


def test_a_run_and_its_twin_end_at_the_first_flat_step(straight: tuple[RunResult, Path]) -> None:
    result, folder = straight
    assert result.twin is not None
    for fitted, place in ((result.network, folder), (result.twin, folder / "twin")):
        found = losses(place)
        assert len(found) == int(fitted.state.step) == first_flat_step(found, 7) < 400
        # The last step is tested and saved like that of a run that goes to its end.
        assert (
            json.loads((place / "metrics.jsonl").read_text().splitlines()[-1])["test_accuracy"] == fitted.test_accuracy
        )
        assert str(len(found)) in [path.name for path in (place / "checkpoints").iterdir()]
    assert [found.step for found in evaluate_run(folder)] == [result.network.state.step, result.twin.state.step]


class Dying:
    """A source that fails at one read."""

    def __init__(self, source: Source, at: int) -> None:
        self.source, self.at, self.reads, self.image_shape = source, at, 0, source.image_shape

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, indices: np.ndarray) -> Batch:
        self.reads += 1
        if self.reads == self.at:
            raise MemoryError
        return self.source[indices]


def test_a_run_that_was_killed_ends_at_the_same_step(
    straight: tuple[RunResult, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninterrupted, folder = straight
    steps = int(uninterrupted.network.state.step)
    assert steps > 20
    load = Synthetic.load
    monkeypatch.setattr(Synthetic, "load", lambda data, split: Dying(load(data, split), steps - 2))
    with pytest.raises(MemoryError):
        run(FLAT, tmp_path)
    monkeypatch.setattr(Synthetic, "load", load)
    again, other = run(FLAT, tmp_path)
    jax.tree.map(np.testing.assert_array_equal, uninterrupted.network.state, again.network.state)
    assert (folder / "metrics.jsonl").read_bytes() == (other / "metrics.jsonl").read_bytes()
    once_more, _ = run(FLAT, tmp_path)  # finished: only restored
    jax.tree.map(np.testing.assert_array_equal, uninterrupted.network.state, once_more.network.state)


@pytest.mark.parametrize("interval", [-1, 1])
def test_an_interval_that_makes_no_sense(interval: int) -> None:
    with pytest.raises(InputError, match=rf"^plateau = {interval}; allowed: 0, or at least 2 steps$"):
        dataclasses.replace(FLAT, plateau=interval)
