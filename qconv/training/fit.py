"""The training of one network: one visible loop."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Bool, Float
from rich.console import Console

from qconv.data.dataset import Source
from qconv.errors import InputError, RunError
from qconv.experiment.experiment import Experiment
from qconv.losses import Loss
from qconv.models.base import ImageModel
from qconv.optimizers import Optimizer
from qconv.training.batches import all_batches, load_batch, training_indices
from qconv.training.checkpoints import Checkpoints
from qconv.training.finite import not_finite
from qconv.training.frozen import first_part_is_frozen, frozen_features
from qconv.training.interrupt import Interrupted, stop_request
from qconv.training.mesh import any_process, replicated
from qconv.training.metrics import MetricsLog
from qconv.training.progress import TrainingProgress
from qconv.training.steps import Sums, TrainState, WatchedState, eval_step, init_state, train_step


@dataclass(frozen=True)
class Fitted:
    """A trained network and how it does on the test images."""

    state: TrainState
    initial_state: TrainState
    test_loss: float
    """Mean of `Experiment.loss`."""
    test_accuracy: float
    """In [0, 1]."""
    confusion: Float[np.ndarray, "classes classes"]
    """Images of class i (row) taken for class j (column)."""
    right: Bool[np.ndarray, " images"]
    """Which test images were taken for what they are."""
    wall_seconds: float
    """Training with compilation, evaluation and checkpoints, over all parts of an interrupted run."""


def fit(
    experiment: Experiment,
    model: ImageModel,
    *,
    label: str,
    train: Source,
    test: Source,
    folder: Path,
    mesh: Mesh,
    console: Console,
) -> Fitted:
    """Trains a network for `experiment.num_steps` steps, or until `experiment.plateau`, from its newest checkpoint on.

    Args:
        experiment: budget, optimiser, seed and precision; its model is not looked at.
        model: the network.
        label: its name in progress and messages.
        train: training images.
        test: test images; they decide nothing, they are only counted.
        folder: for checkpoints, metrics and events.
        mesh: all devices.
        console: for progress.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; the state has been saved.
        InputError: the network starts with values that are not finite.
        RunError: a loss or the state is not finite, or a checkpoint cannot be written or read.
    """
    started = time.perf_counter()
    dtype = np.dtype(experiment.dtype)
    batch_size, num_steps = experiment.batch_size, experiment.num_steps
    everywhere = replicated(mesh)
    initial_state = first_state(experiment, model, train, mesh)
    if names := not_finite(initial_state):
        raise InputError(
            f"{label}: {names[0]} is not finite before the first step; allowed: a network of finite numbers"
        )

    with ExitStack() as stack:
        checkpoints = stack.enter_context(Checkpoints(folder / "checkpoints"))
        restored = checkpoints.restore(initial_state)
        # The first step gives its arrays to the second and so on, and the initial state is still wanted at the end.
        state, seconds_before = restored or (jax.tree.map(lambda x: x.copy(), initial_state), 0.0)
        wall_seconds = seconds_before
        step = int(state.step)
        if step:
            console.print(f"{label}: going on from step {step}", highlight=False)

        inputs_are_features = first_part_is_frozen(model, train.image_shape, dtype)
        if inputs_are_features:
            train, test = (frozen_features(experiment, model, state, source, mesh) for source in (train, test))
        update = update_program(model, experiment.optimizer, experiment.loss, num_steps, inputs_are_features, mesh)
        evaluate = evaluator(experiment, test, mesh, model=model, inputs_are_features=inputs_are_features)
        key = jax.random.key(experiment.seed)

        is_writer = jax.process_index() == 0
        log = stack.enter_context(MetricsLog(folder, step)) if is_writer else None
        stop = stack.enter_context(stop_request())
        progress = stack.enter_context(TrainingProgress(console, label, step, num_steps, batch_size))

        ended = _ended(state, step, num_steps)
        while not ended:
            indices = training_indices(experiment.seed, step, batch_size, len(train), experiment.sampling)
            state = update(state, load_batch(train, indices, batch_size, mesh, dtype), key)
            step += 1
            progress.step(step)
            log_now, ended = step % experiment.log_every == 0, _ended(state, step, num_steps)
            # Processes must agree on when to stop, and agreeing costs a round of messages.
            stopping = (log_now or jax.process_count() == 1) and any_process(stop.is_set())

            test_now = step % experiment.eval_every == 0 or ended
            save_now = step % experiment.checkpoint_every == 0 or ended or stopping

            if log_now or test_now or save_now:
                _require_finite(state, checkpoints)
            if log_now or ended:
                means = state.sums.means()
                state = state.replace(sums=jax.device_put(Sums.zero(dtype), everywhere))
                progress.metrics(step, **means)
                if log:
                    log.write(step, {f"train_{name}": value for name, value in means.items()})
            if test_now:
                means, _, _ = evaluate(state)
                _require_finite(state, checkpoints, means["loss"])
                if log:
                    log.write(step, {f"test_{name}": value for name, value in means.items()})
            if save_now:
                wall_seconds = seconds_before + time.perf_counter() - started
                checkpoints.save(state, wall_seconds)
            if stopping:
                break
        if ended and step < num_steps:
            console.print(f"{label}: the loss is flat, ended at step {step} of at most {num_steps}", highlight=False)

        if any_process(stop.is_set()):
            raise Interrupted(f"{label}: stopped and saved at step {step} of {num_steps}")
    means, confusion, right = evaluate(state)
    _require_finite(state, checkpoints, means["loss"])
    return Fitted(state, initial_state, means["loss"], means["accuracy"], confusion, right, wall_seconds)


def _ended(state: TrainState, step: int, num_steps: int) -> bool:
    return step == num_steps or (isinstance(state, WatchedState) and state.at_plateau())


def _require_finite(state: TrainState, checkpoints: Checkpoints, test_loss: float = 0.0) -> None:
    """Refuses to save, evaluate or report a state that has diverged: the last update may have made it so."""
    if (bad_step := int(state.bad_step)) > 0:
        problem = f"the loss is not finite at step {bad_step}"
    elif names := not_finite(state):
        problem = f"{names[0]} is not finite after step {int(state.step)}"
    elif not np.isfinite(test_loss):
        problem = f"the loss of the test images is not finite after step {int(state.step)}"
    else:
        return
    saved = checkpoints.latest_step
    good = f"the last good checkpoint is of step {saved}" if saved else "there is no checkpoint before it"
    raise RunError(f"{problem}; {good}. The same command ends here again; a smaller learning rate may help")


def first_state(experiment: Experiment, model: ImageModel, source: Source, mesh: Mesh) -> TrainState:
    """The state before the first step, on every device."""
    example = np.zeros((1, *source.image_shape), np.dtype(experiment.dtype))
    init = init_program(model, experiment.optimizer, experiment.num_steps, experiment.plateau, mesh)
    return init(jax.random.key(experiment.seed), example)


def evaluator(
    experiment: Experiment, source: Source, mesh: Mesh, *, model: ImageModel, inputs_are_features: bool
) -> Callable[[TrainState], tuple[dict[str, float], np.ndarray, np.ndarray]]:
    """A function from a state to means over all images of a source, the confusion matrix, and which images are right.

    Args:
        experiment: batch size, loss and precision.
        source: images, or features of a frozen first part.
        mesh: all devices.
        model: the network.
        inputs_are_features: whether its first part has been applied already.
    """
    count = count_program(model, experiment.loss, inputs_are_features, mesh)

    def evaluate(state: TrainState) -> tuple[dict[str, float], np.ndarray, np.ndarray]:
        batches = all_batches(source, 4 * experiment.batch_size, mesh, np.dtype(experiment.dtype))
        counted = [count(state, batch) for batch in batches]
        parts = [(sums, confusion) for sums, confusion, _ in counted]
        sums, confusion = jax.tree.map(lambda *values: sum(np.asarray(value) for value in values), *parts)
        # Rows that fill a batch up come last in it.
        right = [np.asarray(own)[: int(sums.count)] for sums, _, own in counted]
        return sums.means(), confusion, np.concatenate(right)

    return evaluate


# The next seed of the same network finds these compiled: tables of papers train each network with many seeds.
_recent: Any = lru_cache(maxsize=4)  # Any: type checkers do not know that Flax modules can be hashed


@_recent
def init_program(model: ImageModel, optimizer: Optimizer, num_steps: int, plateau: int, mesh: Mesh) -> Any:
    """From a key and a batch of images to the state before the first step, compiled."""
    init = partial(init_state, model=model, tx=optimizer.transformation(num_steps), plateau=plateau)
    # It runs once, and random numbers are slow to compile: on CPUs a quarter of the time, and the same numbers.
    quick = {"xla_backend_optimization_level": 1}
    return jax.jit(init, out_shardings=replicated(mesh), compiler_options=quick)


@_recent
def update_program(
    model: ImageModel, optimizer: Optimizer, loss: Loss, num_steps: int, inputs_are_features: bool, mesh: Mesh
) -> Any:
    """`train_step`, compiled."""
    options = {"tx": optimizer.transformation(num_steps), "loss": loss, "inputs_are_features": inputs_are_features}
    return jax.jit(partial(train_step, model=model, **options), out_shardings=replicated(mesh), donate_argnums=0)


@_recent
def count_program(model: ImageModel, loss: Loss, inputs_are_features: bool, mesh: Mesh) -> Any:
    """`eval_step`, compiled."""
    options = {"model": model, "loss": loss, "inputs_are_features": inputs_are_features}
    return jax.jit(partial(eval_step, **options), out_shardings=replicated(mesh))
