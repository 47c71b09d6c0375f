"""Losses against their formulas, and what they say of each class."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from qconv.data.synthetic import Synthetic
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.models.heads import LinearHead
from qconv.models.networks import ClassicalNet
from qconv.procedures.supervised import Supervised
from qconv.runs.mesh import device_mesh
from qconv.runs.rehearsal import rehearse
from qconv.tasks.classification import Classification
from qconv.tasks.losses import ClassLoss, CrossEntropy, SquaredError

OUTPUTS = np.array([[2.0, -1.0, 0.5], [0.0, 0.0, 0.0]], np.float32)
LABELS = np.array([2, 0])


def test_cross_entropy():
    outputs = jnp.asarray(OUTPUTS)
    probabilities = np.exp(OUTPUTS) / np.exp(OUTPUTS).sum(1, keepdims=True)
    expected = -np.log(probabilities[np.arange(2), LABELS])
    np.testing.assert_allclose(CrossEntropy().per_item(outputs, jnp.asarray(LABELS)), expected, rtol=1e-6)
    np.testing.assert_allclose(CrossEntropy().scores(outputs), probabilities, rtol=1e-6)


def test_squared_error():
    expected = [(2**2 + 1**2 + 0.5**2) / 3, 1 / 3]
    np.testing.assert_allclose(SquaredError().per_item(jnp.asarray(OUTPUTS), jnp.asarray(LABELS)), expected, rtol=1e-6)
    np.testing.assert_array_equal(SquaredError().scores(jnp.asarray(OUTPUTS)), OUTPUTS)


@pytest.mark.parametrize("loss", [CrossEntropy(), SquaredError()], ids=["cross-entropy", "squared error"])
def test_the_loss_of_a_mask_is_the_mean_over_its_pixels(loss: ClassLoss):
    outputs = jnp.asarray(np.random.default_rng(0).normal(size=(2, 4, 3, 5)), jnp.float32)
    labels = jnp.asarray(np.random.default_rng(1).integers(0, 5, (2, 4, 3)))
    pixels = loss.per_item(outputs.reshape(24, 5), labels.reshape(24))
    expected = np.asarray(pixels, np.float64).reshape(2, 12).mean(1)
    np.testing.assert_allclose(loss.per_item(outputs, labels), expected, rtol=1e-6)
    assert loss.scores(outputs).shape == outputs.shape


def test_a_loss_is_better_where_it_is_smaller():
    for loss, unit in ((CrossEntropy(), "nats"), (SquaredError(), "")):
        assert (loss.name, loss.unit, loss.higher_is_better) == ("loss", unit, False)


@dataclass(frozen=True)
class Mean(CrossEntropy):
    """One number for all images: those that fill a batch up would count."""

    def per_item(self, outputs: Any, targets: Any) -> Any:
        return super().per_item(outputs, targets).mean()


@dataclass(frozen=True)
class Broken(CrossEntropy):
    def per_item(self, outputs: Any, targets: Any) -> Any:
        raise KeyError("no such thing\nand a second line")


@dataclass(frozen=True)
class Best(CrossEntropy):
    """One score for each image, and not for each class."""

    def scores(self, outputs: Any) -> Any:
        return outputs.max(1)


@dataclass(frozen=True)
class InTotal(CrossEntropy):
    """Sums that are no number: no gradient can be taken of them."""

    def sums(self, outputs: Any, targets: Any, weights: Any) -> Any:
        return weights * self.per_item(outputs, targets)


DATA = Synthetic()


def experiment_with(loss: ClassLoss) -> Experiment:
    return Experiment(DATA, ClassicalNet(LinearHead(4)), Supervised(batch_size=8), Classification(loss))


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (Mean(), r"^Mean returns shape \(\) for 2 images; allowed: \(2,\)$"),
        (Broken(), r"^Broken cannot be computed: KeyError: 'no such thing"),
    ],
)
def test_a_loss_of_another_shape_is_refused_before_training(loss: ClassLoss, message: str):
    with pytest.raises(InputError, match=message):
        experiment_with(loss).check(DATA.load("train"), DATA.load("test"))


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (Best(), r"^ClassicalNet cannot be evaluated: ValueError: "),
        (InTotal(), r"^ClassicalNet with Adam and InTotal cannot do a training step: TypeError: "),
    ],
)
def test_a_loss_that_cannot_be_trained_or_drawn_is_refused_before_training(loss: ClassLoss, message: str):
    spec = experiment_with(loss)
    with pytest.raises(InputError, match=message) as error:
        rehearse(spec, spec.model, device_mesh())
    assert "\n" not in str(error.value)
