"""Pictures of a run: what is on them."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from matplotlib.image import imread
from rich.console import Console

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.data.cluster_ising import ClusterIsing
from qconv.data.synthetic import Synthetic
from qconv.experiment.experiment import Experiment
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.heads import LinearHead
from qconv.models.networks import QuanvNet
from qconv.procedures.supervised import Supervised
from qconv.report.curves import learning_curves
from qconv.report.filters import filters_figure
from qconv.report.pictures import write_pictures
from qconv.runs.loop import Loop
from qconv.runs.mesh import device_mesh
from qconv.runs.run import execute
from qconv.runs.run_directory import RunDirectory
from qconv.tasks.classification import Accuracy, Classification
from qconv.tasks.confusion import Confusion
from qconv.tasks.evidence import Evaluated
from qconv.tasks.losses import CrossEntropy
from qconv.tasks.metric import Metric

CONV = QuantumConv(Circuit(ansatz=HardwareEfficient(depth=1)), kernel_size=(1, 2), strides=2)
TINY = Experiment(
    Synthetic(num_images=16, height=4, width=4, num_classes=2),
    QuanvNet(CONV, LinearHead(2)),
    procedure=Supervised(num_steps=2, batch_size=4),
)


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    lines = [
        {"step": 2, "train_loss": 2.0, "train_accuracy": 0.25},
        {"step": 4, "train_loss": 1.0, "train_accuracy": 0.5},
        {"step": 4, "test_loss": 1.5, "test_accuracy": 0.375},
    ]
    folders = {"quantum": tmp_path, "classical twin": tmp_path / "twin"}
    for folder in folders.values():
        folder.mkdir(exist_ok=True)
        (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folders


def test_learning_curves(folders: dict[str, Path]) -> None:
    loss, accuracy = learning_curves(folders, (CrossEntropy(), Accuracy()), "test").axes
    assert (loss.get_xlabel(), loss.get_ylabel(), loss.get_yscale()) == ("step", "loss (nats)", "log")
    assert (accuracy.get_xlabel(), accuracy.get_ylabel(), accuracy.get_yscale()) == ("step", "accuracy", "linear")
    curves = {line.get_label(): line for line in loss.lines}
    assert list(curves) == ["quantum, train", "quantum, test", "classical twin, train", "classical twin, test"]
    np.testing.assert_array_equal(curves["quantum, train"].get_xydata(), [[2, 2.0], [4, 1.0]])
    np.testing.assert_array_equal(curves["quantum, test"].get_xydata(), [[4, 1.5]])
    np.testing.assert_array_equal(accuracy.lines[0].get_ydata(), [0.25, 0.5])
    assert curves["quantum, train"].get_color() != curves["classical twin, train"].get_color()
    assert accuracy.get_legend() is not None


@dataclass(frozen=True)
class Error(Metric):
    """A metric with a name of its own."""

    name: ClassVar[str] = "error"
    unit: ClassVar[str] = "pixels"

    def per_item(self, outputs, targets):
        return outputs[:, 0]


def test_learning_curves_of_any_metrics_on_any_split(tmp_path: Path) -> None:
    lines = [
        {"step": 1, "train_loss": -2.0, "train_error": 3.0, "train_accuracy": 0.5},
        {"step": 1, "validation_loss": 1.0, "validation_error": 4.0, "validation_accuracy": 0.25},
    ]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    loss, error, accuracy = learning_curves(
        {"network": tmp_path}, (CrossEntropy(), Error(), Accuracy()), "validation"
    ).axes
    assert [ax.get_ylabel() for ax in (loss, error, accuracy)] == ["loss (nats)", "error (pixels)", "accuracy"]
    assert loss.get_yscale() == "linear"  # a loss may be less than 0
    assert [line.get_label() for line in error.lines] == ["network, train", "network, validation"]
    np.testing.assert_array_equal(error.lines[0].get_xydata(), [[1, 3.0]])
    np.testing.assert_array_equal(error.lines[1].get_xydata(), [[1, 4.0]])


def test_confusion_matrices() -> None:
    matrix = np.array([[3.0, 1.0], [0.0, 4.0]])
    data = Synthetic(num_images=32)
    evaluated = Evaluated(data, "test", data.load("test"), lambda rows: {})
    first, second = Confusion().figure({"quantum": matrix, "classical twin": matrix.T}, evaluated).axes
    assert [first.get_title(), second.get_title()] == ["quantum\n7 of 8 right", "classical twin\n7 of 8 right"]
    assert (first.get_xlabel(), first.get_ylabel()) == ("predicted class", "class")
    # Texts stand at (column, row); nothing is written where no image is.
    assert {text.get_position(): text.get_text() for text in first.texts} == {(0, 0): "3", (1, 0): "1", (1, 1): "4"}
    np.testing.assert_allclose(np.asarray(first.images[0].get_array()), [[0.75, 0.25], [0, 1]])


def test_classes_with_names_are_called_by_them() -> None:
    @dataclass(frozen=True)
    class Pets(Synthetic):
        num_classes: int = 2
        class_names: ClassVar[tuple[str, ...]] = ("cats", "dogs")

    data = Pets()
    evaluated = Evaluated(data, "test", data.load("test"), lambda rows: {})
    (axes,) = Confusion().figure({"quantum": np.eye(2)}, evaluated).axes
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [label.get_text() for label in labels] == ["cats", "dogs"]


@pytest.mark.parametrize("channels", [1, 3])
def test_filters_before_and_after(channels: int) -> None:
    experiment = dataclasses.replace(TINY, model=QuanvNet(CONV.clone(channels="concatenate"), LinearHead(2)))
    data = Synthetic(16, height=4, width=4, channels=channels, num_classes=2)
    test = data.load("test")
    images = test[np.arange(2)].inputs
    experiment = dataclasses.replace(experiment, data=data)
    loop = Loop(experiment, experiment.model, None, test, device_mesh())
    before = experiment.procedure.variables(loop.first.trained)
    after = before | {"params": jax.tree.map(lambda x: x + 0.5, before["params"])}
    figure = filters_figure(experiment.model, before, after, images)
    assert figure is not None
    shown = 2 * channels
    axes = figure.axes[: 2 * (1 + 2 * shown)]
    titles = [ax.get_title() for ax in axes[: 1 + 2 * shown]]
    assert titles == ["image", *(f"{when} {c}" for when in ("before", "after") for c in range(shown))]
    outputs: list[Any] = [
        CONV.clone(channels="concatenate").apply({"params": variables["params"]["conv"]}, jnp.asarray(images))
        for variables in (before, after)
    ]
    for row in range(2):
        pictures = [np.asarray(ax.images[0].get_array()) for ax in axes[row * (1 + 2 * shown) :][: 1 + 2 * shown]]
        np.testing.assert_array_equal(pictures[0], images[row, ..., 0] if channels == 1 else images[row])
        for channel in range(shown):
            np.testing.assert_allclose(pictures[1 + channel], outputs[0][row, ..., channel], atol=1e-6)
            np.testing.assert_allclose(pictures[1 + shown + channel], outputs[1][row, ..., channel], atol=1e-6)


PHASES = dataclasses.replace(TINY, data=ClusterIsing(5, num_train=5, columns=3, rows=2))
CLASSICAL = dataclasses.replace(TINY, model=QuanvNet(LinearHead(3), LinearHead(2)))


@pytest.mark.parametrize(
    ("experiment", "more"),
    [
        (TINY, {"circuit", "filters"}),
        (PHASES, {"circuit", "filters", "plane"}),
        (
            dataclasses.replace(PHASES, split="validation", procedure=Supervised(num_steps=1, batch_size=4)),
            {"circuit", "filters"},
        ),
        (CLASSICAL, set()),
    ],
    ids=["quantum", "points of a plane", "images for validation, which are no grid", "classical"],
)
def test_a_run_leaves_its_pictures(experiment: Experiment, more: set[str], tmp_path: Path) -> None:
    with RunDirectory("tiny", experiment, tmp_path) as run:
        result = execute(run, Console(quiet=True))
        write_pictures(run.folder, result)
    are_wrong = any((fitted.evaluation.per_item == 0).any() for _, fitted in result.arms)
    more = more | ({"mistakes"} if are_wrong and "plane" not in more else set())
    assert {path.stem for path in run.folder.glob("*.png")} == {"confusion", "curves"} | more
    for path in run.folder.glob("*.png"):
        assert imread(path).std() > 0.01


@dataclass(frozen=True)
class Broken(Confusion):
    name: ClassVar[str] = "broken"

    def figure(self, found, evaluated):
        raise IndexError("list index out of range")


@dataclass(frozen=True)
class WithBroken(Classification):
    @property
    def evidence(self):
        return (Broken(), *super().evidence)


def test_a_picture_that_fails_costs_no_result(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with RunDirectory("tiny", TINY, tmp_path) as run:
        result = dataclasses.replace(execute(run, Console(quiet=True)))
        found = [fitted.evaluation.evidence for _, fitted in result.arms]
        for evidence in found:
            evidence["broken"] = evidence["confusion"]
        object.__setattr__(result, "experiment", dataclasses.replace(TINY, task=WithBroken()))
        write_pictures(run.folder, result)
    assert "Broken cannot be drawn: IndexError: list index out of range" in caplog.text
    assert not (run.folder / "broken.png").exists() and (run.folder / "confusion.png").exists()
