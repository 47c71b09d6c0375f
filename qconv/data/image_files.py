"""Files of images of any size and kind, as pixels of one size."""

from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from qconv.errors import InputError

ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")
"""Of files that are taken for images, in small or capital letters."""

Fit = Literal["crop", "stretch"]

_MOST_16_BIT = 2**16 - 1


class Form(NamedTuple):
    """What images are brought to."""

    height: int
    """Pixels from top to bottom."""
    width: int
    """Pixels from left to right."""
    channels: int
    """1 for grey, 3 for red, green and blue."""
    fit: Fit
    """Whether what does not have these proportions loses its margins, alike on both sides, or is stretched."""
    background: int
    """Grey level, 0 to 255, that shows through where an image is transparent."""


class DamagedFileError(InputError):
    """A file that does not hold what it should."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path, self.reason = path, reason


def own_form(path: Path, form: Form) -> Form:
    """A form with the size that an image has in its file, upright as its EXIF data say.

    Raises:
        DamagedFileError: the file is no image, or damaged.
        InputError: the file cannot be read.
    """
    width, height = _upright(path).size
    return form._replace(height=height, width=width)


def read_image(path: Path, form: Form) -> UInt8[np.ndarray, "height width channels"]:
    """The pixels of a file, upright as its EXIF data say.

    Sixteen bits are divided by 257, and floating-point numbers in [0, 1] multiplied by 255; whole numbers of 32 bits
    count as sixteen. Images are resized by linear interpolation, each pixel a mean over all that it covers. Of several
    images in a file the first is taken.

    Raises:
        DamagedFileError: the file is no image, is damaged, or has numbers out of range.
        InputError: the file cannot be read.
    """
    return _pixels(path, _upright(path, 2 * max(form.height, form.width)), form)


def read_pair(
    path: Path, mask_path: Path, form: Form, num_classes: int
) -> tuple[UInt8[np.ndarray, "height width channels"], UInt8[np.ndarray, "height width"]]:
    """The pixels of a file and the classes of these pixels, from another one.

    A mask is a grey image whose values are classes, or one with a palette of colours, whose entries are; of two
    classes also one of black and white, 0 and the largest value. Its pixels are chosen and not mixed.

    Args:
        path: of the image; see `read_image`.
        mask_path: of the mask, of the same height and width.
        form: what both are brought to.
        num_classes: at most 256.

    Raises:
        DamagedFileError: see `read_image`; or the mask has another size, or values that are no classes.
        InputError: a file cannot be read.
    """
    image, mask = _upright(path), _upright(mask_path)
    if mask.size != image.size:
        (width, height), (wide, high) = mask.size, image.size
        raise DamagedFileError(mask_path, f"it is {height} x {width} pixels, and its image {high} x {wide}")
    labels = Image.fromarray(_labels(mask_path, mask, num_classes))
    resized = labels.resize((form.width, form.height), Image.Resampling.NEAREST, _box(mask.size, form))
    return _pixels(path, image, form), np.asarray(resized)


def _upright(path: Path, enough: int | None = None) -> Image.Image:
    """The image in a file, decoded and turned as its EXIF data say.

    Args:
        path: of the file.
        enough: a height and width below which nothing is lost. A JPEG decoder makes an image of a half, a quarter or an
            eighth of the size in less time; None where the size is wanted.
    """
    try:
        with Image.open(path) as image:
            if enough:
                image.draft(None, (enough, enough))
            ImageOps.exif_transpose(image, in_place=True)
            image.load()
            return image
    except UnidentifiedImageError as error:
        raise DamagedFileError(path, "it is no image") from error
    except OSError as error:
        if error.errno is not None:  # of the operating system, and not of Pillow: nothing is known of what it holds
            raise InputError(f"cannot read {path}: {error.strerror}") from error
        raise DamagedFileError(path, f"it is damaged: {error}") from error
    except MemoryError:
        raise
    except Exception as error:  # decoders raise errors of many kinds
        text = next(iter(str(error).splitlines()), "")
        raise DamagedFileError(path, f"it is damaged: {type(error).__name__}{': ' if text else ''}{text}") from error


def _pixels(path: Path, image: Image.Image, form: Form) -> UInt8[np.ndarray, "height width channels"]:
    image = _plain(path, image, form.background)
    if form.channels == 1 and image.mode == "RGB":
        image = image.convert("L")
    resized = image.resize((form.width, form.height), Image.Resampling.BILINEAR, _box(image.size, form))
    pixels = np.asarray(resized)
    if image.mode == "F":
        pixels = np.rint(pixels.clip(0, 255)).astype(np.uint8)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], form.channels, axis=2)
    return pixels


def _plain(path: Path, image: Image.Image, background: int) -> Image.Image:
    """The image in grey, in floating-point grey of 0 to 255, or in colour; nothing of it is transparent."""
    if image.mode[0] in "IF":
        return Image.fromarray(_eight_bit(path, np.asarray(image)))
    if image.has_transparency_data:
        colors = image.convert("RGBA")
        under = Image.new("RGBA", image.size, (background, background, background, 255))
        return Image.alpha_composite(under, colors).convert("RGB")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _eight_bit(path: Path, numbers: np.ndarray) -> Float[np.ndarray, "height width"]:
    """Numbers of more than eight bits, from 0 to 255."""
    most, scale = (1, 255) if np.issubdtype(numbers.dtype, np.floating) else (_MOST_16_BIT, 1 / 257)
    least, largest = numbers.min(), numbers.max()
    if not (least >= 0 and largest <= most):  # NaN is neither
        raise DamagedFileError(
            path, f"its {numbers.dtype.name} pixels range from {least:g} to {largest:g}; allowed: 0 to {most}"
        )
    return numbers.astype(np.float32) * np.float32(scale)


def _labels(path: Path, mask: Image.Image, num_classes: int) -> UInt8[np.ndarray, "height width"]:
    """The classes of the pixels of a mask, in its own size."""
    labels = _values(path, mask)
    values = np.unique(labels)
    white = 255 if values[-1] <= 255 else _MOST_16_BIT
    if num_classes == 2 and white in values and not set(values.tolist()) - {0, white}:
        return (labels == white).astype(np.uint8)
    if outside := values[(values < 0) | (values >= num_classes)].tolist():
        shown = ", ".join(map(str, outside[:5])) + (", ..." if len(outside) > 5 else "")
        also = ", or only 0 and 255" if num_classes == 2 else ""
        noise = "; JPEG changes values, and PNG does not" if mask.format == "JPEG" else ""
        raise DamagedFileError(path, f"it has the values {shown}; allowed: 0 to {num_classes - 1}{also}{noise}")
    return labels.astype(np.uint8)


def _values(path: Path, mask: Image.Image) -> Int[np.ndarray, "height width"]:
    """The values of a mask: levels of grey, or where it has a palette of colours, entries in that."""
    if mask.mode[0] == "I" or mask.mode in ("1", "L"):
        return np.asarray(mask).astype(np.int64)
    colors = np.asarray(mask.convert("RGB"))
    if (colors == colors[..., :1]).all():
        return colors[..., 0].astype(np.int64)
    if mask.mode == "P":
        return np.asarray(mask).astype(np.int64)
    raise DamagedFileError(path, "it has colours; allowed: a mask in grey, or with a palette")


def _box(size: tuple[int, int], form: Form) -> tuple[float, float, float, float]:
    """The part of an image that is seen: left, top, right, bottom."""
    width, height = size
    if form.fit == "stretch":
        return 0.0, 0.0, float(width), float(height)
    scale = min(width / form.width, height / form.height)
    # Not beyond the image by rounding, which Pillow refuses.
    wide, high = min(float(width), scale * form.width), min(float(height), scale * form.height)
    left, top = (width - wide) / 2, (height - high) / 2
    return left, top, min(float(width), left + wide), min(float(height), top + high)
