"""Images to patches, with the geometry of `flax.linen.Conv`."""

import math
from typing import Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.errors import InputError

Size = int | tuple[int, int]
"""One number for both axes, or (vertical, horizontal)."""

Padding = Literal["SAME", "VALID"] | int | tuple[tuple[int, int], tuple[int, int]]
"""SAME, VALID, one number for all four sides, or ((top, bottom), (left, right))."""


def pair(name: str, value: Size) -> tuple[int, int]:
    """`value` as (vertical, horizontal).

    Raises:
        InputError: not one or two whole numbers of at least 1.
    """
    both = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(both) != 2 or not all(isinstance(v, int) and v >= 1 for v in both):
        raise InputError(f"{name} = {value}; allowed: one or two whole numbers, at least 1")
    return both


def check_padding(padding: Padding) -> None:
    """Refuses what is not a `Padding`.

    Raises:
        InputError: any other value, or a negative number.
    """
    sides = padding if isinstance(padding, tuple) else ((padding, padding), (padding, padding))
    explicit = len(sides) == 2 and all(
        isinstance(side, tuple) and len(side) == 2 and all(isinstance(n, int) and n >= 0 for n in side)
        for side in sides
    )
    if padding not in ("SAME", "VALID") and not explicit:
        raise InputError(
            f"padding = {padding!r}; allowed: 'SAME', 'VALID', a number from 0, or ((top, bottom), (left, right))"
        )


def flattened(inputs: Float[Array, "batch ..."]) -> Float[Array, "batch numbers"]:
    """All numbers of each image or feature map in a row, the last axis fastest; of an empty batch, too."""
    return inputs.reshape(len(inputs), math.prod(inputs.shape[1:]))


def extract_patches(
    images: Float[Array, "batch height width channels"],
    kernel_size: Size,
    strides: Size = 1,
    padding: Padding = "SAME",
    kernel_dilation: Size = 1,
) -> Float[Array, "batch rows columns pixels channels"]:
    """All windows of a convolution.

    Args:
        images: any number of channels; height and width may differ.
        kernel_size: pixels of a window.
        strides: step from one window to the next.
        padding: zeros around the image, as in `nn.Conv`.
        kernel_dilation: distance of neighbouring pixels of a window.

    Returns:
        For each position the pixels of its window, row by row: `rows` and `columns` are those of `nn.Conv`'s output.

    Raises:
        InputError: a value that is not allowed, or a window larger than the padded image.
    """
    kernel, stride = pair("kernel_size", kernel_size), pair("strides", strides)
    dilation = pair("kernel_dilation", kernel_dilation)
    check_padding(padding)
    shape = images.shape[1:3]
    window = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    if isinstance(padding, int):
        padding = ((padding, padding), (padding, padding))
    pads = jax.lax.padtype_to_pads(shape, window, stride, padding) if isinstance(padding, str) else padding
    padded = [size + sum(pad) for size, pad in zip(shape, pads, strict=True)]
    if window[0] > padded[0] or window[1] > padded[1]:
        raise InputError(
            f"kernel_size = {kernel_size} with kernel_dilation = {kernel_dilation} covers {window[0]}x{window[1]} "
            f"pixels, more than the {padded[0]}x{padded[1]} of the padded image"
        )
    images = jnp.pad(images, ((0, 0), *pads, (0, 0)))
    rows, columns = ((p - w) // s + 1 for p, w, s in zip(padded, window, stride, strict=True))
    # One strided slice for each pixel of the window: exact, cheap, and the same order for every number of channels
    # (lax.conv_general_dilated_patches would return the channel slowest).
    slices = [
        images[
            :,
            top : top + (rows - 1) * stride[0] + 1 : stride[0],
            left : left + (columns - 1) * stride[1] + 1 : stride[1],
        ]
        for top in range(0, window[0], dilation[0])
        for left in range(0, window[1], dilation[1])
    ]
    # Pixel by pixel in memory, which is how engines read them.
    return jnp.moveaxis(jnp.stack(slices), 0, 3)
