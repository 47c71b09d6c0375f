"""A small convolutional network, to be trained with what follows it."""

import flax.linen as nn
from jaxtyping import Array, Float

from qconv.bounds import require, require_at_least
from qconv.circuit.circuit import check_floating
from qconv.models.conv_norm import ConvNorm, require_pixels


class SmallCNN(nn.Module):
    """3x3 convolutions with batch normalisation and ReLU, 2x2 max-pooling between them, and the mean of the last maps.

    With the default 3 convolutions an image of one channel is read by 23,408 parameters, and has at least 4x4 pixels.
    """

    features: tuple[int, ...] = (16, 32, 64)
    """Channels of each convolution; the last is the number of features."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self, "features", len(self.features) > 0, "at least one number")
        require_at_least(self, 1, "features")

    @nn.compact
    def __call__(
        self, images: Float[Array, "batch height width channels"], *, train: bool = False
    ) -> Float[Array, "batch features"]:
        """The features of each image.

        Raises:
            InputError: images that the poolings leave nothing of.
        """
        check_floating(images=images)
        poolings = len(self.features) - 1
        require_pixels(images, 2**poolings, f"SmallCNN with features = {self.features}")
        maps = images
        for index, channels in enumerate(self.features):
            if index > 0:
                maps = nn.max_pool(maps, (2, 2), (2, 2))
            maps = nn.relu(ConvNorm(channels)(maps, train=train))
        return maps.mean((1, 2))
