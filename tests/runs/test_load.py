"""Trained networks as functions: what they say, of which images, and without which data."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import qconv
from qconv.data.dataset import Dataset
from qconv.data.resized import Resized
from qconv.data.scaled import Scaled
from qconv.data.synthetic import Synthetic
from qconv.data.validation import with_validation
from qconv.errors import DataUnavailableError, InputError, RunError
from qconv.experiment.arms import arms
from qconv.runs.evaluate import evaluate_run
from qconv.runs.load import load_all
from qconv.runs.restore import restored_arms
from tests.runs.trained import small, trained

DATA = Synthetic(num_images=32, height=4, width=4, num_classes=3)
EXPERIMENT = small(DATA, 3)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(EXPERIMENT, tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return DATA.load("test")[np.arange(5)].inputs


def test_outputs_are_those_of_the_network_with_its_parameters(run: Path, images: np.ndarray) -> None:
    for name, place in (("", 0), ("quantum", 0), ("twin", 1), ("classical twin", 1)):
        network = qconv.load(run, name)
        restored = [each.loop.variables(each.state) for each in restored_arms(run, EXPERIMENT, None)]
        wanted: Any = arms(EXPERIMENT)[place].network.apply(restored[place], jnp.asarray(images))
        found = network(images)
        np.testing.assert_allclose(found, wanted, atol=1e-6)
        assert found.shape == (5, 3) and network.step == 8
        np.testing.assert_allclose(network(images[0]), found[0], atol=1e-6)
        levels = (images * 255).round().astype(np.uint8)
        np.testing.assert_array_equal(network(levels), network(levels.astype(np.float32) / np.float32(255)))


def test_what_it_is(run: Path) -> None:
    network = qconv.load(str(run))
    assert network.classes == ("0", "1", "2") and network.task == EXPERIMENT.task
    assert network.image_shape == (4, 4, 1) and network.arm.name == "quantum"
    assert network.experiment == EXPERIMENT and network.data.element == DATA.element
    assert set(network.variables["params"]) == {"conv", "head"}


def test_it_is_differentiable_and_may_be_transformed(run: Path, images: np.ndarray) -> None:
    network = qconv.load(run)

    def value(image: Any) -> Any:
        return network(image)[1]

    image = jnp.asarray(images[0])
    found = np.asarray(jax.jit(jax.grad(value))(image))
    step = 1e-2
    for place in ((0, 0, 0), (2, 1, 0), (2, 2, 0)):
        there = np.zeros_like(images[0])
        there[place] = step
        slope = (value(images[0] + there) - value(images[0] - there)) / (2 * step)
        np.testing.assert_allclose(found[place], slope, atol=2e-3)
    assert np.abs(found).max() > 1e-2
    np.testing.assert_allclose(jax.vmap(network)(images), network(images), atol=1e-6)


def test_no_data_are_needed(run: Path, images: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = qconv.load(run)(images)

    def gone(self: Dataset, *args: Any) -> Any:
        raise DataUnavailableError("the data are gone")

    monkeypatch.setattr(Synthetic, "load", gone)
    monkeypatch.setattr(Synthetic, "element", property(gone))
    np.testing.assert_array_equal(qconv.load(run)(images), wanted)
    with pytest.raises(DataUnavailableError, match="the data are gone"):
        evaluate_run(run)


def test_a_run_from_before_its_data_were_written_down(run: Path, images: np.ndarray, tmp_path: Path) -> None:
    older = tmp_path / "older"
    shutil.copytree(run, older)
    (older / "data.json").unlink()
    np.testing.assert_array_equal(qconv.load(older)(images), qconv.load(run)(images))
    (older / "data.json").write_text("{}")
    with pytest.raises(RunError, match=r"data\.json: it does not say what the data of a run are$"):
        qconv.load(older)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (
            np.zeros((2, 5, 4, 1)),
            r"images have shape \(2, 5, 4, 1\); allowed: \(batch, 4, 4, 1\), or that of one image",
        ),
        (np.zeros((4, 4)), r"images have shape \(4, 4\); allowed: "),
        (np.zeros((1, 2, 4, 4, 1)), r"images have shape \(1, 2, 4, 4, 1\); allowed: "),
        (np.zeros((0, 4, 4, 1)), r"images have shape \(0, 4, 4, 1\); allowed: "),
        (np.zeros((4, 4, 1), int), r"images are int\d+; allowed: uint8 in 0\.\.255, or floating point"),
        (np.zeros((4, 4, 1), complex), r"images are complex\d+; allowed: uint8"),
    ],
)
def test_images_that_it_cannot_take(run: Path, images: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        qconv.load(run)(images)


def test_what_cannot_be_loaded(run: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no run in .*nowhere: it has no spec"):
        qconv.load(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"^network = 'cnn'; allowed: 'quantum', 'twin'$"):
        qconv.load(run, "cnn")
    shutil.copytree(run, tmp_path / "half", ignore=lambda folder, names: {"twin"} & set(names))
    qconv.load(tmp_path / "half")
    with pytest.raises(RunError, match=r"^no checkpoint of the classical twin network in .*half yet$"):
        qconv.load(tmp_path / "half", "twin")


@pytest.mark.parametrize("numerics", [qconv.NUMERICS + 1, None])
def test_it_is_said_that_other_numerics_trained_a_network(
    run: Path, tmp_path: Path, numerics: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    qconv.load(run)
    assert not [message for message in caplog.messages if "numerics" in message]
    other = tmp_path / "other"
    shutil.copytree(run, other)
    spec = json.loads((other / "spec.json").read_text())
    for entry in spec["provenance"]:
        entry["numerics"] = numerics
    (other / "spec.json").write_text(json.dumps(spec))
    wanted = f"{other} was trained with numerics {numerics or 'from before version 1'}, and these are {qconv.NUMERICS}"
    for use in (qconv.load, load_all):
        caplog.clear()
        use(other)
        said = [message.partition(":")[0] for message in caplog.messages if "numerics" in message]
        assert said == [wanted]


def test_a_run_says_what_its_data_are(run: Path) -> None:
    assert json.loads((run / "data.json").read_text()) == {
        "inputs": [4, 4, 1],
        "targets": [],
        "num_classes": 3,
        "class_names": None,
    }


def test_pictures_are_prepared_as_the_data_are(tmp_path: Path) -> None:
    larger = Synthetic(num_images=32, height=8, width=8, num_classes=3)
    data = Scaled(Resized(larger, 4, 4))
    network = qconv.load(trained(small(data, 3, steps=1), tmp_path))
    rows = np.arange(3)
    pictures = larger.load("test")[rows].inputs
    np.testing.assert_allclose(network.prepared(pictures), data.load("test")[rows].inputs, atol=1e-6)
    assert network(network.prepared(pictures)).shape == (3, 3)


def test_other_data_are_prepared_as_those_that_were_trained_on(tmp_path: Path) -> None:
    data = Scaled(Synthetic(num_images=32, height=4, width=4, num_classes=3))
    other = Scaled(Synthetic(num_images=24, height=4, width=4, num_classes=3, data_seed=7))
    run = trained(small(data, 3, steps=2), tmp_path)
    own, _ = evaluate_run(run, other, "train")
    network = qconv.load(run)
    pictures, labels = other.data.load("train")[np.arange(24)]
    right = np.asarray(network(network.prepared(pictures)).argmax(-1)) == labels
    assert own.evaluation.metrics["accuracy"] == pytest.approx(right.mean())
    np.testing.assert_array_equal(own.evaluation.per_item, right)


def test_validation_images_do_not_say_how_images_are_prepared(tmp_path: Path) -> None:
    """What was fitted without them stays so, for new pictures and for other data."""
    images = Synthetic(num_images=32, height=4, width=4, num_classes=3)
    other = dataclasses.replace(images, data_seed=7)
    experiment = dataclasses.replace(small(Scaled(images), 3, steps=1), split="validation")
    run = trained(experiment, tmp_path)
    held_out, network = experiment.held_out_items(), qconv.load(run)
    rows = np.arange(len(held_out))
    pictures, _ = with_validation(images).load("validation")[rows]
    np.testing.assert_allclose(network.prepared(pictures), held_out[rows].inputs, atol=1e-6)
    own, _ = evaluate_run(run, Scaled(other))
    pictures, labels = with_validation(other).load("validation")[rows]
    scores = np.asarray(jax.nn.log_softmax(network(network.prepared(pictures))))
    assert own.evaluation.metrics["loss"] == pytest.approx(-scores[rows, labels].mean(), rel=1e-5)


def test_evaluation_on_other_items(run: Path) -> None:
    everything, _ = evaluate_run(run, split="all")
    train, _ = evaluate_run(run, split="train")
    test, _ = evaluate_run(run)
    np.testing.assert_array_equal(
        everything.evaluation.per_item, [*train.evaluation.per_item, *test.evaluation.per_item]
    )
    assert len(train.evaluation.per_item) == 32 and len(test.evaluation.per_item) == 8
    other = dataclasses.replace(DATA, data_seed=5)
    network = qconv.load(run)
    images, labels = other.load("test")[np.arange(8)]
    right = np.asarray(network(images).argmax(-1)) == labels
    np.testing.assert_array_equal(evaluate_run(run, other)[0].evaluation.per_item, right)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"height": 5},
            r"^these data have images of shape \(5, 4, 1\); allowed: \(4, 4, 1\), which the run was trained",
        ),
        ({"num_classes": 4}, r"^these data have classes 4; allowed: 3, which the run was trained on$"),
    ],
)
def test_data_that_do_not_fit_the_networks(run: Path, changes: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        evaluate_run(run, dataclasses.replace(DATA, **changes))


def test_images_that_were_trained_on_are_not_called_validation_images(run: Path) -> None:
    with pytest.raises(InputError, match=r"^split = 'validation'; allowed: 'train', 'test'$"):
        evaluate_run(run, split="validation")


@dataclasses.dataclass(frozen=True)
class Misnamed(Synthetic):
    class_names: Any = ("cat", "dog")


def test_names_that_are_not_one_for_each_class_are_refused_before_training(tmp_path: Path) -> None:
    data = Misnamed(num_images=32, height=4, width=4, num_classes=3)
    with pytest.raises(InputError, match=r"^Misnamed\.class_names has 2 names; allowed: 3, one a class$"):
        trained(small(data, 3), tmp_path)
    assert not list(tmp_path.rglob("checkpoints"))
