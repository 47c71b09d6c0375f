"""Layers as kernels: the outer kernel of what the layer makes of images."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import qconv as q
from qconv.errors import InputError
from tests.oracle import assert_close

POINTS = np.random.default_rng(0).uniform(0, 1, (5, 32)).astype(np.float32)
CONV = q.QuantumConv(q.Circuit(ansatz=q.HardwareEfficient(1)), kernel_size=2, strides=2, channels="sum")
TREE = q.QuantumTree(read=1)


@pytest.mark.parametrize("layer", [CONV, TREE], ids=["conv", "tree"])
def test_it_is_the_outer_kernel_of_the_features(layer):
    kernel = q.LayerKernel(layer, (4, 4, 2), q.RBF(0.3))
    params = kernel.init(32, seed=1)
    features = np.asarray(layer.apply(params["layer"], jnp.asarray(POINTS.reshape(5, 4, 4, 2)))).reshape(5, -1)
    expected = np.exp(-0.3 * np.square(features[:, None] - features).sum(2))
    assert_close(kernel(params, jnp.asarray(POINTS)), expected, atol=1e-6)
    assert_close(q.gram(kernel, POINTS, params=params), expected, atol=1e-6)


def test_its_angles_are_trained_and_frozen_ones_are_not():
    for layer, collection, moves in ((CONV, "params", True), (CONV.clone(trainable=False), "frozen", False)):
        kernel = q.LayerKernel(layer, (4, 4, 2))
        gradient = jax.grad(lambda params, own=kernel: own(params, jnp.asarray(POINTS)).mean())(kernel.init(32))
        assert bool(np.any(gradient["layer"][collection]["theta"])) == moves
        assert gradient["bandwidth"] != 0 and gradient["outer"]["gamma"] != 0


def test_the_bandwidth_multiplies_pixels():
    kernel, narrow = (q.LayerKernel(CONV, (4, 4, 2), bandwidth=own) for own in (1.0, 0.5))
    params = kernel.init(32)
    found = narrow(params | {"bandwidth": jnp.asarray(0.5)}, jnp.asarray(POINTS))
    assert_close(found, kernel(params, jnp.asarray(POINTS / 2)), atol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: q.LayerKernel(CONV, (4, 4, 2)).init(30), r"image_shape = \(4, 4, 2\); allowed: 30 numbers in all"),
        (lambda: q.LayerKernel(CONV, (4, 0, 2)), "image_shape = .*; allowed: three positive numbers"),
        (lambda: q.LayerKernel(CONV, bandwidth=0.0), "bandwidth = 0.0; allowed: a positive number"),
        (lambda: q.LayerKernel(CONV.clone(padding="VALID"), (1, 1, 1)).init(1), "covers 2x2 pixels, more than the 1x1"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(InputError, match=message):
        make()
