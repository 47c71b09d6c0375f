"""A run whose task is a mask for each image: networks and Otsu's threshold, judged and drawn side by side."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.experiment.linear_filter import LinearFilter
from qconv.experiment.rivals import Twin
from qconv.figure import imread
from qconv.layers.quantum_conv import QuantumConv
from qconv.methods.otsu import Otsu
from qconv.models.quanv_unet import QuanvUNet
from qconv.procedures.supervised import Supervised
from qconv.report.pictures import write_pictures
from qconv.runs.run import execute
from qconv.runs.run_directory import RunDirectory
from qconv.runs.scores import read_scores
from qconv.tasks.losses import WeightedCrossEntropy
from qconv.tasks.segmentation import Segmentation
from tests.variants import Made

MASKS = Experiment(
    Made(((8, 8, 3), (8, 8), 2), num_train=8, num_test=6),
    QuanvUNet(
        QuantumConv(Circuit(ansatz=HardwareEfficient(1)), channels="concatenate"),
        QuantumConv(Circuit(ansatz=HardwareEfficient(1)), kernel_size=1),
        features=(4, 8),
    ),
    Supervised(num_steps=2, batch_size=4),
    Segmentation(WeightedCrossEntropy((1.0, 2.0), 3.0)),
    rivals=(Twin(), LinearFilter(), Otsu()),
)


def test_networks_and_otsus_threshold_are_judged_and_drawn(tmp_path: Path) -> None:
    with RunDirectory("masks", MASKS, tmp_path) as run:
        result = execute(run, Console(quiet=True))
        summary = result.summary(run)
        write_pictures(run.folder, result)
        folder = run.folder
    assert [arm.folder for arm in summary.arms] == ["", "twin", "linear", "otsu"] and summary.headline == "Dice"
    names = ["loss", "Dice", "pooled Dice", "mIoU", "pooled mIoU"]
    assert all(list(arm.metrics) == names for arm in summary.arms)
    for arm in summary.arms:
        scores = read_scores(folder / arm.folder, 0).values
        assert len(scores) == 6 and np.isclose(scores.mean(), arm.metrics["Dice"], atol=1e-6)
    assert {path.stem for path in folder.glob("*.png")} == {"circuit", "curves", "filters", "masks"}
    assert imread(folder / "masks.png").std() > 0.01


def test_what_a_method_refuses_is_said_before_anything_is_trained(tmp_path: Path) -> None:
    experiment = replace(
        MASKS,
        data=Made(((8, 8, 3), (8, 8), 3), num_train=8, num_test=6),
        model=QuanvUNet(num_outputs=3, features=(4, 8)),
        task=Segmentation(),
        rivals=(LinearFilter(), Otsu()),
    )
    with (
        pytest.raises(InputError, match=r"^Otsu is given masks with class 2; allowed: 0 and 1$"),
        RunDirectory("masks", experiment, tmp_path) as run,
    ):
        execute(run, Console(quiet=True))
    assert not list(tmp_path.iterdir())
