"""Classical heads: feature maps to logits, or to scores where the loss is the squared error."""

from typing import Literal

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.bounds import require, require_at_least, require_choices
from qconv.circuit.circuit import check_floating
from qconv.layers.initial import uniform
from qconv.models.num_classes import check_num_classes, known_num_classes
from qconv.patches import flattened


class LinearHead(nn.Module):
    """One dense layer on all features."""

    num_classes: int | None = 10
    """Number of logits; None for as many as the data have classes."""
    distribution: Literal["normal", "uniform"] = "normal"
    """First weights: normal with variance 1 / inputs, cut off at two standard deviations, and biases 0; or both uniform
    in [-1 / sqrt(inputs), 1 / sqrt(inputs)], as in PyTorch: a third of the variance, which a short training shows."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choices(self)
        check_num_classes(self)

    @nn.compact
    def __call__(self, features: Float[Array, "batch ..."], *, train: bool = False) -> Float[Array, "batch classes"]:
        """Logits of each item."""
        check_floating(features=features)
        rows, num_classes = flattened(features), known_num_classes(self)
        if self.distribution == "normal":
            return nn.Dense(num_classes)(rows)
        initial = uniform(rows.shape[1])
        return nn.Dense(num_classes, kernel_init=initial, bias_init=initial)(rows)


class ConvHead(nn.Module):
    """A small convolutional network: convolutions with ReLU and 2x2 max-pooling, then a hidden dense layer."""

    num_classes: int | None = 10
    """Number of logits; None for as many as the data have classes."""
    features: tuple[int, ...] = (32, 64)
    """Channels of each convolution."""
    hidden: int = 128
    """Width of the hidden dense layer."""
    dropout: float = 0.0
    """Part of the values that training sets to 0 before each dense layer."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self, "dropout", 0 <= self.dropout < 1, "0 to less than 1")
        check_num_classes(self)
        require_at_least(self, 1, "features", "hidden")

    @nn.compact
    def __call__(
        self, features: Float[Array, "batch height width channels"], *, train: bool = False
    ) -> Float[Array, "batch classes"]:
        """Logits of each item."""
        check_floating(features=features)
        hidden = features
        for channels in self.features:
            hidden = nn.relu(nn.Conv(channels, (3, 3))(hidden))
            hidden = nn.max_pool(hidden, (2, 2), (2, 2), "SAME")
        hidden = nn.Dropout(self.dropout, deterministic=not train)(flattened(hidden))
        hidden = nn.relu(nn.Dense(self.hidden)(hidden))
        hidden = nn.Dropout(self.dropout, deterministic=not train)(hidden)
        return nn.Dense(known_num_classes(self))(hidden)


class LogProbabilities(nn.Module):
    """No parameters: logits are the logarithms of measured probabilities, of class k that of outcome k.

    With as many classes as outcomes, the cross-entropy is that of the measured outcome, as Hur, Kim and Park train it
    (Quantum Machine Intelligence 4:3, 2022, section on the cost function); of more outcomes the others are left out.
    """

    num_classes: int | None = 2
    """Number of logits; None for as many as the data have classes."""
    epsilon: float = 1e-7
    """Smallest probability: an impossible outcome has a logarithm too."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self, "epsilon", 0 < self.epsilon < 1, "more than 0 and less than 1")

    def __call__(self, features: Float[Array, "batch outcomes"], *, train: bool = False) -> Float[Array, "batch _"]:
        """Logits of each item, as many as there are outcomes but at most `num_classes`."""
        check_floating(features=features)
        return jnp.log(jnp.maximum(features[:, : known_num_classes(self)], self.epsilon))
