"""Supervised training in which some stages learn more slowly than the others, or later."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array

from qconv.bounds import require, require_at_least
from qconv.errors import InputError
from qconv.models.network import Network
from qconv.procedures.procedure import Sums, WeightedBatch
from qconv.procedures.supervised import Supervised, SupervisedState, divided, gradient
from qconv.tasks.task import Task


class FineTuningState(SupervisedState):
    """What training changes; the optimiser's state is that of the other stages, and that of those which are tuned."""

    step: Any
    """Steps done, a scalar."""


@dataclass(frozen=True)
class FineTuning(Supervised):
    """Supervised training that goes more carefully about some stages of the network, such as a trained backbone.

    Before step `frozen_steps` nothing that these stages have is changed, neither parameters nor statistics of batches,
    and they behave as outside of training. From then on they are trained by an optimiser of their own, which starts at
    that step, its schedule too, and has the same settings; each of its updates is multiplied by `rate_factor`: with
    `Adam` and `Sgd`, that is the learning rate. All other stages are trained from the first step on.
    """

    stages: tuple[str, ...] = ("backbone",)
    """Names of the stages."""
    rate_factor: float = 0.1
    """Learning rate of these stages, as a multiple of that of the others."""
    frozen_steps: int = 0
    """Steps before these stages are trained."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self, "stages", len(self.stages) > 0, "at least one name")
        require(self, "rate_factor", self.rate_factor > 0, "more than 0; a stage that is never trained is a frozen one")
        require_at_least(self, 0, "frozen_steps")

    def init(self, key: Array, inputs: Array, *, network: nn.Module) -> tuple[FineTuningState, dict[str, Any]]:
        """First parameters; all floating variables of the network get the precision of the inputs.

        Raises:
            InputError: the network has no such stage, or one that has nothing to train.
        """
        state, frozen = super().init(key, inputs, network=network)
        self._check(network, state.params)
        others, tuned = divided(state.params, self.stages)
        opt_state = (self._transformation.init(others), self._tuning.init(tuned))
        return FineTuningState(state.params, state.collections, opt_state, step=jnp.zeros((), jnp.int32)), frozen

    def step(
        self,
        state: Any,
        frozen: Mapping[str, Any],
        batch: WeightedBatch,
        key: Array,
        *,
        network: nn.Module,
        task: Task,
        start: int,
    ) -> tuple[Any, Sums]:
        """One update, of the network's own collections, too; the key gives its random streams, such as dropout."""
        find = partial(gradient, frozen=frozen, batch=batch, key=key, network=network, task=task, start=start)
        if not self.frozen_steps:
            return self._all(find, state)
        is_early = state.step < self.frozen_steps
        return jax.lax.cond(is_early, partial(self._others, find), partial(self._all, find), state)

    def _others(self, find: Any, state: FineTuningState) -> tuple[FineTuningState, Sums]:
        """An update of the other stages alone."""
        gradients, sums, collections = find(state, resting=self.stages)
        (others, held), (own, waiting) = divided(state.params, self.stages), state.opt_state
        updates, own = self._transformation.update(gradients, own, others)
        params: Any = optax.apply_updates(others, updates)
        return _after(state, {**params, **held}, collections, (own, waiting)), sums

    def _all(self, find: Any, state: FineTuningState) -> tuple[FineTuningState, Sums]:
        """An update of all stages."""
        gradients, sums, collections = find(state)
        parts = zip(
            (self._transformation, self._tuning),
            divided(gradients, self.stages),
            state.opt_state,
            divided(state.params, self.stages),
            strict=True,
        )
        params: dict[str, Any] = {}
        opt_states = []
        for transformation, gradients, opt_state, part in parts:
            updates, opt_state = transformation.update(gradients, opt_state, part)
            updated: Any = optax.apply_updates(part, updates)
            params |= updated
            opt_states.append(opt_state)
        return _after(state, params, collections, tuple(opt_states)), sums

    @property
    def _tuning(self) -> optax.GradientTransformation:
        """How the stages that are tuned are updated, in the steps that are left for them."""
        steps = max(1, self.num_steps - self.frozen_steps)
        return optax.chain(self.optimizer.transformation(steps), optax.scale(self.rate_factor))

    def _check(self, network: nn.Module, params: Mapping[str, Any]) -> None:
        name = type(network).__name__
        if not isinstance(network, Network):
            raise InputError(f"stages = {self.stages!r}, but {name} has none; allowed: a Network")
        allowed = [stage for stage in network.stages() if jax.tree.leaves(params.get(stage, {}))]
        for stage in self.stages:
            if stage not in allowed:
                problem = "has nothing to train" if stage in network.stages() else "is not there"
                raise InputError(
                    f"stages = {self.stages!r}: {stage!r} {problem} in {name}; allowed: {', '.join(map(repr, allowed))}"
                )


def _after(state: FineTuningState, params: Any, collections: Any, opt_state: Any) -> FineTuningState:
    return state.replace(params=params, collections=collections, opt_state=opt_state, step=state.step + 1)
