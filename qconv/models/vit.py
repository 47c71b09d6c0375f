"""A vision transformer as a backbone."""

from typing import Literal

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.bounds import require_at_least, require_choices
from qconv.models.transformer import EncoderBlock, PatchTokens, layer_norm


class ViT(nn.Module):
    """A vision transformer without its last layer: patches as tokens, blocks of attention, and one token of them.

    The sizes of the paper are `ViT(16, 768, depth=12, num_heads=12, hidden_width=3072)` for Base and
    `ViT(16, 1024, depth=24, num_heads=16, hidden_width=4096)` for Large, both for images of 224x224 pixels.

    Source: Dosovitskiy et al., "An image is worth 16x16 words: transformers for image recognition at scale", ICLR 2021,
    arXiv:2010.11929, section 3.1.
    """

    patch: int = 4
    """Height and width of a patch, in pixels; it divides those of the images."""
    width: int = 64
    """How many numbers a token has: the features."""
    depth: int = 4
    """Number of blocks."""
    num_heads: int = 4
    """How many parts of a token attend to others on their own."""
    hidden_width: int = 128
    """How many numbers the hidden layer of a block has."""
    pooling: Literal["token", "mean"] = "token"
    """What the features are: a token of its own, which is learnt and attends to all others; or the mean of all."""
    dropout: float = 0.0
    """Part of the values that training sets to 0."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choices(self)
        require_at_least(self, 1, "patch", "width", "depth", "num_heads", "hidden_width")

    @nn.compact
    def __call__(
        self, images: Float[Array, "batch height width channels"], *, train: bool = False
    ) -> Float[Array, "batch features"]:
        """The features of each image.

        Raises:
            InputError: the patches do not divide the images, or the heads the tokens.
        """
        tokens = PatchTokens(self.patch, self.width)(images)
        if self.pooling == "token":
            own = self.param("token", nn.initializers.normal(self.width**-0.5), (1, 1, self.width), tokens.dtype)
            tokens = jnp.concatenate([jnp.broadcast_to(own, (len(tokens), 1, self.width)), tokens], 1)
        tokens = nn.Dropout(self.dropout, deterministic=not train)(tokens)
        for _ in range(self.depth):
            # Without a parent, they become part of the block.
            projections, mixing = (nn.Dense(count * self.width, parent=None) for count in (3, 1))
            block = EncoderBlock(projections, mixing, None, self.num_heads, self.hidden_width, self.dropout)
            tokens = block(tokens, train=train)
        normed = layer_norm(tokens)(tokens)
        return normed[:, 0] if self.pooling == "token" else normed.mean(1)
