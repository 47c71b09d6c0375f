"""Whole training steps of experiments and of their classical twins: of `quanv_cifar` on images of CIFAR's shape."""

import dataclasses
import statistics
import time
from typing import Any

import flax.linen as nn
import jax
import numpy as np
from rich.progress import Progress

from benchmarks.measure import Timed, interleave
from benchmarks.results import Result
from experiments.quanv_cifar import experiment as quanv_cifar
from experiments.seg_digits import experiment as seg_digits
from qconv.data.synthetic import Synthetic
from qconv.experiment.experiment import Experiment
from qconv.models.twin import classical_twin
from qconv.runs.batches import read_batch
from qconv.runs.loop import Loop, update_program
from qconv.runs.mesh import device_mesh, global_batch

CASE = "training step of quanv_cifar"
WIDE_CASE = "training step of quanv_cifar, 16 filters a colour"
UNET_CASE = "training step of seg_digits, a U-Net"


def measure_training_step(seconds: float, progress: Progress) -> list[Result]:
    """Loading the batch, loss, gradient and update, as `qconv.runs.loop` does them; the quantum path first."""
    data = Synthetic(num_images=1024, height=32, width=32, channels=3, num_classes=10)
    own = dataclasses.replace(quanv_cifar, data=data)
    model: Any = own.model
    wide = dataclasses.replace(own, model=dataclasses.replace(model, conv=dataclasses.replace(model.conv, features=16)))
    cases = {CASE: own, WIDE_CASE: wide, UNET_CASE: seg_digits}
    return [result for case, own in cases.items() for result in _measured(case, own, seconds, progress)]


def _measured(case: str, experiment: Experiment, seconds: float, progress: Progress) -> list[Result]:
    task = progress.add_task(case, total=None)
    models = {"qconv": experiment.model, "classical twin": classical_twin(experiment.model)}
    results = [Result(case, name, unit="steps") for name in models]
    steps = []
    for model, result in zip(models.values(), results, strict=True):
        jax.clear_caches()
        step, result.compile_s = _step(experiment, model)
        steps.append(Timed(step))
        steps[-1].warm_up()
    interleave(steps, seconds, lambda part: progress.update(task, total=1.0, completed=part))
    for step, result in zip(steps, results, strict=True):
        result.gradient_per_s = 1 / statistics.median(step.seconds)
        result.repeats = len(step.seconds)
    progress.remove_task(task)
    return results


def _step(experiment: Experiment, model: nn.Module) -> tuple[Any, float]:
    """A function that trains one step of a model, and the seconds of compiling it."""
    train, held_out = experiment.training_items(), experiment.held_out_items()
    mesh, dtype = device_mesh(), np.dtype(experiment.dtype)
    loop = Loop(experiment, model, train, held_out, mesh)
    procedure, frozen, key = experiment.procedure, loop.frozen, jax.random.key(experiment.seed)
    state, number = loop.first, 0

    def batch() -> Any:
        nonlocal number
        number += 1
        rows = procedure.rows(experiment.seed, number - 1, len(train))
        return global_batch(mesh, read_batch(train, rows, procedure.batch_size, mesh, dtype))

    start = time.perf_counter()
    update = update_program(procedure, model, experiment.task, 0, mesh)
    executable = update.lower(state, frozen, batch(), key).compile()
    seconds = time.perf_counter() - start

    def step() -> Any:
        nonlocal state
        state = jax.block_until_ready(executable(state, frozen, batch(), key))
        return state

    return step, seconds
