"""Rivals: networks that a run trains beside its own one, told about, evaluated and compared with it."""

import dataclasses
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.data.dataset import Source
from qconv.data.synthetic import Synthetic
from qconv.errors import InputError
from qconv.experiment.arms import arms
from qconv.experiment.experiment import Experiment
from qconv.experiment.rivals import FittedMethod, Method, Rival, Twin
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.heads import LinearHead
from qconv.models.networks import ClassicalNet, QuanvNet
from qconv.models.quantum_calls import Traced
from qconv.models.twin import classical_twin
from qconv.procedures.optimizers import Adam
from qconv.procedures.supervised import Supervised
from qconv.report.pictures import write_pictures
from qconv.report.run_summary import summary_table
from qconv.runs.evaluate import evaluate_run
from qconv.runs.metrics import read_metrics
from qconv.runs.run import RunResult, execute
from qconv.runs.run_directory import RunDirectory
from qconv.runs.scores import read_scores
from qconv.runs.summary import Summary, compare_arms, read_run_summary
from qconv.tasks.task import Task
from tests.runs.known import Errors
from tests.variants import changed


class Blind(nn.Module):
    """Outputs that are the same for all images."""

    num_outputs: int

    @nn.compact
    def __call__(self, images: jax.Array, *, train: bool = False) -> jax.Array:
        bias = self.param("bias", nn.initializers.zeros, (1, self.num_outputs), images.dtype)
        return jnp.zeros((len(images), 1), images.dtype) + bias


@dataclass(frozen=True)
class Chance(Rival):
    """What can be learnt without looking."""

    name: ClassVar[str] = "chance"
    folder: ClassVar[str] = "blind"

    refused: tuple[str, ...] = ()
    """Classes of networks that it cannot be compared with."""

    def network(self, model: nn.Module, traced: Traced) -> nn.Module | None:
        return Blind(traced.outputs.shape[-1])

    def check(self, model: nn.Module, traced: Traced, rival: Traced | None) -> None:
        if type(model).__name__ in self.refused:
            raise InputError(f"{type(model).__name__} is not compared with chance")


CONV = QuantumConv(Circuit(ansatz=HardwareEfficient(depth=1)), kernel_size=(1, 2), strides=2)
THREE = Experiment(
    data=Synthetic(num_images=128, height=4, width=4, num_classes=2),
    model=QuanvNet(CONV, LinearHead(2)),
    procedure=Supervised(Adam(0.1), num_steps=30, batch_size=16),
    task=Errors(),
    rivals=(Twin(), Chance()),
    log_every=10,
    eval_every=30,
    checkpoint_every=30,
)


def run(experiment: Experiment, runs: Path) -> tuple[RunResult, Summary, Path]:
    with RunDirectory("three", experiment, runs) as directory:
        result = execute(directory, Console(quiet=True))
        summary = result.summary(directory)
        directory.write_summary(summary)
        return result, summary, directory.folder


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunResult, Summary, Path]:
    """A run with two rivals."""
    return run(THREE, tmp_path_factory.mktemp("runs"))


def test_a_run_trains_its_own_network_and_each_rival(three: tuple[RunResult, Summary, Path]) -> None:
    result, summary, folder = three
    assert [(arm.name, arm.folder) for arm, _ in result.arms] == [
        ("quantum", ""),
        ("classical twin", "twin"),
        ("chance", "blind"),
    ]
    assert [arm.network for arm, _ in result.arms] == [THREE.model, classical_twin(THREE.model), Blind(2)]
    assert read_run_summary(folder) == summary and (summary.headline, summary.higher_is_better) == ("error_rate", False)
    for (arm, fitted), own in zip(result.arms, summary.arms, strict=True):
        place = folder / arm.folder
        assert (own.name, own.folder, own.steps) == (arm.name, arm.folder, 30)
        assert own.metrics == fitted.evaluation.metrics
        last = read_metrics(place)[-1]
        assert last == {"step": 30} | {f"test_{name}": value for name, value in own.metrics.items()}
        assert (place / "checkpoints" / "30").is_dir()
        np.testing.assert_array_equal(read_scores(place, 0).values, fitted.evaluation.per_item)
    assert len({read_scores(folder / arm.folder, 0).items for arm in summary.arms}) == 1
    assert [arm.num_quantum_parameters for arm in summary.arms] == [4, 0, 0]
    assert summary.arms[2].num_parameters == 2 and summary.arms[2].metrics["error_rate"] == 0.5
    assert summary.arms[0].metrics["error_rate"] == summary.value < 0.1


def test_all_arms_are_evaluated_from_their_checkpoints(three: tuple[RunResult, Summary, Path]) -> None:
    result, _, folder = three
    found = evaluate_run(folder)
    assert [each.name for each in found] == [arm.name for arm, _ in result.arms]
    for each, (_, fitted) in zip(found, result.arms, strict=True):
        assert each.step == 30 and each.evaluation.metrics == fitted.evaluation.metrics


def test_fewer_errors_are_ahead(three: tuple[RunResult, Summary, Path]) -> None:
    _, summary, folder = three
    fewer, more = (compare_arms([folder], "blind", higher_is_better) for higher_is_better in (False, True))
    assert fewer.difference == more.difference == summary.value - 0.5 < 0
    assert (fewer.verdict(), more.verdict()) == ("ahead", "behind")


