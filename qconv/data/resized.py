"""Images in another size."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from qconv.bounds import require_at_least
from qconv.data.dataset import Element, Source, Split
from qconv.data.derived import Derived


@dataclass(frozen=True)
class Resized(Derived):
    """Images in another size, by bilinear interpolation between the centres of pixels.

    `height=256, width=1, antialias=False` is what the code of Hur, Kim and Park (Quantum Machine Intelligence 4:3,
    2022) gives to amplitude encoding, `tf.image.resize(images, (256, 1))`, and with height 784 what it gives to PCA: of
    a 28x28 image nothing is left but the mean of the columns 13 and 14 (counted from 0).
    """

    height: int = 16
    """Pixels from top to bottom."""
    width: int = 16
    """Pixels from left to right."""
    antialias: bool = True
    """Whether a pixel of a smaller image is a mean over all that it covers; if not, of its nearest neighbours only."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "height", "width")

    @property
    def element(self) -> Element:
        """Images of that size, with the same labels."""
        element = self.data.element
        return element._replace(inputs=(self.height, self.width, element.inputs[2]))

    def load(self, split: Split) -> Source:
        """The images of a split."""
        return self.changed(split, lowest=-np.inf, highest=np.inf)

    def change(self, images: Float[np.ndarray, "batch ..."]) -> Float[np.ndarray, "batch ..."]:
        """Images in the other size."""
        return resized(images, self.height, self.width, self.antialias)


def resized(
    images: Float[np.ndarray, "batch ..."], height: int, width: int, antialias: bool = True
) -> Float[np.ndarray, "batch ..."]:
    """Images in another size; see `Resized`.

    Args:
        images: (N, H, W, C).
        height: pixels from top to bottom.
        width: pixels from left to right.
        antialias: whether a pixel of a smaller image is a mean over all that it covers.
    """
    import jax  # for its interpolation alone

    shape = (len(images), height, width, images.shape[3])
    found = jax.image.resize(images, shape, "bilinear", antialias=antialias)
    # Rounding may leave the range, each image its own: what it becomes does not depend on its neighbours.
    lowest, highest = (bound(images, axis=(1, 2, 3), keepdims=True) for bound in (np.min, np.max))
    return np.clip(np.asarray(found), np.minimum(0, lowest), np.maximum(1, highest))
