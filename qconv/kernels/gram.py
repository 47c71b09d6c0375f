"""The matrix of a kernel for many points: block by block, on all devices, and going on where it was stopped."""

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Float
from rich.console import Console

from qconv.console import text_console
from qconv.errors import InputError
from qconv.kernels.block_store import BlockStore
from qconv.kernels.kernel import Embedded, Kernel, Params
from qconv.kernels.points import checked_points
from qconv.progress import LiveProgress

_BLOCK = 1024
"""Points of a block, at most: 4 MB for a block of the matrix."""
_SMALLEST = 128
"""Points of a block, at least: fewer are filled up, so that few sizes are compiled."""
_BLOCKS = 8
"""Blocks of a side, about, where points are few: what is computed of the other half, on the diagonal, is an eighth."""
_KEPT_BYTES = 2**30
"""Of embedded points, at most; beyond it they are embedded anew whenever they are compared."""


def gram(
    kernel: Kernel,
    x: Any,
    y: Any = None,
    params: Params | None = None,
    *,
    folder: Path | None = None,
    console: Console | None = None,
) -> Float[np.ndarray, "left right"]:
    """The matrix of a kernel, in blocks: memory is that of the matrix and of few blocks, and one size is compiled.

    The points of a block are spread over the devices of a process, and blocks over processes, each of which has the
    whole matrix in the end and must be given the same points.

    Args:
        kernel: of which points.
        x: points, (points, columns), of any kind of real numbers.
        y: other points, as many columns; None for the same, of which each pair is compared once.
        params: of the kernel; None for those before any training.
        folder: where each block is written when it is done, and looked for first; None for nowhere.
        console: where progress is shown; None for nowhere.

    Raises:
        InputError: arrays that are no points, points that the kernel cannot take, or a folder with blocks of others.
    """
    sides = [checked_points("x", x)] if y is None else [checked_points("x", x), checked_points("y", y)]
    if sides[0].shape[1] != sides[-1].shape[1]:
        raise InputError(f"x has {sides[0].shape[1]} columns and y {sides[-1].shape[1]}; allowed: as many")
    params = kernel.init(sides[0].shape[1]) if params is None else params
    size = block_size(max(map(len, sides)))
    left, *others = [_Blocks(kernel, params, points, size) for points in sides]
    right = others[0] if others else left
    places = [(i, j) for i in range(len(left)) for j in range(i if y is None else 0, len(right))]
    store = None if folder is None else BlockStore(folder, _digest(kernel, params, sides, size))
    found = np.zeros((len(sides[0]), len(sides[-1])), sides[0].dtype)
    own = places[jax.process_index() :: jax.process_count()]
    for (i, j), block in _shown(_computed(kernel, params, left, right, own, store), len(own), console):
        rows, columns = left.slice(i), right.slice(j)
        found[rows, columns] = block
        if y is None and i != j:
            found[columns, rows] = block.T
    if jax.process_count() == 1:
        return found
    from jax.experimental import multihost_utils

    return np.asarray(multihost_utils.process_allgather(found)).sum(0)  # each has zeros where others have blocks


def gram_diagonal(
    kernel: Kernel, x: Float[np.ndarray, "points columns"], params: Params | None = None
) -> Float[np.ndarray, " points"]:
    """The kernel of each point with itself, in blocks.

    Args:
        kernel: of which points.
        x: points, one in each row.
        params: of the kernel; None for those before any training.

    Raises:
        InputError: arrays that are no points, or points that the kernel cannot take.
    """
    points = checked_points("x", x)
    params = kernel.init(points.shape[1]) if params is None else params
    blocks = _Blocks(kernel, params, points, block_size(len(points)))
    found = [np.asarray(_diagonal(kernel, params, blocks.embedded(place))) for place in range(len(blocks))]
    return np.concatenate(found)[: len(points)]


