"""Matrices in blocks."""

import jax.numpy as jnp
import numpy as np
import pytest

import qconv as q
from qconv.errors import InputError
from qconv.kernels import gram as module

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(150, 4)).astype(np.float32), RNG.normal(size=(70, 4)).astype(np.float32)
KERNEL = q.FidelityKernel(q.Circuit(q.IQP(), q.Identity()), bandwidth=0.3)


@pytest.fixture
def small_blocks(monkeypatch):
    for name in ("_SMALLEST", "_BLOCK"):
        monkeypatch.setattr(module, name, 64)


@pytest.mark.parametrize("kept", [0, 2**30])
def test_blocks_make_the_whole(small_blocks, monkeypatch, kept):
    monkeypatch.setattr(module, "_KEPT_BYTES", kept)
    params = KERNEL.init(4)
    np.testing.assert_allclose(q.gram(KERNEL, X), KERNEL(params, jnp.asarray(X)), atol=1e-6)
    np.testing.assert_allclose(q.gram(KERNEL, X, Y), KERNEL(params, jnp.asarray(X), jnp.asarray(Y)), atol=1e-6)


def test_it_goes_on_where_it_was_stopped(small_blocks, tmp_path, monkeypatch):
    whole, compare, calls = q.gram(KERNEL, X), module._compare, []

    def few(*arguments):
        if len(calls) == 3:
            raise KeyboardInterrupt
        calls.append(arguments)
        return compare(*arguments)

    monkeypatch.setattr(module, "_compare", few)
    with pytest.raises(KeyboardInterrupt):
        q.gram(KERNEL, X, folder=tmp_path)
    calls.clear()
    assert np.array_equal(q.gram(KERNEL, X, folder=tmp_path), whole)  # the other three of six blocks
    calls.clear()
    assert np.array_equal(q.gram(KERNEL, X, folder=tmp_path), whole) and not calls
    with pytest.raises(InputError, match="has blocks of another kernel or other points"):
        q.gram(KERNEL, Y, folder=tmp_path)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (X[0], None, r"x has shape \(4,\); allowed: \(points, columns\)"),
        (X, Y[:, :3], "x has 4 columns and y 3; allowed: as many"),
        (np.where(np.arange(150)[:, None] == 7, np.nan, X), None, "x has NaN or infinite numbers in row 7"),
        (X.astype(object).astype(str), None, "x of dtype .*; allowed: numbers"),
    ],
)
def test_what_are_no_points_is_refused(x, y, message):
    with pytest.raises(InputError, match=message):
        q.gram(KERNEL, x, y)
