"""Items that are drawn in each step: a function of seed, step and row, however they are read and wherever it stops."""

import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import flax.linen as nn
import jax
import numpy as np
import pytest

from qconv.data.checked import load_checked
from qconv.data.noisy import Noisy
from qconv.data.random_crops import RandomCrops
from qconv.data.random_flips import RandomFlips
from qconv.data.synthetic import Synthetic
from qconv.errors import InputError
from qconv.experiment.arms import arms
from qconv.experiment.experiment import Experiment
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.dncnn import DnCNN
from qconv.models.heads import LinearHead
from qconv.models.networks import QuanvNet
from qconv.procedures.optimizers import Adam
from qconv.procedures.supervised import Supervised
from qconv.runs import batches as batches_module
from qconv.runs import loop as loop_module
from qconv.runs.batches import batches, read_batch
from qconv.runs.loop import Loop, generator
from qconv.runs.mesh import device_mesh
from qconv.runs.rehearsal import rehearse
from qconv.runs.training import training
from qconv.tasks.restoration import Restoration
from tests.processes import Workshop, result
from tests.variants import changed

DATA = Noisy(RandomFlips(RandomCrops(Synthetic(num_images=48, height=16, width=16), 12), turned=True))
EXPERIMENT = Experiment(
    DATA,
    DnCNN(depth=2, features=2),
    Supervised(Adam(1e-2), num_steps=5, batch_size=8),
    Restoration(),
    log_every=1,
    eval_every=5,
)

DENOISE = '''"""A tiny experiment with noise.

Trains in no time.
"""

from experiments.tiny import WatchedImages
from qconv import Adam, DnCNN, Experiment, Noisy, QuantumConv, RandomCrops, RandomFlips, Restoration, Supervised

experiment = Experiment(
    data=Noisy(RandomFlips(RandomCrops(WatchedImages(num_images=64, height=14, width=14), 12), turned=True)),
    model=DnCNN(QuantumConv(kernel_size=(1, 2)), depth=2, features=2, normalised=True),
    procedure=Supervised(optimizer=Adam(learning_rate=1e-2), num_steps=12, batch_size=16),
    task=Restoration(),
    log_every=2,
    eval_every=4,
    checkpoint_every=4,
)
'''


def batch_of(step: int, **options: Any) -> Any:
    source, rows = load_checked(DATA, "train"), np.arange(7, -1, -1)
    return read_batch(source, rows, 8, device_mesh(), np.dtype(np.float32), partial(generator, 3, step), **options)


def test_processes_that_read_their_own_rows_see_the_same_items(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = batch_of(4)
    parts = []
    for part in (slice(0, 3), slice(3, 8)):
        monkeypatch.setattr(batches_module, "my_rows", lambda mesh, count, part=part: part)
        parts.append(batch_of(4))
    for own, together in zip(zip(*parts, strict=True), whole, strict=True):
        np.testing.assert_array_equal(np.concatenate(own), together)


def test_each_step_and_each_seed_draws_anew_whether_it_is_read_ahead_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    source, rows = load_checked(DATA, "train"), lambda number: np.arange(8)

    def drawn(seed: int, numbers: range) -> list[np.ndarray]:
        found = batches(source, rows, numbers, 8, device_mesh(), np.dtype(np.float32), partial(generator, seed))
        return [batch.inputs for batch in found]

    assert not source.in_memory
    ahead = drawn(0, range(6))
    monkeypatch.setattr(type(source), "in_memory", True)
    for one, other in zip(ahead, drawn(0, range(6)), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(ahead[4:], drawn(0, range(4, 6)), strict=True):
        np.testing.assert_array_equal(one, other)
    everything = [image.tobytes() for batch in (*ahead, *drawn(1, range(6))) for image in batch]
    assert len(set(everything)) == len(everything)


def test_networks_of_a_run_see_the_same_and_are_evaluated_on_whole_images(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[tuple[int, ...], bytes]] = []

    def update_program(*args: Any) -> Any:
        program = real(*args)

        def update(state: Any, frozen: Any, batch: Any, key: Any) -> Any:
            seen.append((batch.inputs.shape, batch.inputs.tobytes()))
            return program(state, frozen, batch, key)

        return update

    experiment = changed(EXPERIMENT, model=DnCNN(QuantumConv(kernel_size=(1, 2)), depth=2, features=2))
    real = loop_module.update_program
    monkeypatch.setattr(loop_module, "update_program", update_program)
    for arm in arms(experiment):
        (*_, last) = training(experiment, arm)
        assert last.evaluation is not None and last.evaluation.evidence["restored"].shape == (12,)
    assert len(seen) == 10 and seen[:5] == seen[5:] and len(set(seen)) == 5
    assert {shape for shape, _ in seen} == {(8, 12, 12, 1)}


def test_frozen_stages_see_what_is_drawn_in_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    data = RandomFlips(Synthetic(num_images=48, height=4, width=4, num_classes=2))
    model = QuanvNet(QuantumConv(kernel_size=(1, 2), trainable=False), LinearHead(2))
    experiment = Experiment(data, model, Supervised(Adam(0.1), num_steps=4, batch_size=8), log_every=1)
    loop = Loop(experiment, model, experiment.training_items(), experiment.held_out_items(), device_mesh())
    assert loop._start == 1  # what is evaluated goes through the frozen stage once
    (*_, last) = training(experiment)
    monkeypatch.setattr(loop_module, "num_frozen_stages", lambda *args: 0)
    (*_, other) = training(experiment)
    jax.tree.map(np.testing.assert_array_equal, last.variables, other.variables)
    still = changed(experiment, data=data.data)
    (*_, fixed) = training(still)
    assert any(np.any(a != b) for a, b in zip(*map(jax.tree.leaves, (last.variables, fixed.variables)), strict=True))


class Whole(nn.Module):
    """It takes images of one size only."""

    @nn.compact
    def __call__(self, images: jax.Array) -> jax.Array:
        return images + self.param("bias", nn.initializers.zeros, (1, 16, 16, 1))


def test_a_network_that_cannot_take_crops_is_refused_before_training() -> None:
    with pytest.raises(InputError, match=r"^Whole with Adam and MeanSquaredError cannot do a training step: TypeError"):
        rehearse(EXPERIMENT, Whole(), device_mesh())


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    made = Workshop.make(tmp_path_factory)
    (made.folder / "experiments" / "denoise.py").write_text(DENOISE)
    return made


def train(workshop: Workshop, runs: str, **variables: str) -> tuple[subprocess.CompletedProcess[str], Path]:
    process = workshop.run("train", "denoise", "--runs", runs, **variables)
    (folder,) = (workshop.folder / runs / "denoise").glob("*/seed0")
    return process, folder


def test_a_run_with_noise_that_was_killed_ends_as_if_nothing_had_happened(workshop: Workshop) -> None:
    process, straight = train(workshop, "straight")
    assert process.returncode == 0, process.stderr
    killed, folder = train(workshop, "killed", AT="11 kill")  # two batches are read ahead
    assert killed.returncode == -9 and not (folder / "summary.json").exists()
    again, _ = train(workshop, "killed")
    assert again.returncode == 0, again.stderr
    assert "quantum: going on from step 8" in again.stdout
    assert result(folder) == result(straight)
