"""Residual networks."""

from typing import Literal

import flax.linen as nn
from jaxtyping import Array, Float

from qconv.bounds import require, require_at_least, require_choices
from qconv.circuit.circuit import check_floating
from qconv.models.conv_norm import ConvNorm, require_pixels

_EXPANSION = 4
"""How many times as many channels come out of a bottleneck as its 3x3 convolution has."""


class ResidualBlock(nn.Module):
    """Convolutions whose outputs are added to their inputs, then ReLU; before training it is ReLU of its inputs alone.

    Where the shape changes, a 1x1 convolution makes the inputs fit. The last normalisation starts with a scale of 0:
    Goyal et al., arXiv:1706.02677 (2017), section 5.1.
    """

    channels: int
    """Channels of the 3x3 convolutions."""
    strides: int = 1
    """What the height and the width are divided by, in the first 3x3 convolution."""
    bottleneck: bool = False
    """Two 3x3 convolutions; or one between two of 1x1, the last with four times the channels."""

    @nn.compact
    def __call__(
        self, maps: Float[Array, "batch height width channels"], *, train: bool = False
    ) -> Float[Array, "batch rows columns out"]:
        """The maps after the block."""
        out = self.channels * (_EXPANSION if self.bottleneck else 1)
        hidden = maps
        if self.bottleneck:
            hidden = nn.relu(ConvNorm(self.channels, 1)(hidden, train=train))
        hidden = nn.relu(ConvNorm(self.channels, 3, self.strides)(hidden, train=train))
        hidden = ConvNorm(out, 1 if self.bottleneck else 3, starts_at_zero=True)(hidden, train=train)
        if maps.shape != hidden.shape:
            maps = ConvNorm(out, 1, self.strides, name="shortcut")(maps, train=train)
        return nn.relu(maps + hidden)


class ResNet(nn.Module):
    """A residual network without its last layer: groups of blocks, and the mean of the last maps.

    From one group to the next the channels are doubled, and height and width halved. The sizes of the paper:

    - 18 layers: `ResNet((2, 2, 2, 2), stem="large")`, 512 features; 34: `(3, 4, 6, 3)`;
    - 50 layers: `ResNet((3, 4, 6, 3), block="bottleneck", stem="large")`, 2,048 features; 101: `(3, 4, 23, 3)`;
    - 20 layers, for images of 32x32: `ResNet((3, 3, 3), width=16)`, 64 features.

    Paddings and strides are those of PyTorch's, so weights that were trained there mean the same here.

    Source: He et al., "Deep residual learning for image recognition", CVPR 2016, sections 3.3, 4.1 and 4.2.
    """

    depths: tuple[int, ...] = (1, 1, 1)
    """Blocks of each group."""
    width: int = 16
    """Channels of the first group."""
    block: Literal["basic", "bottleneck"] = "basic"
    """Two 3x3 convolutions; or one between two of 1x1, of which the last has four times the channels."""
    stem: Literal["small", "large"] = "small"
    """What is before the groups: a 3x3 convolution; or, for images of about 224x224, one of 7x7 and a max-pooling, each
    of which halves height and width."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choices(self)
        require(self, "depths", len(self.depths) > 0, "at least one number")
        require_at_least(self, 1, "depths", "width")

    @nn.compact
    def __call__(
        self, images: Float[Array, "batch height width channels"], *, train: bool = False
    ) -> Float[Array, "batch features"]:
        """The features of each image.

        Raises:
            InputError: images smaller than the strides of all groups.
        """
        check_floating(images=images)
        large = self.stem == "large"
        strides = (4 if large else 1) * 2 ** (len(self.depths) - 1)
        require_pixels(images, strides, f"ResNet with depths = {self.depths} and stem = {self.stem!r}")
        stem = ConvNorm(self.width, 7, 2) if large else ConvNorm(self.width)
        maps = nn.relu(stem(images, train=train))
        if large:
            maps = nn.max_pool(maps, (3, 3), (2, 2), ((1, 1), (1, 1)))
        for group, depth in enumerate(self.depths):
            for position in range(depth):
                block = ResidualBlock(
                    self.width * 2**group,
                    strides=2 if group > 0 and position == 0 else 1,
                    bottleneck=self.block == "bottleneck",
                    name=f"group{group}_block{position}",
                )
                maps = block(maps, train=train)
        return maps.mean((1, 2))
