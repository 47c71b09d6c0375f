"""Pictures of a run: what is on them."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from matplotlib.image import imread
from rich.console import Console

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.data.synthetic import Synthetic
from qconv.experiment.experiment import Experiment
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.heads import LinearHead
from qconv.models.quanv_net import QuanvNet
from qconv.report.confusion import confusion_figure
from qconv.report.curves import learning_curves
from qconv.report.filters import filters_figure
from qconv.report.pictures import write_pictures
from qconv.training.fit import first_state
from qconv.training.mesh import device_mesh
from qconv.training.run import execute
from qconv.training.run_directory import RunDirectory

CONV = QuantumConv(Circuit(ansatz=HardwareEfficient(depth=1)), kernel_size=(1, 2), strides=2)
TINY = Experiment(
    Synthetic(num_images=16, height=4, width=4, num_classes=2), QuanvNet(CONV, LinearHead(2)), num_steps=2, batch_size=4
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
    loss, accuracy = learning_curves(folders, "cross-entropy (nats)").axes
    assert (loss.get_xlabel(), loss.get_ylabel(), loss.get_yscale()) == ("step", "cross-entropy (nats)", "log")
    assert (accuracy.get_xlabel(), accuracy.get_ylabel(), accuracy.get_yscale()) == ("step", "accuracy", "linear")
    curves = {line.get_label(): line for line in loss.lines}
    assert list(curves) == ["quantum, train", "quantum, test", "classical twin, train", "classical twin, test"]
    np.testing.assert_array_equal(curves["quantum, train"].get_xydata(), [[2, 2.0], [4, 1.0]])
    np.testing.assert_array_equal(curves["quantum, test"].get_xydata(), [[4, 1.5]])
    np.testing.assert_array_equal(accuracy.lines[0].get_ydata(), [0.25, 0.5])
    assert curves["quantum, train"].get_color() != curves["classical twin, train"].get_color()
    assert accuracy.get_legend() is not None


def test_confusion_matrices() -> None:
    matrix = np.array([[3.0, 1.0], [0.0, 4.0]])
    first, second = confusion_figure({"quantum": matrix, "classical twin": matrix.T}).axes
    assert [first.get_title(), second.get_title()] == ["quantum: 7 of 8 right", "classical twin: 7 of 8 right"]
    assert (first.get_xlabel(), first.get_ylabel()) == ("predicted class", "class")
    # Texts stand at (column, row); nothing is written where no image is.
    assert {text.get_position(): text.get_text() for text in first.texts} == {(0, 0): "3", (1, 0): "1", (1, 1): "4"}
    np.testing.assert_allclose(np.asarray(first.images[0].get_array()), [[0.75, 0.25], [0, 1]])


@pytest.mark.parametrize("channels", [1, 3])
def test_filters_before_and_after(channels: int) -> None:
    experiment = dataclasses.replace(TINY, model=QuanvNet(CONV.clone(channels="concatenate"), LinearHead(2)))
    test = Synthetic(16, height=4, width=4, channels=channels, num_classes=2).load("test")
    images = test[np.arange(2)].images
    before = first_state(experiment, experiment.model, test, device_mesh())
    after = before.replace(params=jax.tree.map(lambda x: x + 0.5, before.params))
    figure = filters_figure(experiment.model, before, after, images)
    assert figure is not None
    shown = 2 * channels
    axes = figure.axes[: 2 * (1 + 2 * shown)]
    titles = [ax.get_title() for ax in axes[: 1 + 2 * shown]]
    assert titles == ["image", *(f"{when} {c}" for when in ("before", "after") for c in range(shown))]
    outputs: list[Any] = [
        CONV.clone(channels="concatenate").apply({"params": s.params["conv"]}, jnp.asarray(images))
        for s in (before, after)
    ]
    for row in range(2):
        pictures = [np.asarray(ax.images[0].get_array()) for ax in axes[row * (1 + 2 * shown) :][: 1 + 2 * shown]]
        np.testing.assert_array_equal(pictures[0], images[row, ..., 0] if channels == 1 else images[row])
        for channel in range(shown):
            np.testing.assert_allclose(pictures[1 + channel], outputs[0][row, ..., channel], atol=1e-6)
            np.testing.assert_allclose(pictures[1 + shown + channel], outputs[1][row, ..., channel], atol=1e-6)


def test_a_run_leaves_four_pictures(tmp_path: Path) -> None:
    with RunDirectory("tiny", TINY, tmp_path) as run:
        write_pictures(run.folder, execute(run, Console(quiet=True)))
    assert {path.name for path in run.folder.glob("*.png")} == {
        f"{n}.png" for n in ("circuit", "confusion", "curves", "filters")
    }
    for path in run.folder.glob("*.png"):
        assert imread(path).std() > 0.01
