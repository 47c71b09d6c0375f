"""The state of training, and its steps as pure functions."""

from collections.abc import Iterable, Mapping
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Bool, Float

from qconv.losses import Loss
from qconv.models.base import ImageModel
from qconv.training.batches import WeightedBatch


class Sums(flax.struct.PyTreeNode):
    """Sums over images, so that a mean counts every image once whatever the batches.

    Three scalars; not annotated as such, since JAX and Orbax build this tree of shapes, shardings and None as well.
    """

    loss: Any
    correct: Any
    count: Any

    @classmethod
    def zero(cls, dtype: Any) -> "Sums":
        """No images yet; in NumPy, as JAX puts its own arrays wrongly on the devices of other processes."""
        return cls(*(np.zeros((), dtype) for _ in range(3)))

    def __add__(self, other: "Sums") -> "Sums":
        return jax.tree.map(jnp.add, self, other)

    def means(self) -> dict[str, float]:
        """Mean loss, and accuracy in [0, 1]."""
        count = float(self.count)
        return {"loss": float(self.loss) / count, "accuracy": float(self.correct) / count}


class TrainState(flax.struct.PyTreeNode):
    """All that a run needs to go on, but for the spec."""

    step: Any
    """Steps done, a scalar."""
    params: Any
    """Trained parameters."""
    collections: Any
    """Flax's other collections by name, such as `frozen` (parameters that are not trained) and `batch_stats`."""
    opt_state: Any
    """The optimiser's."""
    sums: Sums
    """Over the steps since the last line of metrics."""
    bad_step: Any
    """The first step whose loss was not finite, a scalar; 0 if there was none."""

    @property
    def variables(self) -> dict[str, Any]:
        """All collections of the network, as Flax wants them."""
        return {"params": self.params, **self.collections}


class WatchedState(TrainState):
    """The state of a run that ends at a plateau; a class of its own, so that other checkpoints stay as they are."""

    losses: Any
    """Mean losses of the last two intervals of `Experiment.plateau`, the newest last; 0 where there was no step yet."""

    def at_plateau(self) -> bool:
        """Whether the training loss has stopped falling, as `Experiment.plateau` says.

        Source: Bowles, Ahmed and Schuld, "Better than classical? The subtle art of benchmarking quantum machine
        learning models", arXiv:2403.07059 (2024), and its code, with intervals of 200 steps.
        """
        if int(self.step) < len(self.losses):
            return False
        before, last = np.split(np.asarray(self.losses, np.float64), 2)
        return bool(abs(last.mean() - before.mean()) <= last.std() / np.sqrt(len(last)) / 2)


def init_state(
    key: Array, images: Array, *, model: ImageModel, tx: optax.GradientTransformation, plateau: int
) -> TrainState:
    """The state before the first step.

    Args:
        key: fixes the parameters.
        images: any batch of the right shape and precision; all floating variables of the network get its precision.
        model: the network.
        tx: the optimiser.
        plateau: steps of an interval, or 0; see `Experiment`.
    """
    dtype = images.dtype

    def cast(leaf: Array) -> Array:
        return leaf.astype(dtype) if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf

    collections = jax.tree.map(cast, dict(model.init(key, images)))
    params = collections.pop("params", {})
    none, sums = jnp.zeros((), jnp.int32), jax.tree.map(jnp.asarray, Sums.zero(dtype))
    state = TrainState(none, params, collections, tx.init(params), sums, bad_step=none)
    return WatchedState(**vars(state), losses=jnp.zeros(2 * plateau, dtype)) if plateau else state


def mutable_collections(collections: Iterable[str]) -> list[str]:
    """Which collections of a network a training step updates, such as `batch_stats`: all but the parameters."""
    return sorted(set(collections) - {"params", "frozen"})


def network_output(model: ImageModel, variables: Mapping[str, Any], inputs: Any, method: str | None = None) -> Any:
    """What a network, or a method of it, makes of its inputs outside of training.

    A network may write to its collections there, too: what it writes is dropped.

    Args:
        model: the network.
        variables: all of its collections.
        inputs: images, or what the method takes.
        method: by default the whole network.
    """
    result, _ = model.apply(variables, inputs, method=method, mutable=mutable_collections(variables))
    return result


def _weighted_sums(logits: Float[Array, "batch classes"], batch: WeightedBatch, loss: Loss) -> Sums:
    losses = loss(logits, batch.labels)
    correct = (jnp.argmax(logits, axis=-1) == batch.labels).astype(logits.dtype)
    return Sums(jnp.sum(batch.weights * losses), jnp.sum(batch.weights * correct), jnp.sum(batch.weights))


def train_step(
    state: TrainState,
    batch: WeightedBatch,
    key: Array,
    *,
    model: ImageModel,
    tx: optax.GradientTransformation,
    loss: Loss,
    inputs_are_features: bool,
) -> TrainState:
    """One update by the mean loss of the batch, and of the network's own state, such as `batch_stats`.

    Args:
        state: before.
        batch: images, or features of the frozen first part.
        key: of the run; with the step it gives the network's random stream `dropout`, and the one, called `params` by
            Flax, that streams of other names are taken from.
        model: the network.
        tx: the optimiser.
        loss: of each image.
        inputs_are_features: whether the first part of the network has been applied already.
    """
    dropout = jax.random.fold_in(key, state.step)
    rngs = {"dropout": dropout, "params": jax.random.fold_in(dropout, 0)}

    def loss_and_rest(params: Any) -> tuple[Array, tuple[Sums, Any]]:
        logits, written = model.apply(
            state.variables | {"params": params},
            batch.inputs,
            train=True,
            rngs=rngs,
            method="classify" if inputs_are_features else None,
            mutable=mutable_collections(state.collections),
        )
        sums = _weighted_sums(logits, batch, loss)
        return sums.loss / sums.count, (sums, written)

    gradients, (sums, written) = jax.grad(loss_and_rest, has_aux=True)(state.params)
    updates, opt_state = tx.update(gradients, state.opt_state, state.params)
    step = state.step + 1
    fine = (state.bad_step > 0) | jnp.isfinite(sums.loss)
    if isinstance(state, WatchedState):
        state = state.replace(losses=jnp.append(state.losses[1:], sums.loss / sums.count))
    return state.replace(
        step=step,
        params=optax.apply_updates(state.params, updates),
        collections={**state.collections, **written},
        opt_state=opt_state,
        sums=state.sums + sums,
        bad_step=jnp.where(fine, state.bad_step, step),
    )


def eval_step(
    state: TrainState, batch: WeightedBatch, *, model: ImageModel, loss: Loss, inputs_are_features: bool
) -> tuple[Sums, Float[Array, "classes classes"], Bool[Array, " batch"]]:
    """Sums of a batch, how many images of class i (row) were taken for class j (column), and which were right."""
    logits = network_output(model, state.variables, batch.inputs, "classify" if inputs_are_features else None)
    classes = logits.shape[-1]
    truth = jax.nn.one_hot(batch.labels, classes, dtype=logits.dtype) * batch.weights[:, None]
    classified = jnp.argmax(logits, axis=-1)
    guess = jax.nn.one_hot(classified, classes, dtype=logits.dtype)
    return _weighted_sums(logits, batch, loss), truth.T @ guess, classified == batch.labels
