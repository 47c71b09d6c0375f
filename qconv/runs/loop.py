"""The loop around a procedure: steps, metrics and evaluations, without disk, console or signals."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import repeat
from typing import Any, NamedTuple

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Array

from qconv.data.dataset import Element, Source
from qconv.experiment.experiment import Experiment
from qconv.models.network import num_frozen_stages, output_of
from qconv.procedures.procedure import NOWHERE, DirectProcedure, Procedure, Sums, WeightedBatch, Workplace
from qconv.runs.arrays import not_finite
from qconv.runs.batches import all_batches, batches, whole_batch
from qconv.runs.evaluation import Evaluation, Judged, NotFiniteError, gathered, judged
from qconv.runs.frozen import frozen_features, recent
from qconv.runs.mesh import replicated
from qconv.tasks.task import Task


class LoopState(flax.struct.PyTreeNode):
    """All that a run needs to go on, but for the spec and for what is frozen."""

    step: Any
    """Steps done, a scalar."""
    trained: Any
    """The state of the procedure."""
    sums: Sums
    """Over the steps since the last line of metrics."""
    bad_step: Any
    """The first step whose sums were not finite, a scalar; 0 if there was none."""


class Moment(NamedTuple):
    """A step of training that is done, and what the experiment asks to be shown of it."""

    step: int
    """Steps done."""
    state: LoopState
    """The state after the step; the next step takes its arrays."""
    variables: dict[str, Any]
    """All collections of the network in this state, frozen ones too: what `network.apply` takes."""
    train: dict[str, float] | None
    """The metrics over the training steps since the last such line, where the experiment asks for one."""
    evaluation: Evaluation | None
    """What the network makes of the items that are not trained on, where the experiment asks for one."""
    is_complete: bool
    """Whether all of the step is there; else its evaluation follows, as a moment of its own."""
    ended: bool
    """Whether this was the last one."""


@dataclass(frozen=True, eq=False)
class Loop:
    """One network of an experiment and its data, ready to be trained."""

    experiment: Experiment
    network: nn.Module
    train: Source | None
    """Training items; None where nothing is to be trained."""
    held_out: Source | None
    """Items that the network is evaluated on; they decide nothing. None where it is not evaluated."""
    mesh: Mesh
    """All devices."""
    stored: dict[str, Any] | None = None
    """What is frozen, where it was drawn before: another processor may draw other numbers from the same seed."""
    workplace: Workplace = NOWHERE
    """What a `DirectProcedure` is lent; the loop itself has no use for it."""

    @cached_property
    def _first(self) -> tuple[LoopState, dict[str, Any]]:
        experiment = self.experiment
        element = experiment.data.element
        example = np.zeros((1, *element.inputs), self._dtype)
        program = init_program(experiment.procedure, self.network, experiment.task, element, self.mesh)
        return program(jax.random.key(experiment.seed), example)

    @property
    def first(self) -> LoopState:
        """The state before the first step, on every device."""
        return self._first[0]

    @property
    def frozen(self) -> dict[str, Any]:
        """The collections of the network that no step changes."""
        return self._first[1] if self.stored is None else self.stored

    def variables(self, state: LoopState) -> dict[str, Any]:
        """All collections of the network in a state."""
        return {**self.experiment.procedure.variables(state.trained), **self.frozen}

    def moments(self, state: LoopState | None = None) -> Iterator[Moment]:
        """Trains from a state on, by default from the first one, to the end of the procedure.

        Args:
            state: where to go on; its arrays are given to the next one.

        Raises:
            NotFiniteError: a loss or the state has become infinite or NaN.
        """
        experiment, procedure, everywhere = self.experiment, self.experiment.procedure, replicated(self.mesh)
        # The first step gives its arrays to the second and so on, and the first state is still wanted at the end.
        state = jax.tree.map(lambda leaf: leaf.copy(), self.first) if state is None else state
        step = int(state.step)
        if procedure.ended(state.trained, step):
            return
        key = jax.random.key(experiment.seed)
        assert self.train is not None  # who calls this gave some
        is_direct = isinstance(procedure, DirectProcedure)
        # What is drawn anew in each step goes through all stages in each step.
        drawn = experiment.drawn_element is not None and not is_direct
        start, train = (0, self.train) if drawn else (self._start, self._after_frozen_stages(self.train))
        rng = partial(generator, experiment.seed) if drawn else None
        rows = partial(procedure.rows, experiment.seed, size=len(train))
        coming = range(step, procedure.num_steps)
        if is_direct:
            update = partial(direct_update, procedure, self.network, experiment.task, start, self.mesh, self.workplace)
            items = repeat(whole_batch(train, rows(step), self._dtype), len(coming))
        else:
            update = update_program(procedure, self.network, experiment.task, start, self.mesh)
            items = batches(train, rows, coming, procedure.batch_size, self.mesh, self._dtype, rng)
        for batch in items:
            state = update(state, self.frozen, batch, key)
            step += 1
            ended = step >= procedure.num_steps or procedure.ended(state.trained, step)
            means = evaluation = None
            if step % experiment.log_every == 0 or ended:
                require_finite(state)
                # Over few steps a metric may have no value, such as that of a class that did not occur.
                means = {
                    name: value for name, value in state.sums.values(experiment.task).items() if np.isfinite(value)
                }
                state = state.replace(sums=jax.device_put(state.sums.zero(), everywhere))
            # The metrics of the last steps first: an evaluation takes a while.
            if step % experiment.eval_every == 0 or ended:
                if means:
                    yield Moment(step, state, self.variables(state), means, None, is_complete=False, ended=False)
                evaluation, means = self.evaluate(state), None
            yield Moment(step, state, self.variables(state), means, evaluation, is_complete=True, ended=ended)
            if ended:
                return

    def evaluate(self, state: LoopState) -> Evaluation:
        """What the network makes of all items that it is evaluated on.

        Raises:
            NotFiniteError: the loss or a metric is infinite or NaN.
        """
        require_finite(state)
        task, held_out = self.experiment.task, self._held_out
        program = evaluation_program(self.experiment.procedure, self.network, task, self._start, self.mesh)
        everything = all_batches(held_out, 4 * self.experiment.procedure.batch_size, self.mesh, self._dtype)
        found = [jax.tree.map(np.asarray, program(state.trained, self.frozen, batch)) for batch in everything]
        return gathered(task, found, f"of the {self.experiment.split} images", f"after step {int(state.step)}")

    @property
    def _dtype(self) -> np.dtype:
        return np.dtype(self.experiment.dtype)

    @cached_property
    def _start(self) -> int:
        """The first stage of the network that is computed for each batch, and not once for all items."""
        return num_frozen_stages(self.network, self.experiment.data.element.inputs, self._dtype)

    @cached_property
    def _held_out(self) -> Source:
        assert self.held_out is not None  # who evaluates gave some
        return self._after_frozen_stages(self.held_out)

    def _after_frozen_stages(self, source: Source) -> Source:
        """What the other stages see of the items."""
        if not self._start:
            return source
        variables = self.variables(self.first)
        count = 4 * self.experiment.procedure.batch_size
        return frozen_features(self.network, variables, self._start, source, count, self.mesh, self._dtype)


def generator(seed: int, step: int, row: int) -> np.random.Generator:
    """What an item of a step is drawn with: a function of its row in the batch, the step, and the seed of the run."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(step, row)))


