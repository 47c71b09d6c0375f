"""Which pixels of an image a number depends on: gradients, integrated gradients, and occlusion.

Whatever is asked about images, is asked about batches of one size, filled up: so one program is compiled.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import numpy as np
from jaxtyping import Float

Images = Float[np.ndarray, "batch height width channels"]
Image = Float[np.ndarray, "height width channels"]
Map = Float[np.ndarray, "height width"]

Values = Callable[[Images], Float[np.ndarray, " batch"]]
"""A number of each image of a batch, each of its image alone."""
Gradients = Callable[[Images], Images]
"""Its derivative by the pixels of the image."""

_STEPS = 64
_MOST_AT_ONCE = 32
"""Images of a batch, of small ones."""
_MOST_NUMBERS = 2**20
"""Numbers of all images of a batch, where a single one has not more."""


def gradient(gradients: Gradients, image: Image) -> Map:
    """How much the number changes with each pixel: the largest absolute derivative of its channels.

    Source: Simonyan, Vedaldi and Zisserman, "Deep inside convolutional networks", arXiv:1312.6034 (2013), section 3.

    Args:
        gradients: of the number.
        image: where the derivative is taken.
    """
    return np.abs(next(_of_each(gradients, [image]))).max(-1)


def integrated_gradients(gradients: Gradients, image: Image) -> Map:
    """How much each pixel raises the number above that of an image of zeros; the pixels add up to the difference.

    The mean derivative on the straight way from zeros to the image, by the midpoint rule with 64 steps, times the
    pixel, over all channels.

    Source: Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks", ICML (2017), equation 1.

    Args:
        gradients: of the number.
        image: at the end of the way.
    """
    shares = ((np.arange(_STEPS) + 0.5) / _STEPS).astype(image.dtype)
    total = np.zeros(image.shape)
    for found in _of_each(gradients, (share * image for share in shares)):
        total += found
    return (total / _STEPS * image).sum(-1)


def occlusion(values: Values, image: Image, window: int) -> Map:
    """How much the number falls where the image is covered by a square of its mean colour.

    The square moves by half its size; a pixel has the mean over all squares that cover it.

    Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV (2014), section 4.2.

    Args:
        values: the number.
        image: that is covered.
        window: pixels of the square in both directions, cut off where the image is smaller.
    """
    height, width, _ = image.shape
    squares = [
        (slice(top, top + window), slice(left, left + window))
        for top in _places(height, window)
        for left in _places(width, window)
    ]
    color = image.mean((0, 1))

    def covered() -> Iterator[Image]:
        yield image
        for square in squares:
            changed = image.copy()
            changed[square] = color
            yield changed

    whole, *found = _of_each(values, covered())
    falls, counts = np.zeros((2, height, width))
    for square, number in zip(squares, found, strict=True):
        falls[square] += whole - number
        counts[square] += 1
    return falls / counts


def _places(size: int, window: int) -> list[int]:
    """Where squares begin, so that they cover everything; the last one ends at the edge."""
    last = max(0, size - window)
    return sorted({*range(0, last, max(1, window // 2)), last})


def _of_each(
    function: Callable[[Images], Float[np.ndarray, "batch ..."]], images: Iterable[Image]
) -> Iterator[Float[np.ndarray, "..."]]:
    """What is said of each image; only a few of them are in memory."""
    images = iter(images)
    while waiting := list(islice(images, _MOST_AT_ONCE)):
        size = max(1, min(_MOST_AT_ONCE, _MOST_NUMBERS // waiting[0].size))
        for first in range(0, len(waiting), size):
            some = waiting[first : first + size]
            yield from function(np.stack(some + some[-1:] * (size - len(some))))[: len(some)]
