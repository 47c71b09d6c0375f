"""The training of one network with all that is kept of it: checkpoints, metrics, progress, and stopping."""

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import jax
from rich.console import Console

from qconv.errors import InputError, RunError
from qconv.runs.arrays import not_finite
from qconv.runs.checkpoints import Checkpoints
from qconv.runs.evaluation import Evaluation, NotFiniteError
from qconv.runs.interrupt import Interrupted, stop_request
from qconv.runs.loop import Loop, LoopState, Moment, require_finite
from qconv.runs.mesh import any_process, as_one
from qconv.runs.metrics import MetricsLog
from qconv.runs.progress import TrainingProgress
from qconv.runs.step_clock import StepClock


@dataclass(frozen=True)
class Fitted:
    """A trained network and how it does on the items that it was not trained on."""

    loop: Loop
    state: LoopState
    evaluation: Evaluation
    wall_seconds: float
    """Training with compilation, evaluation and checkpoints, over all parts of an interrupted run."""
    step_seconds: float | None
    """A training step alone, the median of this part of the run; None where it was too short to tell."""


def fit(loop: Loop, *, name: str, folder: Path, console: Console) -> Fitted:
    """Trains a network to the end of its procedure, from its newest checkpoint on.

    Args:
        loop: the network and its data.
        name: its name in progress and messages.
        folder: for checkpoints, metrics and events.
        console: for progress.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; the state has been saved.
        InputError: the network starts with values that are not finite.
        RunError: a loss or the state is not finite, or a checkpoint cannot be written or read.
    """
    started = time.perf_counter()
    experiment, procedure = loop.experiment, loop.experiment.procedure
    if names := not_finite(loop.first) + not_finite(loop.frozen):
        raise InputError(
            f"{name}: {names[0]} is not finite before the first step; allowed: a network of finite numbers"
        )
    with ExitStack() as stack:
        checkpoints = stack.enter_context(Checkpoints(folder / "checkpoints", loop.frozen))
        restored = checkpoints.restore(loop.first)
        if checkpoints.frozen is not loop.frozen:
            loop = replace(loop, stored=checkpoints.frozen)
        state, seconds_before = restored or (None, 0.0)
        wall_seconds = seconds_before
        step = int(state.step) if state else 0
        if step:
            console.print(f"{name}: going on from step {step}", highlight=False)

        with as_one(f"cannot write metrics to {folder}"):
            log = stack.enter_context(MetricsLog(folder, step)) if jax.process_index() == 0 else None
        stop = stack.enter_context(stop_request())
        shown = [metric.name for metric in (experiment.task.loss, *experiment.task.metrics[:1])]
        assert loop.train is not None  # who trains gave some
        budget = procedure.num_steps, len(procedure.rows(experiment.seed, 0, len(loop.train)))
        progress = stack.enter_context(TrainingProgress(console, name, step, *budget, shown))
        clock = StepClock(step)
        last, ended = None, bool(state) and procedure.ended(state.trained, step)
        try:
            for moment in loop.moments(state):
                step, state, last, ended = moment.step, moment.state, moment.evaluation, moment.ended
                progress.step(step)
                if moment.train:
                    progress.metrics(step, moment.train)
                    clock.lap(step)
                if line := _line(moment, experiment.split):
                    with as_one(f"cannot write metrics to {folder}"):
                        if log:
                            log.write(step, line)
                if not moment.is_complete:
                    continue
                # Processes must agree on when to stop, and agreeing costs a round of messages.
                asks = step % experiment.log_every == 0 or jax.process_count() == 1
                stopping = asks and any_process(stop.is_set())
                if step % experiment.checkpoint_every == 0 or ended or stopping:
                    require_finite(state)
                    wall_seconds = seconds_before + time.perf_counter() - started
                    checkpoints.save(state, wall_seconds)
                if moment.evaluation or checkpoints.latest_step == step:
                    clock.restart(step)
                if stopping:
                    break
            assert state is not None  # a procedure has at least one step
            if not any_process(stop.is_set()):
                last = last or loop.evaluate(state)
        except NotFiniteError as error:
            saved = checkpoints.latest_step
            good = f"the last good checkpoint is of step {saved}" if saved else "there is no checkpoint before it"
            raise RunError(
                f"{error}; {good}. The same command ends here again; a smaller learning rate may help"
            ) from error
        if ended and step < procedure.num_steps:
            console.print(f"{name}: at its end after step {step} of at most {procedure.num_steps}", highlight=False)
        if any_process(stop.is_set()):
            raise Interrupted(f"{name}: stopped and saved at step {step} of {procedure.num_steps}")
        assert state is not None and last is not None  # all that did not stop have been evaluated
        if chosen := procedure.settings(state.trained):
            console.print(f"{name}: {chosen}", highlight=False)
        return Fitted(loop, state, last, wall_seconds, clock.step_seconds)


def _line(moment: Moment, split: str) -> dict[str, float]:
    """The metrics of a moment as a line of `metrics.jsonl` has them; empty if there are none."""
    if moment.train:
        return {f"train_{name}": value for name, value in moment.train.items()}
    return {f"{split}_{name}": value for name, value in moment.evaluation.metrics.items()} if moment.evaluation else {}
