"""A small U-Net with quantum convolutions."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.bounds import require, require_at_least
from qconv.circuit.circuit import check_floating
from qconv.errors import InputError
from qconv.models.network import MaybeModule, Network


class QuanvUNet(Network):
    """A small U-Net with a quantum convolution first, in the bottleneck, or both: numbers for each pixel of an image.

    Two convolutions with ReLU on each level of resolution; from one to the next the image is halved by max-pooling, and
    on the way back doubled by repeating pixels and joined with what the level had on the way down (a skip). In the
    bottleneck a convolution of one pixel and a sigmoid make few channels in [0, 1], as circuits encode them, of which
    `bottleneck` makes others. A network with skips can do without its bottleneck, and then tells nothing of it: `skips`
    takes them away. With defaults it has 30,000 parameters.

    Sources: Ronneberger, Fischer and Brox, "U-Net: convolutional networks for biomedical image segmentation", MICCAI
    (2015), with normalisation and half as many levels; Wu and He, "Group normalization", ECCV (2018).

    Raises (when called):
        InputError: images whose height and width cannot be halved so often, or a bottleneck that changes their size.
    """

    first: MaybeModule = None
    """What the U-Net sees instead of the image: a `QuantumConv` or a classical layer; None for the image itself."""
    bottleneck: MaybeModule = None
    """What stands at the lowest resolution, such as a `QuantumConv`; it keeps height and width. None for nothing."""
    num_outputs: int = 2
    """Numbers for each pixel: logits of classes, or channels of an image."""
    features: tuple[int, ...] = (8, 16, 32)
    """Channels of each level, the full resolution first."""
    squeezed: int = 4
    """Channels that the bottleneck layer is given, where there is one."""
    group_size: int = 4
    """Channels that are normalised together over the whole image, after each convolution; 0 for no normalisation."""
    skips: bool = True
    """Whether levels are joined on the way back with what they had on the way down."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least(self, 1, "num_outputs", "features", "squeezed")
        require(self, "features", len(self.features) > 1, "at least two levels")
        require_at_least(self, 0, "group_size")
        if self.group_size:
            fits = all(channels % self.group_size == 0 for channels in self.features)
            require(self, "features", fits, f"multiples of group_size = {self.group_size}")

    @nn.nowrap
    def stages(self) -> tuple[str, ...]:
        """The first layer, if there is one, and the U-Net."""
        return ("unet",) if self.first is None else ("first", "unet")

    @nn.compact
    def unet(self, inputs: Float[Array, "batch height width channels"]) -> Float[Array, "batch height width outputs"]:
        """What the U-Net makes of an image, or of what the first layer has made of it."""
        check_floating(inputs=inputs)
        *above, lowest = self.features
        height, width, step = *inputs.shape[1:3], 2 ** len(above)
        if height % step or width % step:
            raise InputError(
                f"images of {height}x{width} pixels are halved {len(above)} times; allowed: height and width that are "
                f"multiples of {step}"
            )
        hidden, kept = inputs, []
        for channels in above:
            hidden = self._block(hidden, channels)
            kept.append(hidden)
            hidden = _halved(hidden)
        hidden = self._block(hidden, lowest)
        if self.bottleneck is not None:
            hidden = self._through(self.bottleneck, nn.sigmoid(nn.Conv(self.squeezed, (1, 1))(hidden)))
        for channels, skip in zip(reversed(above), reversed(kept), strict=True):
            hidden = _doubled(hidden)
            hidden = self._block(jnp.concatenate([hidden, skip], axis=-1) if self.skips else hidden, channels)
        return nn.Conv(self.num_outputs, (1, 1))(hidden)

    @nn.nowrap
    def _block(
        self, hidden: Float[Array, "batch height width _"], channels: int
    ) -> Float[Array, "batch height width _"]:
        """Two convolutions, each normalised, with ReLU."""
        for _ in range(2):
            hidden = nn.Conv(channels, (3, 3), use_bias=not self.group_size)(hidden)
            if self.group_size:
                hidden = nn.GroupNorm(num_groups=None, group_size=self.group_size)(hidden)
            hidden = nn.relu(hidden)
        return hidden

    @nn.nowrap
    def _through(self, layer: nn.Module, hidden: Float[Array, "batch height width _"]) -> Float[Array, "batch _ _ _"]:
        """What the bottleneck layer makes of channels in [0, 1]."""
        outputs = layer(hidden)
        if outputs.shape[:3] != hidden.shape[:3]:
            (height, width), (rows, columns) = hidden.shape[1:3], outputs.shape[1:3]
            raise InputError(
                f"bottleneck makes {rows}x{columns} pixels of {height}x{width}; allowed: a layer that keeps height and "
                "width, such as a convolution with strides = 1 and padding = 'SAME'"
            )
        return outputs


def _halved(images: Float[Array, "batch height width channels"]) -> Float[Array, "batch rows columns channels"]:
    """The largest value of each 2x2 pixels.

    Not by `nn.max_pool`, whose gradient takes XLA long on a CPU, nor by `max`: its gradient divides by the number of
    values that equal the largest, which is none where XLA computes them twice and rounds them otherwise.
    """
    batch, height, width, channels = images.shape
    apart = images.reshape(batch, height // 2, 2, width, channels)
    rows = jnp.maximum(apart[:, :, 0], apart[:, :, 1]).reshape(batch, height // 2, width // 2, 2, channels)
    return jnp.maximum(rows[:, :, :, 0], rows[:, :, :, 1])


def _doubled(images: Float[Array, "batch height width channels"]) -> Float[Array, "batch rows columns channels"]:
    """Each pixel as 2x2 pixels."""
    return images.repeat(2, axis=1).repeat(2, axis=2)
