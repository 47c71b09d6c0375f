"""Sine and cosine against NumPy's in double precision."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.gates.sincos import sincos


@pytest.mark.parametrize(("largest", "atol"), [(1e2, 2e-7), (1e4, 2e-7), (1e6, 0.0625)])
def test_values(largest, atol):
    angles = np.random.default_rng(0).uniform(-largest, largest, 200_000).astype(np.float32)
    angles[:3] = 0, np.pi, -np.pi / 2
    for found, expected in zip(jax.jit(sincos)(angles), (np.sin, np.cos), strict=True):
        assert np.abs(found - expected(angles.astype(np.float64))).max() < atol


def test_no_angle_gives_more_than_1():
    angles = jnp.asarray(np.random.default_rng(0).uniform(-3e38, 3e38, 10_000), jnp.float32)
    for found in sincos(angles):
        assert float(jnp.abs(found).max()) <= 1 + 1e-6


def test_what_is_not_a_number_stays_so():
    for found in sincos(jnp.array([jnp.inf, -jnp.inf, jnp.nan])):
        assert jnp.isnan(found).all()


def test_derivatives(x64):
    for dtype, atol in ((np.float32, 3e-7), (np.float64, 1e-15)):
        angles = np.linspace(-20, 20, 1001).astype(dtype)
        exact = angles.astype(np.float64)
        sines = jax.vmap(jax.grad(lambda x: sincos(x)[0]))(angles)
        cosines = jax.vmap(jax.grad(jax.grad(lambda x: sincos(x)[1])))(angles)
        assert sines.dtype == dtype
        assert np.abs(sines - np.cos(exact)).max() < atol
        assert np.abs(cosines + np.cos(exact)).max() < atol
