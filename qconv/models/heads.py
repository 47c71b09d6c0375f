"""Classical heads: feature maps to logits."""

import flax.linen as nn
from jaxtyping import Array, Float

from qconv.errors import InputError


class LinearHead(nn.Module):
    """One dense layer on all features."""

    num_classes: int = 10
    """Number of logits."""

    @nn.compact
    def __call__(self, features: Float[Array, "batch ..."], *, train: bool = False) -> Float[Array, "batch classes"]:
        """Logits."""
        return nn.Dense(self.num_classes)(features.reshape(features.shape[0], -1))


class ConvHead(nn.Module):
    """A small convolutional network: 3x3 convolutions with ReLU and 2x2 max-pooling, then a hidden dense layer."""

    num_classes: int = 10
    """Number of logits."""
    features: tuple[int, ...] = (32, 64)
    """Channels of each convolution."""
    hidden: int = 128
    """Width of the hidden dense layer."""
    dropout: float = 0.0
    """Part of the values that training sets to 0 before each dense layer."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.dropout < 1:
            raise InputError(f"dropout = {self.dropout}; allowed: 0 to less than 1")

    @nn.compact
    def __call__(
        self, features: Float[Array, "batch height width channels"], *, train: bool = False
    ) -> Float[Array, "batch classes"]:
        """Logits."""
        hidden = features
        for channels in self.features:
            hidden = nn.relu(nn.Conv(channels, (3, 3))(hidden))
            hidden = nn.max_pool(hidden, (2, 2), (2, 2), "SAME")
        hidden = nn.Dropout(self.dropout, deterministic=not train)(hidden.reshape(hidden.shape[0], -1))
        hidden = nn.relu(nn.Dense(self.hidden)(hidden))
        hidden = nn.Dropout(self.dropout, deterministic=not train)(hidden)
        return nn.Dense(self.num_classes)(hidden)