def block_size(points: int) -> int:
    """Points of a block for so many: a power of two, so that few sizes are compiled, and a multiple of the devices."""
    size = _SMALLEST
    while size < min(-(-points // _BLOCKS), _BLOCK):
        size *= 2
    devices = jax.local_device_count()
    return -(-size // devices) * devices


class _Blocks:
    """Points in blocks of one size, the last one filled up, embedded when asked for."""

    def __init__(self, kernel: Kernel, params: Params, points: np.ndarray, size: int) -> None:
        self._kernel, self._params, self._points, self._size = kernel, params, points, size
        self._kept: dict[int, Embedded] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return -(-len(self._points) // self._size)

    def slice(self, block: int) -> slice:
        """The points of a block."""
        return slice(block * self._size, min((block + 1) * self._size, len(self._points)))

    def embedded(self, block: int) -> Embedded:
        """What the kernel knows of the points of a block."""
        if (kept := self._kept.get(block)) is not None:
            return kept
        own = self._points[self.slice(block)]
        filled = np.concatenate([own, np.broadcast_to(own[-1:], (self._size - len(own), own.shape[1]))])
        found = _embed(self._kernel, self._params, jax.device_put(filled, _sharding()))
        self._bytes += sum(leaf.nbytes for leaf in jax.tree.leaves(found))
        if self._bytes <= _KEPT_BYTES:
            self._kept[block] = found
        return found


@partial(jax.jit, static_argnames="kernel")
def _embed(kernel: Kernel, params: Params, points: Array) -> Embedded:
    return kernel.embed(params, points)


@partial(jax.jit, static_argnames=("kernel", "is_own"))
def _compare(kernel: Kernel, params: Params, left: Embedded, right: Embedded, is_own: bool) -> Array:
    return kernel.among(params, left) if is_own else kernel.compare(params, left, right)


@partial(jax.jit, static_argnames="kernel")
def _diagonal(kernel: Kernel, params: Params, embedded: Embedded) -> Array:
    return kernel.diagonal(params, embedded)


def _computed(
    kernel: Kernel,
    params: Params,
    left: _Blocks,
    right: _Blocks,
    places: list[tuple[int, int]],
    store: BlockStore | None,
) -> Iterator[tuple[tuple[int, int], np.ndarray]]:
    """The blocks at these places, each written before the next one."""
    for place in places:
        block = None if store is None else store.read(place)
        if block is None:
            i, j = place
            is_own = left is right and i == j
            whole = _compare(kernel, params, left.embedded(i), _everywhere(right.embedded(j)), is_own)
            rows, columns = left.slice(i), right.slice(j)
            block = np.asarray(whole)[: rows.stop - rows.start, : columns.stop - columns.start]
            if store is not None:
                store.write(place, block)
        yield place, block


def _shown(
    blocks: Iterator[tuple[tuple[int, int], np.ndarray]], total: int, console: Console | None
) -> Iterator[tuple[tuple[int, int], np.ndarray]]:
    """Blocks as they come, with live progress where there is more than one."""
    start = perf_counter()
    quiet = console is None or total == 1
    with LiveProgress(text_console(quiet=True) if quiet else console, "block", "kernel", total) as progress:
        for done, block in enumerate(blocks, 1):
            rate = done / max(perf_counter() - start, 1e-9)
            progress.say("kernel", done, rate, f"{rate:.3g} blocks/s")
            yield block


def _mesh() -> Mesh:
    devices = jax.local_devices()
    return jax.make_mesh((len(devices),), ("points",), axis_types=(AxisType.Auto,), devices=devices)


def _sharding() -> NamedSharding | None:
    """Points split over the devices of this process; None where there is one."""
    return NamedSharding(_mesh(), PartitionSpec("points")) if jax.local_device_count() > 1 else None


def _everywhere(embedded: Embedded) -> Embedded:
    """On each device: what all rows are compared with."""
    if jax.local_device_count() == 1:
        return embedded
    return jax.device_put(embedded, NamedSharding(_mesh(), PartitionSpec()))


def _digest(kernel: Kernel, params: Params, sides: list[np.ndarray], size: int) -> str:
    """Of all that blocks depend on."""
    found = hashlib.sha256(f"{kernel!r} {size}".encode())
    for array in [*map(np.asarray, jax.tree.leaves(params)), *sides]:
        found.update(f"{array.shape} {array.dtype}".encode() + np.ascontiguousarray(array).tobytes())
    return found.hexdigest()
