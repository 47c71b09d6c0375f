"""Finished runs as backbones: the features are those of the run, wherever it lies by then, or the run is refused."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.data.dataset import Dataset
from qconv.data.synthetic import Synthetic
from qconv.encoding.angle import Angle
from qconv.errors import DataUnavailableError, InputError, RunError
from qconv.experiment.experiment import Experiment
from qconv.experiment.spec import from_json, run_id, to_json
from qconv.layers.quantum_conv import QuantumConv
from qconv.layers.quantum_dense import QuantumDense
from qconv.models.heads import LinearHead
from qconv.models.hybrid_net import HybridNet
from qconv.models.network import Network, num_frozen_stages, output_of
from qconv.models.networks import ClassicalNet, QuanvNet
from qconv.models.quantum_calls import trace
from qconv.models.small_cnn import SmallCNN
from qconv.models.squashed_dense import SquashedDense
from qconv.models.twin import classical_twin
from qconv.procedures.fine_tuning import FineTuning
from qconv.procedures.supervised import Supervised
from qconv.runs.from_run import FromRun
from qconv.runs.restore import restored_arms
from qconv.runs.run import execute
from qconv.runs.run_directory import RunDirectory, read_run
from tests.processes import Workshop, result

DATA = Synthetic(num_images=32, height=4, width=4, num_classes=2)
CIRCUIT = Circuit(Angle(), HardwareEfficient(1))
IMAGES = jnp.asarray(DATA.load("test")[np.arange(6)].inputs)


class ThreeStages(Network):
    """A convolution with statistics of batches, a quantum one, and a head."""

    cnn: nn.Module
    conv: nn.Module
    head: nn.Module


class Plain(nn.Module):
    """No stages."""

    @nn.compact
    def __call__(self, images: Any, *, train: bool = False) -> Any:
        return nn.Dense(2)(images.reshape(len(images), -1))


class Maps(nn.Module):
    """A small network that leaves maps; its statistics of batches are features of the run, too."""

    @nn.compact
    def __call__(self, images: Any, *, train: bool = False) -> Any:
        return nn.BatchNorm(use_running_average=not train)(nn.sigmoid(nn.Conv(2, (2, 2))(images)))


MODEL = ThreeStages(Maps(), QuantumConv(CIRCUIT, strides=2), LinearHead(2))


def trained_run(runs: Path, model: nn.Module, *, finished: bool = True, **options: Any) -> Path:
    procedure = Supervised(num_steps=4, batch_size=8)
    spec = Experiment(DATA, model, procedure, log_every=2, eval_every=4, checkpoint_every=4, **options)
    with RunDirectory("first", spec, runs) as run:
        result = execute(run, Console(quiet=True))
        if finished:
            run.write_summary(result.summary(run))
    return run.folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained_run(tmp_path_factory.mktemp("runs"), MODEL)


@pytest.fixture(autouse=True)
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("QCONV_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


def on(backbone: nn.Module) -> HybridNet:
    return HybridNet(backbone, SquashedDense(3), QuantumDense(CIRCUIT), LinearHead(2))


def features_of(folder: Path, place: str, stages: int) -> Any:
    """What the first stages of a network of a run make of the images, from its checkpoint."""
    found = {own.arm.folder: own for own in restored_arms(folder, read_run(folder)[1], None)}[place]
    return output_of(found.arm.network, found.loop.variables(found.state), IMAGES, stop=stages)


def features(backbone: nn.Module) -> Any:
    return output_of(backbone, backbone.init(jax.random.key(7), IMAGES), IMAGES)


@pytest.mark.parametrize(("stop", "stages"), [("", 2), ("head", 2), ("conv", 1)])
def test_the_features_are_those_of_the_run(stop: str, stages: int, run: Path) -> None:
    backbone = FromRun(str(run), stop)
    np.testing.assert_allclose(features(backbone), features_of(run, "", stages), rtol=1e-5, atol=1e-6)
    assert set(backbone.init(jax.random.key(0), IMAGES)) == {"frozen"}
    assert num_frozen_stages(on(backbone), (4, 4, 1), np.dtype(np.float32)) == 1


def test_a_backbone_is_known_by_what_was_trained(run: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(run, tmp_path / "moved")
    backbone = FromRun(str(moved))
    assert backbone == FromRun(str(run)) == FromRun(str(run), stop="head")
    assert str(tmp_path) not in json.dumps(to_json(backbone))
    experiment = Experiment(DATA, on(backbone), Supervised(num_steps=2, batch_size=8))
    spec = json.dumps(to_json(experiment))
    shutil.rmtree(moved)
    again = from_json(json.loads(spec))
    assert again == experiment and run_id(again) == run_id(experiment)
    np.testing.assert_array_equal(features(again.model.backbone), features(backbone))
    with RunDirectory("second", again, tmp_path / "runs") as second:
        execute(second, Console(quiet=True))
    others = [trained_run(tmp_path / "others", MODEL, seed=1), run]
    ids = {run_id(dataclasses.replace(experiment, model=on(FromRun(str(other))))) for other in others}
    assert len(ids) == 2 and run_id(experiment) in ids


def test_what_the_run_was_trained_on_may_be_gone(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backbone = FromRun(str(run))

    def gone(self: Dataset, *args: Any) -> Any:
        raise DataUnavailableError("the data are gone")

    monkeypatch.setattr(Synthetic, "load", gone)
    monkeypatch.setattr(Synthetic, "element", property(gone))
    assert FromRun(str(run)) == backbone


def test_the_twin_has_what_the_twin_of_the_run_was_trained_to(run: Path) -> None:
    twin = classical_twin(on(FromRun(str(run))))
    np.testing.assert_allclose(features(twin.backbone), features_of(run, "twin", 2), rtol=1e-5, atol=1e-6)
    assert twin.backbone == FromRun(str(run), arm="twin")
    assert not trace(twin, (4, 4, 1)).calls


def test_before_the_quantum_layer_there_is_nothing_to_replace(run: Path) -> None:
    backbone = FromRun(str(run), stop="conv")
    assert backbone.rival == backbone.taken and classical_twin(on(backbone)).backbone == backbone


def test_weights_are_where_training_begins(run: Path) -> None:
    backbone = FromRun(str(run), trainable=True)
    assert backbone.taken is not None and backbone.taken.trainable
    started = backbone.init(jax.random.key(3), IMAGES)
    assert set(started) == {"params", "batch_stats"}
    np.testing.assert_allclose(output_of(backbone, started, IMAGES), features_of(run, "", 2), rtol=1e-5, atol=1e-6)
    frozen = backbone.clone(trainable=False)
    assert frozen == FromRun(str(run))
    procedure = FineTuning(num_steps=2, batch_size=8, frozen_steps=1)
    state, _ = procedure.init(jax.random.key(0), IMAGES, network=on(backbone))
    assert "backbone" in state.params
    with pytest.raises(InputError, match=r"'backbone' has nothing to train in HybridNet; allowed: 'numbers', 'quan"):
        procedure.init(jax.random.key(0), IMAGES, network=on(frozen))


def test_images_of_other_channels_are_refused(run: Path) -> None:
    with pytest.raises(InputError, match=r"^weights = .* do not fit the network: .* has shape"):
        FromRun(str(run)).init(jax.random.key(0), jnp.zeros((1, 4, 4, 3)))


def test_a_run_that_is_none_or_not_finished_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"^no run in .*nowhere: it has no spec.json; allowed: runs/"):
        FromRun(str(tmp_path / "nowhere"))
    model = QuanvNet(SmallCNN((2,)), LinearHead(2))
    folder = trained_run(tmp_path, model, finished=False, rivals=())
    with pytest.raises(RunError, match=r"seed0 is not finished: its last checkpoint is no result; train it to"):
        FromRun(str(folder))


def test_a_run_of_other_numerics_is_refused(run: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(run, tmp_path / "copy")
    summary = json.loads((copy / "summary.json").read_text())
    summary["provenance"][-1]["numerics"] = 1
    (copy / "summary.json").write_text(json.dumps(summary))
    with pytest.raises(
        RunError, match=r"copy was computed with numerics 1, and these are \d+: its weights would make "
    ):
        FromRun(str(copy))


def test_a_network_without_stages_or_with_one_is_refused(tmp_path: Path) -> None:
    for model, message in (
        (Plain(), r"has trained a Plain, which has no stages; allowed: a Network$"),
        (ClassicalNet(LinearHead(2)), r"^stop = 'head'; allowed: a stage of ClassicalNet behind the first: none$"),
    ):
        folder = trained_run(tmp_path, model, rivals=())
        with pytest.raises(InputError, match=message):
            FromRun(str(folder))


def test_what_the_run_does_not_have_is_refused(run: Path) -> None:
    with pytest.raises(
        InputError, match=r"^stop = 'body'; allowed: a stage of ThreeStages behind the first: 'conv', 'h"
    ):
        FromRun(str(run), stop="body")
    with pytest.raises(InputError, match=r"^arm = 'other'; allowed: '', 'twin'$"):
        FromRun(str(run), arm="other")
    with pytest.raises(InputError, match=r"^stop = 'head'; allowed: nothing without a run"):
        FromRun(stop="head")
    with pytest.raises(InputError, match=r"^run = ''; allowed: the directory of a finished run, runs/"):
        FromRun().init(jax.random.key(0), IMAGES)


def test_quantum_layers_of_a_run_without_twin_have_no_twin(tmp_path: Path) -> None:
    folder = trained_run(tmp_path, QuanvNet(QuantumConv(CIRCUIT, strides=2), LinearHead(2)), rivals=())
    with pytest.raises(InputError, match=r"that run has trained no classical twin, whose weights .* or rivals = \(\)$"):
        classical_twin(on(FromRun(str(folder))))


def test_weights_that_cannot_be_kept_are_an_input_error(run: Path, weights: Path) -> None:
    weights.write_text("no folder")
    with pytest.raises(InputError, match=r"^cannot write weights to .*safetensors: "):
        FromRun(str(run))


HYBRID = '''"""A network on what a run has trained, and a fresh one beside it."""

import dataclasses

from experiments.tiny import experiment as tiny
from qconv import FineTuning, FromRun, Fused, HybridNet, LinearHead, QuantumDense, SmallCNN, SquashedDense

experiment = dataclasses.replace(
    tiny,
    model=HybridNet(
        Fused((FromRun(trainable=True), SmallCNN((4,)))), SquashedDense(3), QuantumDense(), LinearHead(4)
    ),
    procedure=FineTuning(num_steps=12, batch_size=16, frozen_steps=6),
)
'''


@pytest.mark.slow
def test_from_the_command_line_killed_and_without_the_first_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    workshop = Workshop.make(tmp_path_factory)
    (workshop.folder / "experiments" / "hybrid.py").write_text(HYBRID)

    def hybrid(runs: str, run: str, **variables: str) -> Any:
        options = ("--runs", runs, "--rate-factor", "0.5", "--model.backbone.branches.0.run", run)
        return workshop.run("train", "hybrid", *options, QCONV_WEIGHTS="weights", **variables)

    first = workshop.run("train", "tiny")
    assert first.returncode == 0, first.stderr
    folder = workshop.seed_folder("runs")
    missing = hybrid("killed", "none")
    assert (missing.returncode, missing.stderr.count("\n")) == (2, 1) and "no run in none" in missing.stderr
    straight = hybrid("straight", str(folder))
    assert straight.returncode == 0, straight.stderr
    assert hybrid("killed", str(folder), AT="11 kill").returncode == -9
    again = hybrid("killed", str(folder))
    assert again.returncode == 0, again.stderr
    assert "quantum: going on from step 8" in again.stdout
    shutil.rmtree(folder)
    (own,), (other,) = ((workshop.folder / runs / "hybrid").glob("*/seed0") for runs in ("killed", "straight"))
    assert result(own) == result(other)
    evaluated = workshop.run("evaluate", str(own), QCONV_WEIGHTS="weights")
    assert evaluated.returncode == 0, evaluated.stderr
    assert f"{json.loads((own / 'summary.json').read_text())['arms'][0]['metrics']['loss']:.4f}" in evaluated.stdout
