"""The network that finds noise."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.circuit.circuit import Circuit
from qconv.errors import InputError
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.dncnn import DnCNN
from qconv.models.network import output_of
from qconv.models.twin import classical_twin

IMAGES = jnp.asarray(np.random.default_rng(0).normal(0.5, 0.5, (2, 9, 11, 1)), jnp.float32)


def count(model: DnCNN) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(model.init(jax.random.key(0), IMAGES)["params"]))


def test_sizes_are_those_that_are_said() -> None:
    quantum = DnCNN(QuantumConv(features=2, kernel_size=2))
    assert count(DnCNN()) == 7265
    # 8 channels more for the first convolution; 16 angles a filter, or 4 weights a channel.
    assert count(quantum) == 7265 + 8 * 9 * 16 + 32
    assert count(classical_twin(quantum)) == 7265 + 8 * 9 * 16 + 32


def test_what_the_last_convolution_finds_is_taken_off_the_image() -> None:
    model = DnCNN(depth=2, features=3)
    variables = model.init(jax.random.key(0), IMAGES)
    nothing = jax.tree.map(jnp.zeros_like, variables)
    np.testing.assert_array_equal(output_of(model, nothing, IMAGES), IMAGES)
    nothing["params"]["Conv_1"]["bias"] += 0.25
    np.testing.assert_allclose(output_of(model, nothing, IMAGES), IMAGES - 0.25, atol=1e-6)


def test_crops_and_whole_images_are_restored_alike_but_for_the_border() -> None:
    model = DnCNN(depth=3, features=4)
    variables = model.init(jax.random.key(1), IMAGES)
    whole, crop = (output_of(model, variables, images) for images in (IMAGES, IMAGES[:, :, :10]))
    np.testing.assert_allclose(crop[:, :, :7], whole[:, :, :7], atol=1e-5)  # each convolution sees a pixel further


def test_the_layer_beside_sees_pixels_in_the_range_that_it_encodes() -> None:
    model = DnCNN(QuantumConv(Circuit(), kernel_size=2), depth=2, features=2)
    variables = model.init(jax.random.key(0), IMAGES)
    nothing = jax.tree.map(jnp.zeros_like, variables)
    weights = variables["params"]["Conv_0"]["kernel"].at[:, :, 0].set(0)  # only what is beside the image
    changed = {"params": {**variables["params"], "Conv_0": {**nothing["params"]["Conv_0"], "kernel": weights}}}
    noise = [output_of(model, changed, images) - images for images in (IMAGES, jnp.clip(IMAGES, 0, 1))]
    np.testing.assert_allclose(noise[0], noise[1], atol=1e-5)
    gradient = jax.grad(lambda v: jnp.mean(jnp.square(output_of(model, v, IMAGES))))(variables)
    assert jnp.abs(gradient["params"]["beside"]["theta"]).max() > 0


def test_statistics_of_batches_are_kept_where_they_are_asked_for() -> None:
    model = DnCNN(depth=3, features=2, normalised=True)
    variables = model.init(jax.random.key(0), IMAGES)
    assert set(variables) == {"params", "batch_stats"}
    _, written = model.apply(variables, IMAGES, train=True, mutable=["batch_stats"])
    assert any(np.any(a != b) for a, b in zip(*map(jax.tree.leaves, (written, variables["batch_stats"])), strict=False))


def test_wrong_sizes_are_refused() -> None:
    with pytest.raises(
        InputError, match=r"^beside makes 5x6 pixels of 9x11; allowed: a layer that keeps height and wi"
    ):
        DnCNN(QuantumConv(strides=2)).init(jax.random.key(0), IMAGES)
    with pytest.raises(InputError, match=r"^depth = 1; allowed: at least 2$"):
        DnCNN(depth=1)
    with pytest.raises(InputError, match=r"^features = 0; allowed: at least 1$"):
        DnCNN(features=0)
