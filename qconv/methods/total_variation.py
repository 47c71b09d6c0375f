"""Total variation."""

from dataclasses import dataclass
from typing import ClassVar

from qconv.methods.tuned import Image, TunedFilter


@dataclass(frozen=True)
class TotalVariation(TunedFilter):
    """An image near the given one whose pixels differ little from their neighbours (`denoise_tv_chambolle`).

    Source: Chambolle, "An algorithm for total variation minimization and applications", Journal of Mathematical
    Imaging and Vision 20, 89 (2004), as in scikit-image.
    """

    name: ClassVar[str] = "total variation"
    folder: ClassVar[str] = "total_variation"

    strengths: tuple[float, ...] = (0.04, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.3, 0.4)
    """Weights of the variation that are tried."""

    def filtered(self, image: Image, strength: float, noise: float) -> Image:
        """With less variation, all channels together."""
        from skimage.restoration import denoise_tv_chambolle

        return denoise_tv_chambolle(image, weight=strength, channel_axis=-1)
