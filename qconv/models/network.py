"""What a network is: stages, one after the other."""

import inspect
from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
from jaxtyping import Array, Float

from qconv.fields import fields

TRAINED, FROZEN = "params", "frozen"
"""The collections of a network that are trained, and that neither training nor anything else changes."""


class Network(nn.Module):
    """A network as a sequence of named stages: its fields that are modules, in their order.

        class QuanvNet(Network):
            conv: nn.Module
            head: nn.Module

    A stage whose call has an argument of the name `train` is told whether it is being trained, unless it has a field
    `trainable` that is off. Where the first stages have nothing to train, their outputs are computed once for all
    images and not in each epoch. A network of another form is any Flax module that is called as
    `module(images, train=...)`.
    """

    @nn.nowrap
    def stages(self) -> tuple[str, ...]:
        """Names of attributes, in the order of their calls: modules, or methods of the network's own."""
        return tuple(name for name, value in fields(self).items() if isinstance(value, nn.Module))

    def __call__(
        self,
        inputs: Float[Array, "batch ..."],
        *,
        train: bool = False,
        start: int = 0,
        stop: int | None = None,
        resting: tuple[str, ...] = (),
    ) -> Float[Array, "batch ..."]:
        """What the stages from `start` to before `stop` make of their inputs, by default all of them of images.

        Those named in `resting` behave as outside of training.
        """
        for name in self.stages()[start:stop]:
            inputs = called(getattr(self, name), inputs, train=train and name not in resting)
        return inputs


def output_of(
    network: nn.Module, variables: Mapping[str, Any], inputs: Any, *, start: int = 0, stop: int | None = None
) -> Any:
    """What a network, or some of its stages, make of their inputs outside of training.

    A network may write to its collections there, too: what it writes is dropped.

    Args:
        network: any module; a part only of a `Network`.
        variables: all of its collections.
        inputs: images, or what the stage before `start` returned.
        start: the first stage.
        stop: the one after the last; None for all.
    """
    part = _part(start, stop)
    result, _ = network.apply(variables, inputs, mutable=changing_collections(variables), **part)
    return result


def trained_output(
    network: nn.Module,
    variables: Mapping[str, Any],
    inputs: Any,
    rngs: dict[str, Array],
    *,
    start: int = 0,
    resting: tuple[str, ...] = (),
) -> tuple[Any, Any]:
    """What a network makes of its inputs in training, and what it writes to its collections.

    Args:
        network: any module; a part only of a `Network`, and only that has stages which rest.
        variables: all of its collections.
        inputs: images, or what the stage before `start` returned.
        rngs: for its random streams.
        start: the first stage.
        resting: stages that behave as outside of training.
    """
    part: dict[str, Any] = _part(start, None) | ({"resting": resting} if resting else {})
    return network.apply(variables, inputs, train=True, rngs=rngs, mutable=changing_collections(variables), **part)


def changing_collections(collections: Mapping[str, Any]) -> list[str]:
    """Which collections a training step writes to, such as `batch_stats`: all but the parameters."""
    return sorted(set(collections) - {TRAINED, FROZEN})


def num_frozen_stages(network: nn.Module, input_shape: tuple[int, ...], dtype: Any) -> int:
    """How many of the first stages can be computed once for all items: what they have is neither trained nor changed.

    The last stage never counts, nor does one that is told whether it is being trained.

    Args:
        network: any module; one that is no `Network` has no stages.
        input_shape: of one item.
        dtype: of the inputs.
    """
    if not isinstance(network, Network):
        return 0
    inputs = jax.ShapeDtypeStruct((1, *input_shape), dtype)
    names = network.stages()
    for count, name in enumerate(names[:-1]):
        if knows_training(getattr(network, name, None)):
            return count
        made = jax.eval_shape(lambda key, x, stop=count + 1: network.init(key, x, stop=stop), jax.random.key(0), inputs)
        if jax.tree.leaves(made.get(TRAINED, {})) or changing_collections(made):
            return count
    return max(0, len(names) - 1)


def _part(start: int, stop: int | None) -> dict[str, Any]:
    """Arguments of a call; none for all stages, which modules of other forms do not know."""
    return ({"start": start} if start else {}) | ({} if stop is None else {"stop": stop})


def called(stage: Any, inputs: Any, *, train: bool) -> Any:
    """What a stage makes of its inputs; it is told whether it is being trained, if it asks."""
    return stage(inputs, train=train) if knows_training(stage) else stage(inputs)


MaybeModule = Any
"""The type of a field that holds a module or None: the options of a command are read off what an experiment has there,
and of `nn.Module | None` none would be."""


def knows_training(stage: Any) -> bool:
    """Whether a stage is told when it is being trained: its call has the argument `train`, and it can be trained."""
    if not callable(stage):
        return True
    return "train" in inspect.signature(stage).parameters and getattr(stage, "trainable", True)
