"""Losses against their formulas, and what they say of each class."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from qconv.data.synthetic import Synthetic
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.losses import CrossEntropy, Loss, SquaredError
from qconv.models.classical_net import ClassicalNet
from qconv.models.heads import LinearHead

OUTPUTS = np.array([[2.0, -1.0, 0.5], [0.0, 0.0, 0.0]], np.float32)
LABELS = np.array([2, 0])


def test_cross_entropy():
    outputs = jnp.asarray(OUTPUTS)
    probabilities = np.exp(OUTPUTS) / np.exp(OUTPUTS).sum(1, keepdims=True)
    expected = -np.log(probabilities[np.arange(2), LABELS])
    np.testing.assert_allclose(CrossEntropy()(outputs, jnp.asarray(LABELS)), expected, rtol=1e-6)
    np.testing.assert_allclose(CrossEntropy().scores(outputs), probabilities, rtol=1e-6)


def test_squared_error():
    expected = [(2**2 + 1**2 + 0.5**2) / 3, 1 / 3]
    np.testing.assert_allclose(SquaredError()(jnp.asarray(OUTPUTS), jnp.asarray(LABELS)), expected, rtol=1e-6)
    np.testing.assert_array_equal(SquaredError().scores(jnp.asarray(OUTPUTS)), OUTPUTS)


@dataclass(frozen=True)
class Mean(CrossEntropy):
    """One number for all images: those that fill a batch up would count."""

    def __call__(self, outputs: Any, labels: Any) -> Any:
        return super().__call__(outputs, labels).mean()


@dataclass(frozen=True)
class Best(CrossEntropy):
    def scores(self, outputs: Any) -> Any:
        return outputs.max(1)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (Mean(), r"Mean returns shape \(\) of each image for 2 images; allowed: \(2,\)"),
        (Best(), r"Best returns shape \(2,\) as scores for 2 images; allowed: \(2, 4\)"),
    ],
)
def test_a_loss_of_another_shape_is_refused_before_training(loss: Loss, message: str):
    data = Synthetic()
    experiment = Experiment(data, ClassicalNet(LinearHead(4)), batch_size=8, loss=loss)
    with pytest.raises(InputError, match=message):
        experiment.check(data.load("train"), data.load("test"))
