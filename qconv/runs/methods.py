"""The classical methods of a run: fitted to the training items, and judged on the held-out ones as networks are."""

import time
from functools import partial
from typing import NamedTuple

import jax
import numpy as np

from qconv.data.dataset import Source
from qconv.errors import InputError, refusing
from qconv.experiment.experiment import Experiment
from qconv.experiment.rivals import FittedMethod, Method
from qconv.procedures.procedure import WeightedBatch
from qconv.runs.evaluation import Evaluation, gathered, judged


class EvaluatedMethod(NamedTuple):
    """A classical method and how it does on the items that it has not seen."""

    method: Method
    fitted: FittedMethod
    evaluation: Evaluation
    wall_seconds: float
    """Fitting and evaluation."""


def evaluate_method(method: Method, experiment: Experiment, train: Source, held_out: Source) -> EvaluatedMethod:
    """Fits a classical method and judges its outputs for all held-out items.

    Raises:
        InputError: it cannot take the items, or gives outputs of another shape than the task asks for.
        NotFiniteError: the loss or a metric is infinite or NaN.
    """
    started = time.perf_counter()
    name, task, dtype = type(method).__name__, experiment.task, np.dtype(experiment.dtype)
    wanted = task.output_shape(experiment.element)
    with refusing(f"{name} cannot be fitted"):
        fitted = method.fitted(train, task, experiment.seed)
    judge = jax.jit(partial(judged, task))
    found = []
    size = 4 * experiment.procedure.batch_size
    for start in range(0, len(held_out), size):
        inputs, targets = held_out[np.arange(start, min(start + size, len(held_out)))]
        with refusing(f"{name} cannot take the {experiment.split} images"):
            outputs = np.asarray(fitted.outputs(inputs), dtype)
        if outputs.shape != (len(inputs), *wanted):
            raise InputError(
                f"{name} gives outputs of shape {outputs.shape[1:]} for each image; allowed: {wanted}, which "
                f"{type(task).__name__} asks of these data"
            )
        if np.issubdtype(targets.dtype, np.floating):
            targets = targets.astype(dtype)
        batch = WeightedBatch(inputs.astype(dtype), targets, np.ones(len(inputs), dtype))
        found.append(jax.tree.map(np.asarray, judge(outputs, batch)))
    evaluation = gathered(task, found, f"of the {experiment.split} images", f"with {method.name}")
    return EvaluatedMethod(method, fitted, evaluation, time.perf_counter() - started)
