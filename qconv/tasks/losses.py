"""What is minimised."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, Shaped

from qconv.tasks.metric import Metric


class Loss(Metric):
    """What a network is trained to make small: the mean over the items. Subclasses are frozen dataclasses."""

    name: ClassVar[str] = "loss"
    higher_is_better: ClassVar[bool] = False


class ClassLoss(Loss):
    """A loss of outputs that are one number for each class; the class that they say is that of the largest."""

    @abstractmethod
    def scores(self, outputs: Float[Array, "*batch classes"]) -> Float[Array, "*batch classes"]:
        """What the network says of each class: about 1 if it is sure of it, 0 if it is sure that it is another."""


def mean_of_item(values: Shaped[Array, "batch ..."]) -> Float[Array, " batch"]:
    """The mean over all that belongs to an item, such as the pixels of a mask."""
    return values.mean(tuple(range(1, values.ndim))) if values.ndim > 1 else values


@dataclass(frozen=True)
class CrossEntropy(ClassLoss):
    """The cross-entropy of the softmax of the outputs, which are logits; of a mask the mean over its pixels."""

    unit: ClassVar[str] = "nats"

    def per_item(
        self, outputs: Float[Array, "batch *pixels classes"], targets: Int[Array, "batch *pixels"]
    ) -> Float[Array, " batch"]:
        """The cross-entropy of each item, in nats."""
        return mean_of_item(optax.softmax_cross_entropy_with_integer_labels(outputs, targets))

    def scores(self, outputs: Float[Array, "*batch classes"]) -> Float[Array, "*batch classes"]:
        """Probabilities of the classes: the softmax of the outputs."""
        return jax.nn.softmax(outputs)


@dataclass(frozen=True)
class SquaredError(ClassLoss):
    """The mean over the classes of the squared distance of the outputs from 1 for the label and 0 for all others.

    The outputs are scores themselves, such as expectations: nothing is gained by making them larger than 1, as with
    logits, and no image counts for much more than another.

    Source: Cong, Choi and Lukin, "Quantum convolutional neural networks", Nature Physics 15, 1273 (2019), the
    section on training.
    """

    def per_item(
        self, outputs: Float[Array, "batch *pixels classes"], targets: Int[Array, "batch *pixels"]
    ) -> Float[Array, " batch"]:
        """The squared error of each item."""
        wanted = jax.nn.one_hot(targets, outputs.shape[-1], dtype=outputs.dtype)
        return mean_of_item(jnp.square(outputs - wanted).mean(-1))

    def scores(self, outputs: Float[Array, "*batch classes"]) -> Float[Array, "*batch classes"]:
        """The outputs themselves, which are scores."""
        return outputs


@dataclass(frozen=True)
class MeanSquaredError(Loss):
    """The mean over all numbers of an item of the squared distance of the outputs from targets that are numbers."""

    def per_item(
        self, outputs: Float[Array, "batch ..."], targets: Float[Array, "batch ..."]
    ) -> Float[Array, " batch"]:
        """The squared error of each item."""
        return mean_of_item(jnp.square(outputs - targets))
