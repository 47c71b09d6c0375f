"""Images as rows of numbers, which scikit-learn looks at."""

import math
from typing import Any

import numpy as np

from qconv.errors import InputError

Shape = tuple[int, int, int]
"""Height, width and channels of an image."""


def as_rows(X: Any, known: Shape | None, image_shape: Any) -> tuple[Any, Shape | None]:
    """Images as rows, and their shape. What has other than three or four axes stays as it is, for others to judge.

    Args:
        X: images (images, height, width) or (images, height, width, channels), or rows of numbers.
        known: the shape that they must have; None before any fit.
        image_shape: of rows: (height, width) or (height, width, channels), one of which may be -1. Images have their
            own.

    Returns:
        The rows, and the shape of images; None of rows.

    Raises:
        InputError: images of another shape than the known one, or than `image_shape`.
    """
    images = np.asarray(X) if isinstance(X, list | tuple) else X
    if getattr(images, "ndim", 2) not in (3, 4):
        return images, None
    shape: Any = images.shape[1:] if images.ndim == 4 else (*images.shape[1:], 1)
    if known is not None and shape != known:
        raise InputError(f"images have shape {shape}; allowed: {known}, that of the images of the fit")
    if image_shape is not None and shape_of_rows(math.prod(shape), image_shape) != shape:
        raise InputError(f"images have shape {shape}; allowed: image_shape = {image_shape}")
    return np.asarray(images).reshape(len(images), -1), shape


def shape_of_rows(numbers: int, image_shape: Any) -> Shape:
    """The shape of images that are given as rows.

    Args:
        numbers: of a row.
        image_shape: see `as_rows`.

    Raises:
        InputError: none is given, or it does not fit the rows.
    """
    allowed = f"(height, width) or (height, width, channels) that make {numbers} numbers, one of them may be -1"
    sizes = image_shape if isinstance(image_shape, tuple | list) else ()
    if len(sizes) not in (2, 3) or not all(isinstance(size, int | np.integer) for size in sizes):
        raise InputError(f"image_shape = {image_shape} for rows of {numbers} numbers; allowed: {allowed}")
    height, width, channels = (*sizes, 1)[:3]
    try:
        return np.empty(numbers, bool).reshape(height, width, channels).shape
    except ValueError as error:
        raise InputError(f"image_shape = {image_shape} for rows of {numbers} numbers; allowed: {allowed}") from error
