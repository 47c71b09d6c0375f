"""What convolutional backbones are made of."""

import flax.linen as nn
from jaxtyping import Array, Float

from qconv.bounds import require, require_at_least
from qconv.circuit.circuit import check_floating
from qconv.errors import InputError


class ConvNorm(nn.Module):
    """A convolution without biases, then batch normalisation.

    Zeros are put around the maps, alike on both sides, so that `strides` divide the height and the width, rounded up.
    The statistics are the collection `batch_stats`; a step moves them a tenth of the way to those of its batch.

    Source: Ioffe and Szegedy, "Batch normalization", ICML 2015; first weights of He et al., "Delving deep into
    rectifiers", ICCV 2015, section 2.2, by the outputs of a unit.
    """

    features: int
    """Channels of the outputs."""
    kernel_size: int = 3
    """Height and width of the windows, an odd number."""
    strides: int = 1
    """Step from one window to the next."""
    starts_at_zero: bool = False
    """Whether all outputs are 0 before training, as at the end of a residual block."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least(self, 1, "features", "kernel_size", "strides")
        require(self, "kernel_size", self.kernel_size % 2 == 1, "odd numbers")

    @nn.compact
    def __call__(
        self, maps: Float[Array, "batch height width channels"], *, train: bool = False
    ) -> Float[Array, "batch rows columns features"]:
        """The filtered maps, each channel with mean 0 and variance 1 over the batch before its trained scale."""
        check_floating(images=maps)
        filtered = nn.Conv(
            self.features,
            (self.kernel_size, self.kernel_size),
            self.strides,
            padding=self.kernel_size // 2,
            use_bias=False,
            kernel_init=nn.initializers.variance_scaling(2, "fan_out", "normal"),
        )(maps)
        scale = nn.initializers.zeros if self.starts_at_zero else nn.initializers.ones
        return nn.BatchNorm(use_running_average=not train, momentum=0.9, scale_init=scale)(filtered)


def require_pixels(images: Float[Array, "batch height width channels"], least: int, network: str) -> None:
    """Refuses images that poolings and strides would leave nothing of.

    Args:
        images: a batch.
        least: what the height and the width are divided by.
        network: what divides them, in words.

    Raises:
        InputError: the height or the width is less.
    """
    height, width = images.shape[1:3]
    if min(height, width) < least:
        raise InputError(
            f"images have {height}x{width} pixels; allowed: at least {least}x{least}, the strides of {network}"
        )
