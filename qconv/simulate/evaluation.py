"""What an engine makes of a circuit with its angles, and how it is read: a few patches at a time, on each device."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType
from jaxtyping import Array, Float, Int

Observables = Float[Array, "filters observables columns"]
"""Expectations of the observables of circuits that differ in their angles alone, for patches as columns."""
Decode = Callable[[Float[Array, "observables _"]], Float[Array, "channels _"]]
"""What a readout makes of the expectations of one circuit."""

_BUILT_AT_ONCE = 2**22
"""Numbers that are written while what filters have of their own is built: one after the other, each operation on few
numbers is called for each of them."""

_PAGE, _LINE = 4096, 64
"""Bytes: numbers that lie a multiple of the first apart share the places of the nearest cache; one of these places."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The expectations of circuits with their angles, as a function of patches.

    Attributes:
        observables: of a chunk of patches, (pixels, chunk).
        at_once: patches of a chunk, at most.
    """

    observables: Callable[[Float[Array, "pixels chunk"]], Observables]
    at_once: int

    def read(self, decode: Decode, columns: Float[Array, "pixels columns"]) -> Float[Array, "filters channels columns"]:
        """What `decode` makes of the expectations of all patches, chunk by chunk."""
        return in_chunks(lambda chunk: _decoded(decode, self.observables(chunk)), columns, self.at_once)


@dataclass(frozen=True, eq=False)
class Table:
    """The expectations of the few states that patches can be in, and which of them each patch is in.

    Attributes:
        observables: of all these states, (filters, observables, states).
        rows: the state of each patch; the number of states where a patch is in none, and all its channels are NaN.
    """

    observables: Observables
    rows: Callable[[Float[Array, "pixels columns"]], Int[Array, " columns"]]

    def read(self, decode: Decode, columns: Float[Array, "pixels columns"]) -> Float[Array, "filters channels columns"]:
        """What `decode` makes of the expectations of each state, looked up for all patches."""
        decoded = _decoded(decode, self.observables)
        results = jnp.pad(decoded, ((0, 0), (0, 0), (0, 1)), constant_values=jnp.nan)
        return results[:, :, self.rows(columns)]


def of_each(build: Callable[[Array], Any], thetas: Float[Array, "filters ..."], numbers: int) -> Any:
    """What is built of the angles of each filter, stacked: of as many filters at once as is good for memory.

    Args:
        build: of one filter, to a pytree.
        thetas: the angles of all.
        numbers: that it writes, about.
    """
    if len(thetas) == 1:
        return jax.tree.map(lambda leaf: leaf[None], build(thetas[0]))
    at_once = max(1, _BUILT_AT_ONCE // numbers)
    if at_once >= len(thetas):
        return jax.vmap(build)(thetas)
    return jax.lax.map(build, thetas, batch_size=at_once)


def _decoded(decode: Decode, observables: Observables) -> Float[Array, "filters channels columns"]:
    """What a readout makes of the expectations of each filter."""
    return decode(observables[0])[None] if len(observables) == 1 else jax.vmap(decode)(observables)


def in_chunks(
    function: Callable[[Float[Array, "pixels chunk"]], Float[Array, "*channels chunk"]],
    columns: Float[Array, "pixels columns"],
    chunk: int,
) -> Float[Array, "*channels columns"]:
    """`function` of all columns, on each device at most `chunk` of them at once, in the gradient too.

    The memory of a gradient is that of a chunk: what it needs is computed again, chunk by chunk.
    """
    pixels, count = columns.shape
    if (devices := devices_of(columns)) == 1 or count == 0:
        return _in_chunks(function, columns, chunk)
    # Columns that are split over devices stay where they are: an axis of the devices says so to XLA, which would
    # otherwise exchange them wherever an engine puts columns beside each other.
    apart = _filled_up(columns, -(-count // devices) * devices).reshape(pixels, devices, -1)
    outputs = jax.vmap(lambda own: _in_chunks(function, own, chunk), in_axes=1, out_axes=-2)(apart)
    return outputs.reshape(*outputs.shape[:-2], -1)[..., :count]


def _in_chunks(
    function: Callable[[Float[Array, "pixels chunk"]], Float[Array, "*channels chunk"]],
    columns: Float[Array, "pixels columns"],
    chunk: int,
) -> Float[Array, "*channels columns"]:
    pixels, count = columns.shape
    if count == 0:  # images without a single window
        return function(jnp.zeros((pixels, 1), columns.dtype))[..., :0]
    number = number_of_chunks(count, chunk)
    filled = _filled_up(columns, number * _width(-(-count // number), columns.dtype))
    if number == 1:
        return function(filled)[..., :count]
    chunks = jnp.moveaxis(filled.reshape(pixels, -1, number), 2, 0)
    outputs = jax.lax.map(jax.checkpoint(function), chunks)  # (number, *channels, size)
    return jnp.moveaxis(outputs, 0, -1).reshape(*outputs.shape[1:-1], -1)[..., :count]


def devices_of(array: Any) -> int:
    """Over how many devices an array is split, or may be: those of its mesh, which a traced array has, too; else one.

    Where axes of the mesh are mapped by hand (`jax.shard_map`), the array is what one device has of it.
    """
    mesh = jax.typeof(array).sharding.mesh
    sizes = zip(mesh.axis_sizes, mesh.axis_types, strict=True)
    return math.prod(size for size, kind in sizes if kind != AxisType.Manual)


def number_of_chunks(count: int, chunk: int) -> int:
    """How many chunks there are: as few as can be, or a few more where they come out even, with nothing to fill up."""
    fewest = max(1, -(-count // chunk))
    return next((number for number in range(fewest, fewest * 5 // 4 + 1) if count % number == 0), fewest)


def _width(count: int, dtype: np.dtype) -> int:
    """As many columns, or a few more where rows would be some pages of memory: all would share a few lines of cache."""
    row = count * np.dtype(dtype).itemsize
    return count if row % _PAGE else count + _LINE // np.dtype(dtype).itemsize


def _filled_up(columns: Float[Array, "pixels columns"], count: int) -> Float[Array, "pixels count"]:
    """To so many columns, with one that is there, which some encodings need: of 0 they would make NaN."""
    if not (missing := count - columns.shape[1]):
        return columns
    last = jax.lax.stop_gradient(columns[:, -1:])  # nobody reads what comes of these
    return jnp.concatenate([columns, jnp.broadcast_to(last, (len(columns), missing))], axis=1)


def patches_at_once(chunk_bytes: int, numbers: int, dtype: np.dtype) -> int:
    """Patches of a chunk of so many bytes, if each has so many numbers of `dtype`: at least one."""
    return max(1, chunk_bytes // (numbers * np.dtype(dtype).itemsize))
