"""Losses against their formulas, and what they say of each class."""

import jax.numpy as jnp
import numpy as np

from qconv.losses import CrossEntropy, SquaredError

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
