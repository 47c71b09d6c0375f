"""Which images a step sees: a function of seed and step, so a resumed run goes on where it was."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np
from jax.sharding import Mesh
from jaxtyping import Float, Int

from qconv.data.dataset import Source
from qconv.training.mesh import global_batch, my_rows


class WeightedBatch(NamedTuple):
    """A batch filled up to a multiple of the devices: filled rows repeat the last image and have weight 0."""

    inputs: Float[Any, "batch ..."]
    """Images, or features of a frozen first part."""
    labels: Int[Any, " batch"]
    weights: Float[Any, " batch"]


@lru_cache(maxsize=2)
def _epoch_order(seed: int, epoch: int, size: int) -> Int[np.ndarray, " images"]:
    return np.random.default_rng([seed, epoch]).permutation(size)


def training_indices(
    seed: int, step: int, batch_size: int, size: int, sampling: Literal["epochs", "replacement"] = "epochs"
) -> Int[np.ndarray, " batch"]:
    """The images of a step, counted from 0: each epoch a new order, its ragged rest is left out; or any images."""
    if sampling == "replacement":
        return np.random.default_rng([seed, step]).integers(size, size=batch_size)
    epoch, position = divmod(step, size // batch_size)
    return _epoch_order(seed, epoch, size)[position * batch_size : (position + 1) * batch_size]


def load_batch(source: Source, indices: Int[np.ndarray, " batch"], size: int, mesh: Mesh, dtype: Any) -> WeightedBatch:
    """The global batch of the images at `indices`, filled up; this process reads its own rows only.

    Args:
        source: where images come from.
        indices: of the whole batch, the same in each process; at least one.
        size: rows of the batch before filling up to the devices, at least `len(indices)`.
        mesh: all devices.
        dtype: float32 or float64.
    """
    rows = -(-size // mesh.size) * mesh.size
    filled = np.concatenate([indices, np.full(rows - len(indices), indices[-1])])
    mine = my_rows(mesh, rows)
    images, labels = source[filled[mine]]
    weights = (np.arange(rows) < len(indices))[mine]
    return global_batch(mesh, WeightedBatch(images.astype(dtype), labels, weights.astype(dtype)))


def all_batches(source: Source, batch_size: int, mesh: Mesh, dtype: Any) -> Iterator[WeightedBatch]:
    """Every image of a source once, in order."""
    for start in range(0, len(source), batch_size):
        indices = np.arange(start, min(start + batch_size, len(source)))
        yield load_batch(source, indices, batch_size, mesh, dtype)
