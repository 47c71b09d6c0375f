"""Gaussian smoothing."""

from dataclasses import dataclass
from typing import ClassVar

from qconv.methods.tuned import Image, TunedFilter


@dataclass(frozen=True)
class GaussianFilter(TunedFilter):
    """Gaussian smoothing (`scipy.ndimage.gaussian_filter`): a linear filter of one number, its width."""

    name: ClassVar[str] = "Gaussian filter"
    folder: ClassVar[str] = "gaussian"

    strengths: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0, 3.0)
    """Standard deviations of the window that are tried, in pixels."""

    def filtered(self, image: Image, strength: float, noise: float) -> Image:
        """Smoothed, each channel by itself."""
        from scipy.ndimage import gaussian_filter

        return gaussian_filter(image, (strength, strength, 0))
