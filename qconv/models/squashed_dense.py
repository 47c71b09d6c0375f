"""From features to the numbers that a circuit encodes."""

from typing import Literal

import flax.linen as nn
from jaxtyping import Array, Float

from qconv.bounds import require_at_least, require_choices
from qconv.circuit.circuit import check_floating
from qconv.layers.initial import first_weights
from qconv.patches import flattened


class SquashedDense(nn.Module):
    """One dense layer on all features, its outputs squashed to [0, 1], as pixels are: any encoding takes them."""

    width: int = 4
    """How many numbers; with angle encoding, qubits."""
    distribution: Literal["normal", "uniform"] = "normal"
    """First weights: normal with variance 1 / inputs, cut off at two standard deviations, and biases 0; or both uniform
    in [-1 / sqrt(inputs), 1 / sqrt(inputs)], as in PyTorch."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choices(self)
        require_at_least(self, 1, "width")

    @nn.compact
    def __call__(self, features: Float[Array, "batch ..."]) -> Float[Array, "batch width"]:
        """The numbers of each item."""
        check_floating(features=features)
        rows = flattened(features)
        return squashed(nn.Dense(self.width, **first_weights(self.distribution, rows.shape[1]))(rows))


def squashed(numbers: Float[Array, "..."]) -> Float[Array, "..."]:
    """Real numbers in [0, 1]: (1 + tanh) / 2 of them, 1/2 where they are 0."""
    return (1 + nn.tanh(numbers)) / 2
