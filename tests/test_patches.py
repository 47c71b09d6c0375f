"""Windows against loops over pixels, and their shapes against `flax.linen.Conv`."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qconv.errors import InputError
from qconv.patches import extract_patches
from tests.oracle import windows

PAIR = st.tuples(st.integers(1, 3), st.integers(1, 3))
SIDE = st.tuples(st.integers(0, 2), st.integers(0, 2))
PADDING = st.sampled_from(["SAME", "VALID"]) | st.tuples(SIDE, SIDE)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(size=st.sampled_from([(7, 9), (8, 7)]), kernel=PAIR, strides=PAIR, padding=PADDING, dilation=PAIR)
def test_windows_are_those_of_loops_and_of_flax(size, kernel, strides, padding, dilation):
    images = np.arange(2 * size[0] * size[1] * 3, dtype=np.float32).reshape(2, *size, 3)
    with jax.disable_jit():
        found = extract_patches(jnp.asarray(images), kernel, strides, padding, dilation)
    expected = np.stack([windows(image, kernel, strides, padding, dilation) for image in images])
    np.testing.assert_array_equal(found, expected.reshape(*expected.shape[:3], -1, 3))
    conv = nn.Conv(1, kernel, strides, padding, kernel_dilation=dilation)
    shape = jax.eval_shape(lambda: conv.init_with_output(jax.random.key(0), images)[0]).shape
    assert found.shape[:3] == shape[:3]


def test_one_number_serves_both_axes():
    images = jnp.arange(2.0 * 5 * 6).reshape(2, 5, 6, 1)
    np.testing.assert_array_equal(
        extract_patches(images, 2, 2, 1, 2), extract_patches(images, (2, 2), (2, 2), ((1, 1), (1, 1)), (2, 2))
    )


def test_a_kernel_as_large_as_the_padded_image_fits():
    images = jnp.ones((1, 2, 3, 1))
    assert extract_patches(images, (4, 5), padding=1).shape == (1, 1, 1, 20, 1)
    assert extract_patches(images, (9, 9), padding="SAME").shape == (1, 2, 3, 81, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kernel_size": 0}, "kernel_size = 0; allowed"),
        ({"kernel_size": (2, 0)}, r"kernel_size = \(2, 0\); allowed"),
        ({"strides": 0}, "strides = 0; allowed"),
        ({"strides": (1, -1)}, "strides"),
        ({"kernel_dilation": 0}, "kernel_dilation = 0; allowed"),
        ({"padding": -1}, "padding = -1; allowed"),
        ({"padding": ((0, 1), (0, -1))}, "padding"),
        ({"kernel_size": 3, "padding": "VALID"}, r"kernel_size = 3 .* covers 3x3 pixels, more than the 2x3"),
        ({"kernel_size": (2, 2), "kernel_dilation": 3, "padding": "VALID"}, "covers 4x4 pixels, more than the 2x3"),
        ({"kernel_size": (5, 1), "padding": 1}, "covers 5x1 pixels, more than the 4x5"),
    ],
)
def test_what_is_not_allowed_is_said(arguments, message):
    with pytest.raises(InputError, match=message):
        extract_patches(jnp.ones((1, 2, 3, 1)), **({"kernel_size": 2} | arguments))
