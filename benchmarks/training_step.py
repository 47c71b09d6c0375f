"""The whole training step of `quanv_cifar` and of its classical twin, on images of CIFAR's shape."""

import statistics
import time
from functools import partial
from typing import Any

import jax
import numpy as np
from rich.progress import Progress

from benchmarks.measure import Timed, interleave
from benchmarks.results import Result
from experiments.quanv_cifar import experiment
from qconv.data.synthetic import Synthetic
from qconv.models.base import ImageModel
from qconv.models.twin import classical_twin
from qconv.training.batches import load_batch, training_indices
from qconv.training.fit import first_state
from qconv.training.mesh import device_mesh, replicated
from qconv.training.steps import train_step

CASE = "training step of quanv_cifar"


def measure_training_step(seconds: float, progress: Progress) -> list[Result]:
    """Loading the batch, loss, gradient and update, as `qconv.training.fit` does them; the quantum path first."""
    task = progress.add_task(CASE, total=None)
    models = {"qconv": experiment.model, "classical twin": classical_twin(experiment.model)}
    results = [Result(CASE, name, unit="steps") for name in models]
    steps = []
    for model, result in zip(models.values(), results, strict=True):
        jax.clear_caches()
        step, result.compile_s = _step(model)
        steps.append(Timed(step))
        steps[-1].warm_up()
    interleave(steps, seconds, lambda part: progress.update(task, total=1.0, completed=part))
    for step, result in zip(steps, results, strict=True):
        result.gradient_per_s = 1 / statistics.median(step.seconds)
        result.repeats = len(step.seconds)
    progress.remove_task(task)
    return results


def _step(model: ImageModel) -> tuple[Any, float]:
    """A function that trains one step, and the seconds of compiling it."""
    data = Synthetic(num_images=1024, height=32, width=32, channels=3, num_classes=10).load("train")
    mesh, dtype = device_mesh(), np.dtype(experiment.dtype)
    state = first_state(experiment, model, data, mesh)
    options = {
        "model": model,
        "tx": experiment.optimizer.transformation(experiment.num_steps),
        "loss": experiment.loss,
        "inputs_are_features": False,
        "key": jax.random.key(experiment.seed),
    }
    update = jax.jit(partial(train_step, **options), out_shardings=replicated(mesh), donate_argnums=0)
    number = 0

    def batch() -> Any:
        nonlocal number
        number += 1
        indices = training_indices(experiment.seed, number - 1, experiment.batch_size, len(data))
        return load_batch(data, indices, experiment.batch_size, mesh, dtype)

    start = time.perf_counter()
    executable = update.lower(state, batch()).compile()
    seconds = time.perf_counter() - start

    def step() -> Any:
        nonlocal state
        state = jax.block_until_ready(executable(state, batch()))
        return state

    return step, seconds
