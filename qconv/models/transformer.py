"""What vision transformers are made of: images as tokens, and encoder blocks whose dense layers may be any layers."""

import flax.linen as nn
from jaxtyping import Array, Float

from qconv.bounds import require, require_at_least
from qconv.circuit.circuit import check_floating
from qconv.errors import InputError


def layer_norm(tokens: Float[Array, "batch tokens numbers"], name: str | None = None) -> nn.LayerNorm:
    """The norm of each token, in the precision of the tokens.

    Flax's own choice promotes float64, which JAX refuses where it is told to promote nothing by itself.
    """
    return nn.LayerNorm(param_dtype=tokens.dtype, force_float32_reductions=False, name=name)


class PatchTokens(nn.Module):
    """A vector for each patch of an image: its pixels through one dense layer, and where it is, which is learnt.

    Patches lie side by side; the dense layer is shared by all of them.

    Source: Dosovitskiy et al., "An image is worth 16x16 words: transformers for image recognition at scale", ICLR 2021,
    arXiv:2010.11929, section 3.1, without the class token.
    """

    patch: int
    """Height and width of a patch, in pixels."""
    width: int
    """How many numbers a token has."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least(self, 1, "patch", "width")

    @nn.compact
    def __call__(self, images: Float[Array, "batch height width channels"]) -> Float[Array, "batch tokens numbers"]:
        """The tokens of each image, row by row."""
        check_floating(images=images)
        batch, height, width = images.shape[:3]
        fits = height % self.patch == width % self.patch == 0
        require(self, "patch", fits, f"what divides the height and the width of images of {height}x{width} pixels")
        size = (self.patch, self.patch)
        tokens = nn.Conv(self.width, size, size, "VALID", name="embedding")(images)
        tokens = tokens.reshape(batch, height * width // self.patch**2, self.width)
        positions = self.param("positions", nn.initializers.normal(self.width**-0.5), tokens.shape[1:], tokens.dtype)
        return tokens + positions[None]


class EncoderBlock(nn.Module):
    """Attention among tokens, then two layers on each of them; both parts get normed tokens and are added to them.

    The layers that attention needs are fields, so they may be `nn.Dense` or circuits. Each sees all tokens of all
    images of a batch at once, as rows.

    Source: Vaswani et al., "Attention is all you need", NeurIPS 2017, arXiv:1706.03762, section 3.2, with the norms
    where Dosovitskiy et al. (2021) have them.
    """

    projections: nn.Module
    """From a token to its query, key and value, one after the other, each as long as the token."""
    mixing: nn.Module
    """From what attention collects for a token, as long as the token, to as many numbers."""
    hidden: nn.Module | None
    """Between the two dense layers, before their nonlinearity, from as many numbers to as many; None for nothing."""
    num_heads: int
    """How many parts of the token attend to others on their own."""
    hidden_width: int
    """How many numbers the first of the two dense layers makes of a token."""
    dropout: float = 0.0
    """Part of the values that training sets to 0: of the attention, and of what is added to the tokens."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least(self, 1, "num_heads", "hidden_width")
        require(self, "dropout", 0 <= self.dropout < 1, "0 to less than 1")

    @nn.compact
    def __call__(
        self, tokens: Float[Array, "batch tokens numbers"], *, train: bool = False
    ) -> Float[Array, "batch tokens numbers"]:
        """The tokens after the block."""
        batch, count, width = tokens.shape
        require(self, "num_heads", width % self.num_heads == 0, f"what divides the {width} numbers of a token")
        drop = nn.Dropout(self.dropout, deterministic=not train)

        normed = layer_norm(tokens, "norm_of_attention")(tokens)
        heads = self._rows("projections", normed, 3 * width)
        query, key, value = (
            heads[..., part * width : (part + 1) * width].reshape(batch, count, self.num_heads, width // self.num_heads)
            for part in range(3)
        )
        attended = nn.dot_product_attention(
            query,
            key,
            value,
            broadcast_dropout=False,
            dropout_rng=self.make_rng("dropout") if train and self.dropout else None,
            dropout_rate=self.dropout,
            deterministic=not train,
        )
        tokens = tokens + drop(self._rows("mixing", attended.reshape(tokens.shape), width))

        hidden = nn.Dense(self.hidden_width, name="to_hidden")(layer_norm(tokens, "norm_of_hidden")(tokens))
        if self.hidden is not None:
            hidden = self._rows("hidden", hidden, self.hidden_width)
        hidden = nn.Dense(width, name="from_hidden")(nn.gelu(drop(hidden)))
        return tokens + drop(hidden)

    def _rows(
        self, name: str, tokens: Float[Array, "batch tokens numbers"], width: int
    ) -> Float[Array, "batch tokens out"]:
        """What a layer makes of all tokens of all images."""
        batch, count, numbers = tokens.shape
        rows = getattr(self, name)(tokens.reshape(batch * count, numbers))
        if rows.shape != (batch * count, width):
            raise InputError(
                f"{name} makes {rows.shape[1:]} of the {numbers} numbers of a token; allowed: {width} numbers"
            )
        return rows.reshape(batch, count, width)
