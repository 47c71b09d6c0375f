"""Frozen first stages of a network: computed once for all items, not in each epoch."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, ClassVar

import flax.linen as nn
import jax
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Float, Shaped

from qconv.data.dataset import Batch, Source
from qconv.models.network import output_of
from qconv.runs.batches import all_batches
from qconv.runs.mesh import replicated


@dataclass(frozen=True, eq=False)
class FeatureSource:
    """What the frozen first stages of a network make of a source, held in memory."""

    features: Float[np.ndarray, "items ..."]
    targets: Shaped[np.ndarray, "items ..."]

    in_memory: ClassVar[bool] = True
    """Nothing is gained by reading its rows beforehand."""

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, indices: np.ndarray) -> Batch:
        return Batch(self.features[indices], self.targets[indices])


def frozen_features(
    network: nn.Module,
    variables: Mapping[str, Any],
    stages: int,
    source: Source,
    batch_size: int,
    mesh: Mesh,
    dtype: Any,
) -> FeatureSource:
    """What the first stages of a network make of all items of a source, computed once.

    Args:
        network: a `Network`.
        variables: all of its collections.
        stages: how many.
        source: the items.
        batch_size: items at once.
        mesh: all devices.
        dtype: float32 or float64.
    """
    compute = features_program(network, stages, mesh)
    features, targets = [], []
    for batch in all_batches(source, batch_size, mesh, dtype):
        real = np.asarray(jax.device_put(batch.weights, replicated(mesh))) > 0
        features.append(np.asarray(compute(variables, batch.inputs))[real])
        targets.append(np.asarray(jax.device_put(batch.targets, replicated(mesh)))[real])
    return FeatureSource(np.concatenate(features), np.concatenate(targets))


# The next seed of the same network finds it compiled: tables of papers train each network with many seeds.
recent: Any = lru_cache(maxsize=4)  # Any: type checkers do not know that Flax modules can be hashed


@recent
def features_program(network: nn.Module, stages: int, mesh: Mesh) -> Any:
    """The first stages of a network, compiled."""
    return jax.jit(partial(output_of, network, stop=stages), out_shardings=replicated(mesh))
