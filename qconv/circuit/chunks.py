"""Many columns a few at a time."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def in_chunks(
    function: Callable[[Float[Array, "pixels chunk"]], Float[Array, "channels chunk"]],
    columns: Float[Array, "pixels columns"],
    chunk: int,
) -> Float[Array, "channels columns"]:
    """`function` of all columns, at most `chunk` of them at once, in the gradient too.

    The memory of a gradient is that of a chunk: what it needs is computed again, chunk by chunk.
    """
    pixels, count = columns.shape
    if count == 0:  # images without a single window
        return function(jnp.zeros((pixels, 1), columns.dtype))[:, :0]
    if count <= chunk:
        return function(columns)
    number = -(-count // chunk)
    size = -(-count // number)
    # Filled up with a column that is there: zeros may be where an encoding has no gradient, and 0 times NaN is NaN.
    padded = jnp.pad(columns, ((0, 0), (0, number * size - count)), mode="edge")
    # Every `number`-th column in a chunk: columns that are spread over devices stay where they are.
    chunks = jnp.moveaxis(padded.reshape(pixels, size, number), 2, 0)
    outputs = jax.lax.map(jax.checkpoint(function), chunks)  # (number, channels, size)
    return jnp.moveaxis(outputs, 0, 2).reshape(outputs.shape[1], -1)[:, :count]
