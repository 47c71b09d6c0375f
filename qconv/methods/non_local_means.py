"""Non-local means."""

from dataclasses import dataclass
from typing import ClassVar

from qconv.bounds import require_at_least
from qconv.methods.tuned import Image, TunedFilter


@dataclass(frozen=True)
class NonLocalMeans(TunedFilter):
    """Each pixel is a mean over those whose surroundings look alike (`denoise_nl_means`, its fast form).

    Source: Buades, Coll and Morel, "Image denoising by non-local means with applications", International Journal of
    Computer Vision 76, 123 (2008), as in scikit-image; the noise that the training images have is known to it.
    """

    name: ClassVar[str] = "non-local means"
    folder: ClassVar[str] = "non_local_means"

    strengths: tuple[float, ...] = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2)
    """How far surroundings may differ, that are tried, in standard deviations of the noise."""
    patch_size: int = 5
    """Height and width of what is compared."""
    distance: int = 6
    """How far away, in pixels, patches are looked for."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least(self, 1, "patch_size", "distance")

    def filtered(self, image: Image, strength: float, noise: float) -> Image:
        """A weighted mean, all channels together."""
        from skimage.restoration import denoise_nl_means

        filtered = denoise_nl_means(
            image, self.patch_size, self.distance, h=strength * noise, sigma=noise, fast_mode=True, channel_axis=-1
        )
        return filtered.reshape(image.shape)  # the axis of a single channel is lost
