"""Classical filters against NumPy, and what is trained of them."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.errors import InputError
from qconv.layers.conv_filter import ConvFilter
from qconv.layers.fourier_filter import FourierFilter
from qconv.models.heads import LinearHead
from qconv.models.network import num_frozen_stages
from qconv.models.networks import QuanvNet
from tests.oracle import assert_close

KEY = jax.random.key(0)
IMAGES = np.random.default_rng(0).random((3, 4, 6, 2)).astype(np.float32)
WINDOWS = np.stack(
    [IMAGES[:, i : i + 2, j : j + 3].reshape(3, -1) for i in (0, 2) for j in (0, 3)], axis=1
)  # rows, columns and channels of a window, the channel fastest


def initialised(layer: nn.Module, images: Any = IMAGES) -> tuple[np.ndarray, Any]:
    outputs, variables = layer.init_with_output(KEY, jnp.asarray(images))
    return np.asarray(outputs), variables


@pytest.mark.parametrize("trainable", [True, False])
def test_a_convolution_and_tanh(trainable: bool) -> None:
    layer = ConvFilter(5, kernel_size=(2, 3), strides=(2, 3), trainable=trainable)
    found, variables = initialised(layer)
    weights = variables["params"]["Conv_0"] if trainable else variables["frozen"]["conv"]
    assert set(variables) == {"params" if trainable else "frozen"}
    kernel, bias = np.asarray(weights["kernel"]).reshape(12, 5), np.asarray(weights["bias"])
    assert_close(found.reshape(3, 4, 5), np.tanh(WINDOWS @ kernel + bias), atol=1e-6)
    assert max(abs(kernel).max(), abs(bias).max()) <= 12**-0.5


def test_first_weights_are_uniform() -> None:
    _, variables = initialised(ConvFilter(2000), np.zeros((1, 2, 2, 1)))
    _, of_head = initialised(LinearHead(3000, distribution="uniform"), np.zeros((2, 4)))
    for weights in (variables["params"]["Conv_0"], of_head["params"]["Dense_0"]):
        for values in jax.tree.leaves(weights):
            # In [-1/2, 1/2] for four inputs; the variance of that of n draws is (b^4 / 45) 4 / n, b = 1/2.
            assert abs(values).max() <= 0.5 and abs(values).max() > 0.49
            assert abs(np.var(values) - 1 / 12) < 5 * np.sqrt(4 * 0.5**4 / 45 / values.size)


def test_random_fourier_features() -> None:
    found, variables = initialised(FourierFilter(7, kernel_size=(2, 3), strides=(2, 3)))
    assert set(variables) == {"frozen"}
    w, b = (np.asarray(variables["frozen"][name]) for name in ("frequencies", "phases"))
    assert_close(found.reshape(3, 4, 7), np.cos(np.pi * (WINDOWS @ w) + b), atol=1e-5)


def test_frequencies_are_uniform_but_for_zero() -> None:
    _, variables = initialised(FourierFilter(8_000, kernel_size=(1, 2), strides=1), np.zeros((1, 1, 2, 1)))
    vectors, counts = np.unique(np.asarray(variables["frozen"]["frequencies"]), axis=1, return_counts=True)
    assert {tuple(vector) for vector in vectors.T} == {(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)} - {(0, 0)}
    assert abs(counts - 1000).max() < 5 * np.sqrt(1000)
    phases = np.asarray(variables["frozen"]["phases"])
    assert 0 <= phases.min() < 0.01 and 6.27 < phases.max() <= np.float32(2 * np.pi)


@pytest.mark.parametrize(
    ("layer", "frozen"), [(ConvFilter(), False), (ConvFilter(trainable=False), True), (FourierFilter(), True)]
)
def test_features_that_are_not_trained_are_computed_once(layer: nn.Module, frozen: bool) -> None:
    assert num_frozen_stages(QuanvNet(layer, LinearHead()), IMAGES.shape[1:], IMAGES.dtype) == int(frozen)


@pytest.mark.parametrize(
    ("layer", "values", "message"),
    [
        (ConvFilter, {"features": 0}, "features = 0; allowed: at least 1"),
        (ConvFilter, {"strides": 0}, "strides = 0"),
        (ConvFilter, {"padding": -1}, "padding = -1"),
        (FourierFilter, {"features": 0}, "features = 0; allowed: at least 1"),
    ],
)
def test_what_cannot_be(layer: type, values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        layer(**values)
