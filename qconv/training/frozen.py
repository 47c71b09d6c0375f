"""A frozen first part of a network: computed once for all images, not in each epoch."""

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
from qconv.training.steps import TrainState, mutable_collections, network_output


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


def first_part_is_frozen(model: ImageModel, image_shape: tuple[int, ...], dtype: Any) -> bool:
    """Whether features can be computed once: the network says so, and its first part keeps no state of its own."""
    if not model.frozen_features():
        return False
    images = jax.ShapeDtypeStruct((1, *image_shape), dtype)
    made = jax.eval_shape(partial(model.init, method="features"), jax.random.key(0), images)
    return not mutable_collections(made)


def frozen_features(
    experiment: Experiment, model: ImageModel, state: TrainState, source: Source, mesh: Mesh
) -> FeatureSource:
    """Computes the features of all images of a source, once."""
    compute = features_program(model, mesh)
    features, labels = [], []
    for batch in all_batches(source, 4 * experiment.batch_size, mesh, np.dtype(experiment.dtype)):
        real = np.asarray(jax.device_put(batch.weights, replicated(mesh))) > 0
        features.append(np.asarray(compute(state.variables, batch.inputs))[real])
        labels.append(np.asarray(jax.device_put(batch.labels, replicated(mesh)))[real])
    return FeatureSource(np.concatenate(features), np.concatenate(labels))


_recent: Any = lru_cache(maxsize=4)  # Any: type checkers do not know that Flax modules can be hashed


@_recent
def features_program(model: ImageModel, mesh: Mesh) -> Any:
    """The first part of a network, compiled once for all seeds."""
    return jax.jit(partial(network_output, model, method="features"), out_shardings=replicated(mesh))
