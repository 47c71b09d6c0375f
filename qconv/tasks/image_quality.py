"""How near an image is to another one. Both are looked at as in a file: what is beyond black and white is cut off."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.tasks.losses import mean_of_item
from qconv.tasks.metric import Metric


@dataclass(frozen=True)
class PSNR(Metric):
    """Peak signal-to-noise ratio: -10 log10 of the mean squared error of an image whose white is 1.

    What is equal to its target up to 1e-10 of squared error has 100 dB, so that no mean is infinite.
    """

    name: ClassVar[str] = "PSNR"
    unit: ClassVar[str] = "dB"

    def per_item(
        self,
        outputs: Float[Array, "batch height width channels"],
        targets: Float[Array, "batch height width channels"],
    ) -> Float[Array, " batch"]:
        """The ratio of each image, in dB."""
        error = mean_of_item(jnp.square(jnp.clip(outputs, 0, 1) - targets))
        return -10 * jnp.log10(jnp.maximum(error, 1e-10))


@dataclass(frozen=True)
class SSIM(Metric):
    """Structural similarity of images whose white is 1: the mean over windows and channels, 1 where they are equal.

    Windows are Gaussian, of 11x11 pixels and a standard deviation of 1.5, and lie wholly in the image.

    Source: Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to structural
    similarity", IEEE Transactions on Image Processing 13, 600 (2004), equation 13 and section III C.
    """

    name: ClassVar[str] = "SSIM"
    WINDOW: ClassVar[int] = 11
    """Pixels of a window along each side."""

    def per_item(
        self,
        outputs: Float[Array, "batch height width channels"],
        targets: Float[Array, "batch height width channels"],
    ) -> Float[Array, " batch"]:
        """The similarity of each image."""
        # Variances do not change with a constant, and are exact where numbers are small.
        one, other = jnp.clip(outputs, 0, 1) - 0.5, targets - 0.5
        of_one, of_other, of_squares, of_product = map(_windows, (one, other, one**2 + other**2, one * other))
        small, stable = 0.01**2, 0.03**2
        covariance = of_product - of_one * of_other
        variances = of_squares - of_one**2 - of_other**2
        one, other = of_one + 0.5, of_other + 0.5
        likeness = (2 * one * other + small) / (one**2 + other**2 + small)
        return mean_of_item(likeness * (2 * covariance + stable) / (variances + stable))


def _windows(images: Float[Array, "batch height width channels"]) -> Float[Array, "batch rows columns channels"]:
    """Gaussian means over the windows that lie wholly in an image."""
    weights = np.exp(-((np.arange(SSIM.WINDOW) - SSIM.WINDOW // 2) ** 2) / (2 * 1.5**2))
    weights /= weights.sum()
    for axis in (1, 2):
        count = images.shape[axis] - SSIM.WINDOW + 1
        parts = [jax.lax.slice_in_dim(images, start, start + count, axis=axis) for start in range(SSIM.WINDOW)]
        images = sum((float(weight) * part for weight, part in zip(weights, parts, strict=True)), jnp.zeros(()))
    return images
