"""Which pixels of an image a number depends on: gradients, integrated gradients, and occlusion."""

from collections.abc import Callable, Iterable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

Value = Callable[[Float[Array, "batch height width channels"]], Float[Array, " batch"]]
"""A number of each image of a batch, each from its image alone."""
Image = Float[np.ndarray, "height width channels"]
Map = Float[np.ndarray, "height width"]

_STEPS = 64
_AT_ONCE = 32
"""Images of a batch."""


def gradient(value: Value, image: Image) -> Map:
    """How much the number changes with each pixel: the largest absolute derivative of its channels.

    Source: Simonyan, Vedaldi and Zisserman, "Deep inside convolutional networks", arXiv:1312.6034 (2013), section 3.

    Args:
        value: the number, differentiable.
        image: where the derivative is taken.
    """
    return np.abs(_gradients(value, image[None])[0]).max(-1)


def integrated_gradients(value: Value, image: Image) -> Map:
    """How much each pixel raises the number above that of an image of zeros; the pixels add up to the difference.

    The mean derivative on the straight way from zeros to the image, by the midpoint rule with 64 steps, times the
    pixel, over all channels.

    Source: Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks", ICML (2017), equation 1.

    Args:
        value: the number, differentiable.
        image: at the end of the way.
    """
    shares = ((np.arange(_STEPS) + 0.5) / _STEPS).astype(image.dtype)
    images = (share * image for share in shares)
    return (sum(_gradients(value, batch).sum(0) for batch in _batches(images)) / _STEPS * image).sum(-1)


def occlusion(value: Value, image: Image, window: int) -> Map:
    """How much the number falls where the image is covered by a square of its mean colour.

    The square moves by half its size; a pixel has the mean over all squares that cover it.

    Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV (2014), section 4.2.

    Args:
        value: the number.
        image: that is covered.
        window: pixels of the square in both directions, cut off where the image is smaller.
    """
    height, width, _ = image.shape
    tops, lefts = _places(height, window), _places(width, window)
    squares = [(slice(top, top + window), slice(left, left + window)) for top in tops for left in lefts]
    color = image.mean((0, 1))

    def covered() -> Iterator[Image]:
        for square in squares:
            changed = image.copy()
            changed[square] = color
            yield changed

    program = jax.jit(value)
    whole = float(_padded(program, image[None])[0])
    values = np.concatenate([_padded(program, batch) for batch in _batches(covered())])
    falls, counts = np.zeros((2, height, width))
    for square, found in zip(squares, values, strict=True):
        falls[square] += whole - found
        counts[square] += 1
    return falls / counts


def _places(size: int, window: int) -> list[int]:
    """Where squares begin, so that they cover everything; the last one ends at the edge."""
    last = max(0, size - window)
    return sorted({*range(0, last, max(1, window // 2)), last})


def _batches(images: Iterable[Image]) -> Iterator[Float[np.ndarray, "batch height width channels"]]:
    """Images, a few at a time."""
    waiting: list[Image] = []
    for image in images:
        waiting.append(image)
        if len(waiting) == _AT_ONCE:
            yield np.stack(waiting)
            waiting = []
    if waiting:
        yield np.stack(waiting)


def _gradients(
    value: Value, images: Float[np.ndarray, "batch height width channels"]
) -> Float[np.ndarray, "batch height width channels"]:
    """The derivative of the number of each image by its own pixels."""
    return np.asarray(jax.jit(jax.grad(lambda batch: jnp.sum(value(batch))))(images))


def _padded(
    program: Callable[..., Array], images: Float[np.ndarray, "batch height width channels"]
) -> Float[np.ndarray, " batch"]:
    """The number of each image; batches are filled up, so that one size is compiled."""
    filled = np.concatenate([images, np.repeat(images[-1:], _AT_ONCE - len(images), 0)])
    return np.asarray(program(filled))[: len(images)]
