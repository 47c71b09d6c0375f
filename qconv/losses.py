"""What is minimised, and how a network's outputs are read."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int


class Loss(ABC):
    """What a network is trained to make small; the class it says is that of its largest output.

    Subclasses are frozen dataclasses.
    """

    name: ClassVar[str] = "loss"
    """For plots, with the unit."""

    @abstractmethod
    def __call__(self, outputs: Float[Array, "batch classes"], labels: Int[Array, " batch"]) -> Float[Array, " batch"]:
        """The loss of each image."""

    @abstractmethod
    def scores(self, outputs: Float[Array, "batch classes"]) -> Float[Array, "batch classes"]:
        """What the network says of each class: about 1 if it is sure of it, 0 if it is sure that it is another."""


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """The cross-entropy of the softmax of the outputs, which are logits."""

    name: ClassVar[str] = "cross-entropy (nats)"

    def __call__(self, outputs: Float[Array, "batch classes"], labels: Int[Array, " batch"]) -> Float[Array, " batch"]:
        """In nats."""
        return optax.softmax_cross_entropy_with_integer_labels(outputs, labels)

    def scores(self, outputs: Float[Array, "batch classes"]) -> Float[Array, "batch classes"]:
        """Their softmax: probabilities."""
        return jax.nn.softmax(outputs)


@dataclass(frozen=True)
class SquaredError(Loss):
    """The mean over the classes of the squared distance of the outputs from 1 for the label and 0 for all others.

    The outputs are scores themselves, such as expectations: nothing is gained by making them larger than 1, as with
    logits, and no image counts for much more than another.

    Source: Cong, Choi and Lukin, "Quantum convolutional neural networks", Nature Physics 15, 1273 (2019), the
    section on training.
    """

    name: ClassVar[str] = "squared error"

    def __call__(self, outputs: Float[Array, "batch classes"], labels: Int[Array, " batch"]) -> Float[Array, " batch"]:
        """Without a unit."""
        return jnp.square(outputs - jax.nn.one_hot(labels, outputs.shape[1], dtype=outputs.dtype)).mean(1)

    def scores(self, outputs: Float[Array, "batch classes"]) -> Float[Array, "batch classes"]:
        """The outputs."""
        return outputs
