"""Supervised training by gradients."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Int

from qconv.bounds import require, require_at_least
from qconv.models.network import FROZEN, TRAINED, trained_output
from qconv.procedures.optimizers import Adam, Optimizer
from qconv.procedures.procedure import Procedure, Sums, WeightedBatch
from qconv.tasks.task import Task


class SupervisedState(flax.struct.PyTreeNode):
    """What training changes."""

    params: Any
    """Trained parameters."""
    collections: Any
    """Flax's other collections by name, such as `batch_stats`."""
    opt_state: Any
    """The optimiser's."""


@dataclass(frozen=True)
class Supervised(Procedure):
    """Each step follows the gradient of the mean loss of a batch."""

    optimizer: Optimizer = field(default_factory=Adam)
    """How parameters are updated."""
    num_steps: int = 1000
    """Training steps."""
    batch_size: int = 64
    """Images of a step, over all devices."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "num_steps", "batch_size")

    def init(self, key: Array, inputs: Array, *, network: nn.Module) -> tuple[SupervisedState, dict[str, Any]]:
        """First parameters; all floating variables of the network get the precision of the inputs."""
        params, collections, frozen = first_variables(network, key, inputs)
        return SupervisedState(params, collections, self._transformation.init(params)), frozen

    def rows(self, seed: int, step: int, size: int) -> Int[np.ndarray, " batch"]:
        """Every item once in each epoch, in a new order; the ragged rest of an epoch is left out."""
        require(self, "batch_size", self.batch_size <= size, f"at most the {size} training images")
        epoch, position = divmod(step, size // self.batch_size)
        return _epoch_order(seed, epoch, size)[position * self.batch_size : (position + 1) * self.batch_size]

    def step(
        self,
        state: SupervisedState,
        frozen: Mapping[str, Any],
        batch: WeightedBatch,
        key: Array,
        *,
        network: nn.Module,
        task: Task,
        start: int,
    ) -> tuple[SupervisedState, Sums]:
        """One update, of the network's own collections, too; the key gives its random streams, such as dropout."""
        gradients, sums, collections = gradient(state, frozen, batch, key, network=network, task=task, start=start)
        updates, opt_state = self._transformation.update(gradients, state.opt_state, state.params)
        params = optax.apply_updates(state.params, updates)
        return state.replace(params=params, collections=collections, opt_state=opt_state), sums

    def variables(self, state: SupervisedState) -> dict[str, Any]:
        """Parameters and the network's own collections."""
        return {TRAINED: state.params, **state.collections}

    @property
    def _transformation(self) -> optax.GradientTransformation:
        return self.optimizer.transformation(self.num_steps)


def first_variables(network: nn.Module, key: Array, inputs: Array) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """First parameters of a network, other collections that change, and those that do not, in the inputs' precision.

    Args:
        network: any module.
        key: fixes what is random.
        inputs: any batch of the right shape and precision.
    """

    def cast(leaf: Array) -> Array:
        return leaf.astype(inputs.dtype) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf

    collections = jax.tree.map(cast, dict(network.init(key, inputs)))
    params = collections.pop(TRAINED, {})
    frozen = {name: collections.pop(name) for name in (FROZEN,) if name in collections}
    return params, collections, frozen


def gradient(
    state: SupervisedState,
    frozen: Mapping[str, Any],
    batch: WeightedBatch,
    key: Array,
    *,
    network: nn.Module,
    task: Task,
    start: int,
    resting: tuple[str, ...] = (),
) -> tuple[Any, Sums, dict[str, Any]]:
    """What a batch says: the gradient of its mean loss, its sums, and the network's own collections after it.

    Args:
        state: before; its parameters but for those of stages that rest are what the gradient is taken by.
        frozen: collections that no step changes.
        batch: items.
        key: gives the random streams of the network, such as dropout.
        network: any module; a `Network` where stages rest.
        task: what is asked of it.
        start: the first stage of the network that is not in `batch.inputs` already.
        resting: stages that are not trained now: they behave as outside of training, and what they have stays.
    """
    # Flax takes streams of other names than these from the one called `params`.
    rngs = {"dropout": key, "params": jax.random.fold_in(key, 0)}
    trained, held = divided(state.params, resting)

    def loss_and_rest(params: Any) -> tuple[Array, tuple[Sums, Any]]:
        variables = {TRAINED: {**params, **held}, **state.collections, **frozen}
        outputs, written = trained_output(network, variables, batch.inputs, rngs, start=start, resting=resting)
        sums = Sums.of(task, outputs, batch)
        return sums.mean_loss(task), (sums, written)

    gradients, (sums, written) = jax.grad(loss_and_rest, has_aux=True)(trained)
    collections = {**state.collections, **written}
    for name in written if resting else ():
        collections[name] = {**written[name], **divided(state.collections[name], resting)[1]}
    return gradients, sums, collections


def divided(tree: Mapping[str, Any], stages: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a collection, or a gradient, has of all other stages, and what of these."""
    return (
        {name: part for name, part in tree.items() if name not in stages},
        {name: part for name, part in tree.items() if name in stages},
    )


@lru_cache(maxsize=2)
def _epoch_order(seed: int, epoch: int, size: int) -> Int[np.ndarray, " images"]:
    return np.random.default_rng([seed, epoch]).permutation(size)
