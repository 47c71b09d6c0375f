"""A training step and an evaluation without numbers: what cannot be trained is refused before training."""

from functools import partial
from typing import Any

import flax.linen as nn
import jax
import numpy as np
from jax.sharding import Mesh

from qconv.data.dataset import Element
from qconv.errors import InputError, refusing
from qconv.experiment.experiment import Experiment
from qconv.models.network import TRAINED, changing_collections, num_frozen_stages
from qconv.procedures.procedure import DirectProcedure, WeightedBatch
from qconv.runs.arrays import first_difference, layout, path_name
from qconv.runs.batches import padded
from qconv.runs.frozen import features_program
from qconv.runs.loop import evaluation_program, init_program, update_program
from qconv.runs.mesh import batch_sharding
from qconv.simulate.memory import refuse_beyond


def rehearse(experiment: Experiment, network: nn.Module, mesh: Mesh) -> None:
    """Traces what training will run. That costs nothing, since training finds it traced.

    Args:
        experiment: data, task, procedure and precision; its model is not looked at.
        network: that is to be trained.
        mesh: all devices.

    Raises:
        InputError: the network, the task or the procedure cannot do a step, or there is too little memory; the message
            says which class and why.
    """
    name, dtype, element = type(network).__name__, np.dtype(experiment.dtype), experiment.element
    procedure, task = experiment.procedure, experiment.task
    key = jax.random.key(experiment.seed)
    with refusing(f"{name} cannot be initialised"):
        example = jax.ShapeDtypeStruct((1, *element.inputs), dtype)
        state, frozen = init_program(procedure, network, task, element, mesh).eval_shape(key, example)
    for part in (state, frozen):
        _require_numbers(name, part)
    variables = {**procedure.variables(state.trained), **frozen}
    # The gradient is as large as what it is taken by.
    kept = jax.tree.leaves((state, frozen, variables.get(TRAINED)))
    needed = sum(leaf.size * leaf.dtype.itemsize for leaf in kept)
    refuse_beyond(needed, f"the parameters of {name}, their gradient and what the procedure keeps", "", "a smaller one")
    is_direct = isinstance(procedure, DirectProcedure)
    if not is_direct:
        _require_whole_batches(name, procedure.batch_size, changing_collections(variables), mesh)

    with refusing(f"the first stages of {name} cannot be applied"):
        start = num_frozen_stages(network, element.inputs, dtype)
    drawn = experiment.drawn_element
    evaluate = evaluation_program(procedure, network, task, start, mesh)

    def batch(size: int, element: Element, start: int) -> WeightedBatch:
        # Of one device, batches are NumPy's.
        shaped = partial(jax.ShapeDtypeStruct, sharding=batch_sharding(mesh) if mesh.size > 1 else None)
        rows = padded(size, mesh)
        inputs = shaped((rows, *element.inputs), dtype)
        if start:
            with refusing(f"the first stages of {name} cannot be applied"):
                inputs = features_program(network, start, mesh).eval_shape(variables, inputs)
        kind = dtype if element.num_classes is None else np.int32
        return WeightedBatch(inputs, shaped((rows, *element.targets), kind), shaped((rows,), dtype))

    if not is_direct:  # whose steps are not compiled
        update = update_program(procedure, network, task, 0 if drawn else start, mesh)
        classes = f"{name} with {_classes(procedure)} and {type(task.loss).__name__}"
        with refusing(f"{classes} cannot do a training step"):
            after = update.eval_shape(
                state, frozen, batch(procedure.batch_size, drawn or element, 0 if drawn else start), key
            )
        _require_same_arrays(name, state, after)
    with refusing(f"{name} cannot be evaluated"):
        evaluate.eval_shape(state.trained, frozen, batch(4 * procedure.batch_size, element, start))


def _classes(procedure: Any) -> str:
    """A procedure by its class, or by that of its optimiser, which is what users choose."""
    return type(getattr(procedure, "optimizer", procedure)).__name__


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
    if differ := first_difference(layout(before), layout(after)):
        path, there, here = differ
        raise InputError(
            f"a training step of {name} turns {path} from {there} into {here}; allowed: variables that keep type "
            "and shape. What is sown is kept only in 'intermediates', which is dropped"
        )
