"""A training step and an evaluation without numbers: what cannot be trained is refused before training."""

from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh

from qconv.data.dataset import Source
from qconv.errors import InputError, refusing
from qconv.experiment.experiment import Experiment
from qconv.models.base import ImageModel
from qconv.training.batches import WeightedBatch
from qconv.training.finite import path_name
from qconv.training.fit import count_program, init_program, update_program
from qconv.training.frozen import features_program, first_part_is_frozen
from qconv.training.steps import mutable_collections


def rehearse(experiment: Experiment, model: ImageModel, source: Source, mesh: Mesh) -> None:
    """Traces what training will run. That costs nothing, since training finds it traced.

    Args:
        experiment: budget, optimiser, loss and precision; its model is not looked at.
        model: the network.
        source: training images, of which only the shape matters.
        mesh: all devices.

    Raises:
        InputError: the network, the loss or the optimiser cannot do a step; the message says which class and why.
    """
    name, dtype = type(model).__name__, np.dtype(experiment.dtype)
    key = jax.random.key(experiment.seed)
    example = jax.ShapeDtypeStruct((1, *source.image_shape), dtype)
    start = init_program(model, experiment.optimizer, experiment.num_steps, experiment.plateau, mesh)
    with refusing(f"{name} cannot be initialised"):
        state = start.eval_shape(key, example)
    _require_numbers(name, state)
    _require_whole_batches(name, experiment.batch_size, mutable_collections(state.collections), mesh)

    frozen = first_part_is_frozen(model, source.image_shape, dtype)
    update = update_program(model, experiment.optimizer, experiment.loss, experiment.num_steps, frozen, mesh)
    count = count_program(model, experiment.loss, frozen, mesh)

    def batch(size: int) -> WeightedBatch:
        rows = -(-size // mesh.size) * mesh.size
        inputs = jax.ShapeDtypeStruct((rows, *source.image_shape), dtype)
        if frozen:
            with refusing(f"the first part of {name} cannot be applied"):
                inputs = features_program(model, mesh).eval_shape(state.variables, inputs)
        return WeightedBatch(inputs, jax.ShapeDtypeStruct((rows,), np.int32), jax.ShapeDtypeStruct((rows,), dtype))

    classes = f"{name} with {type(experiment.optimizer).__name__} and {type(experiment.loss).__name__}"
    with refusing(f"{classes} cannot do a training step"):
        after = update.eval_shape(state, batch(experiment.batch_size), key)
    _require_same_arrays(name, state, after)
    with refusing(f"{name} cannot be evaluated"):
        count.eval_shape(state, batch(4 * experiment.batch_size))


def _require_numbers(name: str, state: Any) -> None:
    """Only arrays of numbers can be saved and compared; a random key, for one, cannot."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(state):
        if not jax.numpy.issubdtype(leaf.dtype, np.number) and leaf.dtype != bool:
            raise InputError(f"{name} keeps {path_name(path)} of type {leaf.dtype}; allowed: numbers and bools")


def _require_whole_batches(name: str, batch_size: int, collections: list[str], mesh: Mesh) -> None:
    """Rows that fill a batch up have no weight in a loss, but would count in the statistics of a batch."""
    if collections and batch_size % mesh.size:
        raise InputError(
            f"batch_size = {batch_size}; allowed: multiples of the {mesh.size} devices, since {name} keeps "
            f"{', '.join(collections)} of its batches"
        )


def _require_same_arrays(name: str, before: Any, after: Any) -> None:
    """A state that changes its shape from step to step can be neither compiled once nor resumed."""
    arrays = [
        {path_name(path): f"{leaf.dtype}{list(leaf.shape)}" for path, leaf in jax.tree_util.tree_leaves_with_path(tree)}
        for tree in (before, after)
    ]
    for path in arrays[0] | arrays[1]:
        there, here = (part.get(path, "absent") for part in arrays)
        if there != here:
            raise InputError(
                f"a training step of {name} turns {path} from {there} into {here}; allowed: variables that keep type "
                "and shape. What is sown is kept only in 'intermediates', which is dropped"
            )
