"""A convolutional network that finds the noise of an image."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.bounds import require_at_least
from qconv.circuit.circuit import check_floating
from qconv.errors import InputError
from qconv.models.network import MaybeModule


class DnCNN(nn.Module):
    """A convolutional network whose output is taken off the image: it finds the noise, and what is left is restored.

    Convolutions of 3x3 pixels with ReLU, the last one without. Height and width are kept and may be any, so that it is
    trained on crops and restores whole images. With defaults it has 7,265 parameters.

    Source: Zhang, Zuo, Chen, Meng and Zhang, "Beyond a Gaussian denoiser: residual learning of deep CNN for image
    denoising", IEEE Transactions on Image Processing 26, 3142 (2017), with 17 convolutions of 64 channels and batch
    normalisation.
    """

    beside: MaybeModule = None
    """What sees the image, cut off at 0 and 1, and whose output channels the first convolution sees beside it, such as
    a `QuantumConv` that keeps height and width; None for the image alone."""
    depth: int = 5
    """Convolutions, the first and the last one among them."""
    features: int = 16
    """Channels between them."""
    normalised: bool = False
    """Whether all convolutions but the first and the last are followed by batch normalisation."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least(self, 2, "depth")
        require_at_least(self, 1, "features")

    @nn.compact
    def __call__(
        self, images: Float[Array, "batch height width channels"], *, train: bool = False
    ) -> Float[Array, "batch height width channels"]:
        """Restored images, not cut off at 0 and 1."""
        check_floating(images=images)
        hidden = images
        if self.beside is not None:
            more = self.beside(jnp.clip(images, 0, 1))
            if more.shape[:3] != images.shape[:3]:
                raise InputError(
                    f"beside makes {more.shape[1]}x{more.shape[2]} pixels of {images.shape[1]}x{images.shape[2]}; "
                    "allowed: a layer that keeps height and width, such as a convolution with strides = 1 and "
                    "padding = 'SAME'"
                )
            hidden = jnp.concatenate([images, more], axis=-1)
        hidden = nn.relu(nn.Conv(self.features, (3, 3))(hidden))
        for _ in range(self.depth - 2):
            hidden = nn.Conv(self.features, (3, 3), use_bias=not self.normalised)(hidden)
            if self.normalised:
                hidden = nn.BatchNorm(use_running_average=not train, momentum=0.9)(hidden)
            hidden = nn.relu(hidden)
        return images - nn.Conv(images.shape[-1], (3, 3))(hidden)
