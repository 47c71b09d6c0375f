"""Batches over all devices."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, cast

import numpy as np
from jax.sharding import Mesh
from jaxtyping import Int

from qconv.data.dataset import Source
from qconv.procedures.procedure import WeightedBatch
from qconv.runs.mesh import global_batch, my_rows

_AHEAD = 2
"""Batches that are read before they are wanted."""


def read_batch(
    source: Source,
    indices: Int[np.ndarray, " batch"],
    size: int,
    mesh: Mesh,
    dtype: Any,
    rng: Callable[[int], np.random.Generator] | None = None,
) -> WeightedBatch:
    """Rows of this process of the batch of the items at `indices`, filled up; see `global_batch`.

    Args:
        source: where items come from.
        indices: of the whole batch, the same in each process; at least one.
        size: rows of the batch before filling up to the devices, at least `len(indices)`.
        mesh: all devices.
        dtype: float32 or float64.
        rng: by the row of the whole batch, where items are drawn anew: each has a generator of its own, so that they do
            not depend on how many processes read them. None for items as they are.
    """
    rows = padded(size, mesh)
    filled = np.concatenate([indices, np.full(rows - len(indices), indices[-1])])
    mine = my_rows(mesh, rows)
    if rng is None:
        inputs, targets = source[filled[mine]]
    else:
        inputs, targets = cast(Any, source).drawn(filled[mine], [rng(row) for row in range(rows)[mine]])
    weights = (np.arange(rows) < len(indices))[mine]
    if np.issubdtype(targets.dtype, np.floating):
        targets = targets.astype(dtype)
    return WeightedBatch(inputs.astype(dtype), targets, weights.astype(dtype))


def whole_batch(source: Source, indices: Int[np.ndarray, " batch"], dtype: Any) -> WeightedBatch:
    """The items at `indices` in one batch, all of it on each process.

    Args:
        source: where items come from.
        indices: of the items.
        dtype: float32 or float64.
    """
    inputs, targets = source[indices]
    if np.issubdtype(targets.dtype, np.floating):
        targets = targets.astype(dtype)
    return WeightedBatch(inputs.astype(dtype), targets, np.ones(len(indices), dtype))


def padded(size: int, mesh: Mesh) -> int:
    """Rows of a batch that is filled up to a multiple of the devices."""
    return -(-size // mesh.size) * mesh.size


def all_batches(source: Source, batch_size: int, mesh: Mesh, dtype: Any) -> Iterator[WeightedBatch]:
    """Every item of a source once, in order."""

    def indices(number: int) -> Int[np.ndarray, " batch"]:
        start = number * batch_size
        return np.arange(start, min(start + batch_size, len(source)))

    return batches(source, indices, range(-(-len(source) // batch_size)), batch_size, mesh, dtype)


def batches(
    source: Source,
    rows: Callable[[int], Int[np.ndarray, " batch"]],
    numbers: range,
    size: int,
    mesh: Mesh,
    dtype: Any,
    rng: Callable[[int, int], np.random.Generator] | None = None,
) -> Iterator[WeightedBatch]:
    """Global batches, one after the other; what is not in memory is read while the devices work on those before.

    Args:
        source: where items come from.
        rows: the items of a batch, by its number.
        numbers: of the batches.
        size: rows of each before filling up to the devices.
        mesh: all devices.
        dtype: float32 or float64.
        rng: by the number of a batch and the row in it, where items are drawn anew; see `read_batch`.
    """

    def read(number: int) -> WeightedBatch:
        return read_batch(source, rows(number), size, mesh, dtype, None if rng is None else partial(rng, number))

    if getattr(source, "in_memory", False):
        yield from (global_batch(mesh, read(number)) for number in numbers)
        return
    with ThreadPoolExecutor(1) as pool:
        waiting = deque(pool.submit(read, number) for number in numbers[:_AHEAD])
        try:
            for number in numbers:
                batch = waiting.popleft().result()
                if number + _AHEAD < numbers.stop:
                    waiting.append(pool.submit(read, number + _AHEAD))
                yield global_batch(mesh, batch)
        finally:
            for future in waiting:
                future.cancel()
