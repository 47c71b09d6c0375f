"""Optimisers against their formulas."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from qconv.errors import InputError
from qconv.procedures.optimizers import Adam, Sgd


def test_nesterov_momentum_looks_ahead():
    """In the variable that looks ahead, y = x - m a: the update of Nesterov's method on f(y) = y^2 / 2."""
    rate, momentum = 0.1, 0.9
    tx = Sgd(rate, momentum, nesterov=True).transformation(5)
    y = jnp.asarray(1.0)
    state = tx.init(y)
    x, a = 1.0, 0.0
    for _ in range(5):
        updates, state = tx.update(y, state)
        y = jnp.asarray(optax.apply_updates(y, updates))
        a = momentum * a + rate * (x - momentum * a)
        x -= a
        np.testing.assert_allclose(y, x - momentum * a, rtol=1e-5)


def test_adam_forgets_squared_gradients_as_it_is_told():
    tx = Adam(0.07, b2=0.99).transformation(5)
    weight = jnp.asarray(1.0)
    state = tx.init(weight)
    expected, first, second = 1.0, 0.0, 0.0
    for step, gradient in enumerate((1.0, -0.5, 0.01), start=1):
        updates, state = tx.update(jnp.asarray(gradient), state, weight)
        weight = jnp.asarray(optax.apply_updates(weight, updates))
        first, second = 0.9 * first + 0.1 * gradient, 0.99 * second + 0.01 * gradient**2
        expected -= 0.07 * (first / (1 - 0.9**step)) / np.sqrt(second / (1 - 0.99**step))
        np.testing.assert_allclose(weight, expected, rtol=1e-5)


def test_adam_may_learn_a_tenth_as_fast_after_each_third():
    tx = Adam(0.5, schedule="thirds").transformation(9)
    weight = jnp.asarray(0.0)
    state = tx.init(weight)
    for step in range(9):
        updates, state = tx.update(jnp.asarray(1.0), state, weight)  # always the same, so steps are the rate
        np.testing.assert_allclose(np.asarray(updates), -0.5 / 10 ** (step // 3), rtol=1e-4)  # 1 - b2 in float32


def test_what_is_not_allowed_is_said():
    with pytest.raises(InputError, match=r"b2 = 1.0; allowed"):
        Adam(b2=1.0)
    with pytest.raises(InputError, match=r"learning_rate = 0.0; allowed"):
        Sgd(0.0)
    with pytest.raises(InputError, match=r"momentum = 1.0; allowed"):
        Sgd(momentum=1.0)
