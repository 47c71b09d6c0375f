"""`qconv diagnose` of kernel machines."""

from pathlib import Path

import numpy as np
import pytest

import qconv as q
from qconv.commands.diagnose import diagnose
from qconv.commands.options import DiagnoseOptions
from qconv.diagnostics.kernel_points import kernel_machine, machine_points
from qconv.errors import InputError

DATA = q.Subset(q.Digits(), 60, 30)
CONV = q.QuantumConv(features=1, kernel_size=2, strides=2, trainable=False)
FEW = {"pairs": 20, "gradients": 4, "fisher_angles": 2, "fisher_patches": 3}


def experiment(model):
    return q.Experiment(DATA, model, q.KernelFit(), rivals=())


def test_a_machine_is_diagnosed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "kernel.png"
    model = q.KernelMachine(q.FidelityKernel(bandwidth=30.0))
    diagnose(experiment(model), DiagnoseOptions(output=picture))
    out = " ".join(capsys.readouterr().out.split())
    for words in ("kernel: FidelityKernel of 64 numbers", "verdict: concentrated: pairs have", "instead of 30 gives"):
        assert words in out
    assert "60 training points" in out
    assert picture.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_layers_before_it_are_diagnosed_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = q.QuanvNet(CONV, q.KernelMachine(q.RBF(), num_classes=10))
    diagnose(experiment(model), DiagnoseOptions(output=tmp_path / "both.png", **FEW))
    out = capsys.readouterr().out
    assert "layer 0: " in out and "kernel: RBF of 64 numbers" in out
    assert {path.name for path in tmp_path.iterdir()} == {"both.png", "both-kernel.png"}


def test_points_are_what_the_stages_before_make_of_items() -> None:
    spec = experiment(q.QuanvNet(CONV, q.KernelMachine(q.RBF(), num_classes=10)))
    images = spec.training_items()[np.arange(5)].inputs
    points = machine_points(spec.network, images, seed=0)
    assert points.shape == (5, 64) and not np.allclose(points, images.reshape(5, 64))
    alone = q.KernelMachine(q.RBF())
    np.testing.assert_array_equal(machine_points(alone, images, seed=0), images.reshape(5, 64))
    assert kernel_machine(alone) is alone and kernel_machine(q.ClassicalNet(q.LinearHead())) is None


def test_what_has_neither_is_refused(tmp_path: Path) -> None:
    spec = q.Experiment(DATA, q.ClassicalNet(q.LinearHead()), rivals=())
    with pytest.raises(InputError, match="neither a quantum layer nor a kernel machine"):
        diagnose(spec, DiagnoseOptions(output=tmp_path / "none.png"))
