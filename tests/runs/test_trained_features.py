"""Networks trained side by side: their features are theirs, in known columns, kept, and of no image that they know."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import qconv
from qconv.data.classes import OnlyClasses
from qconv.data.digits import Digits
from qconv.data.held_out import HeldOut
from qconv.data.resized import Resized
from qconv.data.synthetic import Synthetic
from qconv.data.tfds import Tfds
from qconv.errors import DataUnavailableError, InputError, RunError
from qconv.experiment.experiment import Experiment
from qconv.experiment.spec import from_json, to_json
from qconv.models.heads import LinearHead
from qconv.models.networks import BackboneNet
from qconv.models.small_cnn import SmallCNN
from qconv.procedures.optimizers import Adam
from qconv.procedures.supervised import Supervised
from qconv.runs import backbones, trained_features
from qconv.runs.backbones import finished_runs
from qconv.runs.run_directory import RunDirectory
from qconv.runs.trained_features import TrainedFeatures, backbones_of

DIGITS = Digits(test_fraction=0.5)


def backbone(data: qconv.Dataset, width: int, rate: float = 1e-2) -> Experiment:
    model = BackboneNet(SmallCNN((2, width)), LinearHead(num_classes=None))
    return Experiment(data, model, Supervised(Adam(learning_rate=rate), num_steps=3, batch_size=8), rivals=())


OWN = backbone(OnlyClasses(DIGITS, (0, 1, 2)), 3)
OTHER = backbone(Resized(Synthetic(num_images=32, height=4, width=4, channels=3, num_classes=2), 6, 6), 5)
FEATURES = TrainedFeatures(HeldOut(DIGITS, test=40), (OWN, OTHER))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QCONV_CACHE", str(tmp_path_factory.mktemp("cache")))
        return finished_runs((OWN, OTHER))


@pytest.fixture
def trained(runs: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch) -> tuple[Path, ...]:
    """Nothing is left to train."""
    monkeypatch.setenv("QCONV_CACHE", str(runs[0].parents[2]))
    monkeypatch.setattr(backbones, "_train", lambda *_: pytest.fail("trained again"))
    return runs


def test_their_runs_are_like_all_others(trained: tuple[Path, ...]) -> None:
    assert finished_runs((OTHER, OWN)) == trained[::-1]
    for folder, own in zip(trained, (OWN, OTHER), strict=True):
        network = qconv.load(folder)
        assert (network.experiment, network.step) == (own, 3)


def test_columns_are_what_each_network_makes_of_the_images(
    trained: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert FEATURES.widths == (3, 5) and FEATURES.element.inputs == (1, 1, 8)
    source, images = FEATURES.load("test"), FEATURES.data.load("test")[np.arange(40)].inputs
    found = source[np.arange(40)].inputs.reshape(40, 8)
    np.testing.assert_array_equal(source.targets, FEATURES.data.load("test")[np.arange(40)].targets)
    np.testing.assert_allclose(FEATURES.change(images).reshape(40, 8), found, atol=1e-6)
    for folder, columns in zip(trained, (found[:, :3], found[:, 3:]), strict=True):
        network = qconv.load(folder)
        height, width, channels = network.image_shape
        size = Resized(FEATURES.data, height, width).change(images) if (height, width) != (8, 8) else images
        head = network.variables["params"]["head"]["Dense_0"]
        logits = columns @ np.asarray(head["kernel"]) + np.asarray(head["bias"])
        np.testing.assert_allclose(network(np.repeat(size, channels, axis=-1)), logits, atol=1e-5)
    monkeypatch.setattr(trained_features, "load", lambda _: pytest.fail("computed again"))
    trained_features._loaded.cache_clear()
    np.testing.assert_array_equal(FEATURES.load("test").inputs, source.inputs)


def test_a_spec_with_backbones_comes_back_as_it_was() -> None:
    spec = dataclasses.replace(OWN, data=FEATURES)
    assert from_json(to_json(spec)) == spec and backbones_of((spec, spec)) == [OWN, OTHER]


def test_images_that_a_network_was_trained_on_are_refused(trained: tuple[Path, ...]) -> None:
    with pytest.raises(
        InputError, match=r"^\d+ of \d+ images are among those that a backbone was trained on; allowed: "
    ):
        TrainedFeatures(DIGITS, (OWN,)).load("train")


def test_networks_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match=r"^backbones = \(\); allowed: at least one experiment$"):
        TrainedFeatures(DIGITS, ())
    colour = Synthetic(num_images=32, height=8, width=8, channels=3, num_classes=2)
    with pytest.raises(InputError, match=r"^images of 3 channels for a backbone of 1; allowed: grey images, or as "):
        TrainedFeatures(colour, (OWN,))


def test_a_run_that_was_stopped_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QCONV_CACHE", str(tmp_path))
    with RunDirectory("backbones", OWN, tmp_path) as run:
        pass  # begun, and killed before its first checkpoint
    assert finished_runs((OWN,)) == (run.folder,) and (run.folder / "summary.json").exists()


@pytest.mark.slow
def test_what_cannot_be_trained_is_said_and_the_others_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QCONV_CACHE", str(tmp_path))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "none"))
    absent = backbone(Tfds("cifar10", prepare=False), 3)
    with pytest.raises(
        DataUnavailableError, match=r"^backbone 1 cannot be trained: name 'cifar10' is not prepared in "
    ):
        finished_runs((absent, OWN))
    assert backbones._is_finished(finished_runs((OWN,))[0])
    with pytest.raises(RunError, match=r"^backbone 1 cannot be trained: .*not finite"):
        finished_runs((backbone(OnlyClasses(DIGITS, (0, 1, 2)), 3, rate=1e30),))