def test_the_table_names_all_arms_and_a_verdict_of_each_rival(three: tuple[RunResult, Summary, Path]) -> None:
    _, summary, folder = three
    console = Console(width=200, file=io.StringIO(), record=True, _environ={})
    console.print(summary_table(folder, [folder]))
    lines = console.export_text().splitlines()
    first = next(line for line in lines if "network" in line and "parameters" in line)
    assert [first.index(name) for name in ("test error_rate", "test loss", "test mean_iou")] == sorted(
        first.index(name) for name in ("test error_rate", "test loss", "test mean_iou")
    )
    for arm in summary.arms:
        (row,) = [line for line in lines if line.strip("│ ").startswith(arm.name) and "│" in line]
        assert f"{arm.metrics['error_rate']:.4f}" in row and f"{arm.metrics['mean_iou']:.4f}" in row
    (verdict,) = [line for line in lines if line.startswith("quantum - blind = -0.")]
    assert verdict.endswith("the quantum network is ahead.")
    assert [line for line in lines if line.startswith("quantum - twin = ")]


def test_a_rival_may_have_none_of_a_network(tmp_path: Path) -> None:
    classical = changed(THREE, model=ClassicalNet(LinearHead(2)), num_steps=1)
    assert [arm.name for arm in arms(classical)] == ["network", "chance"]
    result, summary, folder = run(classical, tmp_path)
    assert [arm.folder for arm in summary.arms] == ["", "blind"] and len(result.arms) == 2
    assert not (folder / "twin").exists() and (folder / "blind" / "checkpoints").is_dir()
    assert [arm.name for arm in arms(changed(THREE, rivals=()))] == ["quantum"]


def test_rivals_do_not_change_the_networks_beside_them(three: tuple[RunResult, Summary, Path], tmp_path: Path) -> None:
    result, _, _ = three
    alone, _, _ = run(changed(THREE, rivals=()), tmp_path)
    other, _, _ = run(changed(THREE, rivals=(Chance(), Twin())), tmp_path)
    assert [arm.folder for arm, _ in other.arms] == ["", "blind", "twin"]
    by_folder = {arm.folder: fitted.state for arm, fitted in result.arms}
    for arm, fitted in (*alone.arms, *other.arms):
        jax.tree.map(np.testing.assert_array_equal, fitted.state, by_folder[arm.folder])


def test_a_rival_may_refuse_a_network() -> None:
    with pytest.raises(InputError, match=r"^QuanvNet is not compared with chance$"):
        arms(changed(THREE, rivals=(Chance(("QuanvNet",)),)))


def test_two_rivals_of_a_class_are_refused() -> None:
    rivals: Any = (Twin(), Chance(), Chance(("Net",)))
    with pytest.raises(InputError, match=r"^rivals have the name 'chance'; allowed: each name once"):
        changed(THREE, rivals=rivals)


@dataclass(frozen=True)
class Nearest(Method):
    """The class of the nearest of the class means of the training images."""

    name: ClassVar[str] = "nearest mean"
    folder: ClassVar[str] = "nearest"

    outputs: int = 2

    def fitted(self, train: Source, task: Task, seed: int) -> FittedMethod:
        images, labels = train[np.arange(len(train))]
        means = np.stack([images[labels == label].mean(0) for label in range(2)])

        def outputs(inputs: np.ndarray) -> np.ndarray:
            found = -((inputs[:, None] - means) ** 2).sum((2, 3, 4))
            return np.tile(found, (1, self.outputs // 2))

        return FittedMethod(outputs, means.size, f"{len(train)} training images")


def test_a_classical_method_stands_beside_the_networks(three: tuple[RunResult, Summary, Path], tmp_path: Path) -> None:
    result, summary, folder = run(changed(THREE, rivals=(Twin(), Nearest())), tmp_path)
    assert [arm.name for arm, _ in result.arms] == ["quantum", "classical twin"]
    assert summary.arms[:2] == tuple(
        dataclasses.replace(arm, wall_seconds=own.wall_seconds, step_seconds=own.step_seconds)
        for arm, own in zip(three[1].arms[:2], summary.arms[:2], strict=True)
    )
    own = summary.arms[2]
    assert (own.name, own.folder, own.steps, own.num_parameters) == ("nearest mean", "nearest", 0, 4 * 4 * 2)
    train, held_out = THREE.training_items(), THREE.held_out_items()
    images, labels = held_out[np.arange(len(held_out))]
    outputs = Nearest().fitted(train, THREE.task, 0).outputs(images)
    errors = (outputs.argmax(1) != labels).astype(float)
    np.testing.assert_array_equal(read_scores(folder / "nearest", 0).values, errors)
    assert own.metrics["error_rate"] == pytest.approx(errors.mean(), abs=1e-6) and set(own.metrics) == set(
        summary.arms[0].metrics
    )
    found = compare_arms([folder], "nearest", higher_is_better=False)
    assert found.difference == pytest.approx(summary.value - errors.mean())
    console = Console(width=200, file=io.StringIO(), record=True, _environ={})
    console.print(summary_table(folder, [folder]))
    assert "quantum - nearest = " in console.export_text()
    write_pictures(folder, result)
    assert (folder / "curves.png").exists() and [each.name for each in evaluate_run(folder)] == [
        "quantum",
        "classical twin",
    ]


def test_outputs_of_a_method_that_the_task_does_not_ask_for_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"^Nearest gives outputs of shape \(4,\) for each image; allowed: \(2,\), whi"
    ):
        run(changed(THREE, rivals=(Nearest(outputs=4),), num_steps=1), tmp_path)
