"""A frozen first part of a network: computed once for all images, not in each epoch."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Float

from qconv.data.dataset import Batch, Source
from qconv.experiment.experiment import Experiment
from qconv.models.base import ImageModel
from qconv.training.batches import all_batches
from qconv.training.mesh import replicated
from qconv.training.steps import TrainState


@dataclass(frozen=True, eq=False)
class FeatureSource:
    """What the frozen first part of a network makes of a source, held in memory."""

    features: Float[np.ndarray, "images ..."]
    labels: np.ndarray

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Shape of one image's features."""
        return self.features.shape[1:]

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, indices: np.ndarray) -> Batch:
        return Batch(self.features[indices], self.labels[indices])


def frozen_features(
    experiment: Experiment, model: ImageModel, state: TrainState, source: Source, mesh: Mesh
) -> FeatureSource:
    """Computes the features of all images of a source, once."""
    variables = {"params": state.params, "frozen": state.frozen}
    compute = _compute(model, mesh)
    features, labels = [], []
    for batch in all_batches(source, 4 * experiment.batch_size, mesh, np.dtype(experiment.dtype)):
        real = np.asarray(jax.device_put(batch.weights, replicated(mesh))) > 0
        features.append(np.asarray(compute(variables, batch.inputs))[real])
        labels.append(np.asarray(jax.device_put(batch.labels, replicated(mesh)))[real])
    return FeatureSource(np.concatenate(features), np.concatenate(labels))


_recent: Any = lru_cache(maxsize=4)  # Any: type checkers do not know that Flax modules can be hashed


@_recent  # the next seed of the same network finds it compiled
def _compute(model: ImageModel, mesh: Mesh) -> Callable[..., Any]:
    return jax.jit(partial(model.apply, method="features"), out_shardings=replicated(mesh))