def require_finite(state: LoopState) -> None:
    """Refuses to save, evaluate or report a state that has diverged: the last update may have made it so.

    Raises:
        NotFiniteError: a value of the state, or the loss of an earlier step, is not finite.
    """
    if (bad_step := int(state.bad_step)) > 0:
        raise NotFiniteError(f"the loss is not finite at step {bad_step}")
    if names := not_finite(state):
        raise NotFiniteError(f"{names[0]} is not finite after step {int(state.step)}")


@recent
def init_program(procedure: Procedure, network: nn.Module, task: Task, element: Element, mesh: Mesh) -> Any:
    """From a key and a batch of images to the state before the first step and what is frozen, compiled."""

    def init(key: Array, inputs: Array) -> tuple[LoopState, dict[str, Any]]:
        state, frozen = procedure.init(key, inputs, network=network)
        outputs = jnp.zeros((1, *task.output_shape(element)), inputs.dtype)
        targets = jnp.zeros((1, *element.targets), inputs.dtype if element.num_classes is None else jnp.int32)
        shapes = jax.eval_shape(partial(Sums.of, task), outputs, WeightedBatch(inputs, targets, inputs[:, 0, 0, 0]))
        none = jnp.zeros((), jnp.int32)
        return LoopState(
            none, state, jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes), bad_step=none
        ), frozen

    # It runs once, and random numbers are slow to compile: on CPUs a quarter of the time, and the same numbers.
    quick = {"xla_backend_optimization_level": 1}
    return jax.jit(init, out_shardings=replicated(mesh), compiler_options=quick)


@recent
def update_program(procedure: Procedure, network: nn.Module, task: Task, start: int, mesh: Mesh) -> Any:
    """A step of a procedure and what the loop keeps of it, compiled."""
    take_step = partial(procedure.step, network=network, task=task, start=start)
    return jax.jit(partial(_update, take_step, task), out_shardings=replicated(mesh), donate_argnums=0)


def direct_update(
    procedure: DirectProcedure,
    network: nn.Module,
    task: Task,
    start: int,
    mesh: Mesh,
    workplace: Workplace,
    state: LoopState,
    frozen: Any,
    batch: WeightedBatch,
    key: Array,
) -> LoopState:
    """A step of a procedure that is not compiled, and what the loop keeps of it."""
    take_step = partial(procedure.step, network=network, task=task, start=start, workplace=workplace)
    return jax.device_put(_update(take_step, task, state, frozen, batch, key), replicated(mesh))


def _update(
    take_step: Callable[..., Any], task: Task, state: LoopState, frozen: Any, batch: WeightedBatch, key: Array
) -> LoopState:
    own = jax.random.fold_in(key, state.step)
    trained, sums = take_step(state.trained, frozen, batch, own)
    step = state.step + 1
    fine = (state.bad_step > 0) | jnp.isfinite(sums.metrics[task.loss.name])
    return LoopState(step, trained, state.sums + sums, jnp.where(fine, state.bad_step, step))


@recent
def evaluation_program(procedure: Procedure, network: nn.Module, task: Task, start: int, mesh: Mesh) -> Any:
    """From a state and a batch to what is found of it, compiled."""

    def evaluate(trained: Any, frozen: Any, batch: WeightedBatch) -> Judged:
        outputs = output_of(network, {**procedure.variables(trained), **frozen}, batch.inputs, start=start)
        return judged(task, outputs, batch)

    return jax.jit(evaluate, out_shardings=replicated(mesh))
