"""Vectors of length 1: what amplitudes keep of numbers."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def directions(vectors: Float[Array, "*rows numbers"], epsilon: float) -> Float[Array, "*rows numbers"]:
    """Each vector (along the last axis) divided by its norm.

    One whose norm is at most `epsilon` has no direction: it becomes 1, 0, 0, ..., and the gradient with respect to it
    is 0. One with a NaN or an infinite number becomes NaN throughout, so that no wrong number is taken for a result.
    """
    # Squares of large numbers would be infinite, those of small ones 0. The result does not depend on the size of the
    # vector, so it is brought near 1 first, by a power of 2, which changes no digit.
    limits = jnp.finfo(vectors.dtype)
    largest = jax.lax.stop_gradient(jnp.max(jnp.abs(vectors), axis=-1, keepdims=True))
    size = jnp.clip(largest, max(epsilon, float(limits.tiny)), 2.0 ** (limits.maxexp - 2))
    factor = 1 / jax.lax.reduce_precision(size, limits.nexp, 0)
    near_one = vectors * jnp.where(largest < math.inf, factor, math.nan)
    squares = jnp.sum(near_one**2, axis=-1, keepdims=True)
    # Not by squares: XLA would square a small `epsilon` first, which gives 0. NaN is not dark: it must not vanish.
    is_dark = jnp.sqrt(jax.lax.stop_gradient(squares)) <= epsilon * factor
    # The inner `where` keeps the square root away from 0, where its gradient is infinite and would turn to NaN.
    norms = jnp.sqrt(jnp.where(is_dark, 1.0, squares))
    ground = jnp.zeros_like(vectors).at[..., 0].set(1.0)
    return jnp.where(is_dark, ground, near_one / norms)
