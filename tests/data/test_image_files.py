"""Files of images of every kind become the pixels that a person sees in them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from qconv.data.image_files import DamagedFileError, Form, read_image, read_pair
from qconv.errors import InputError

COLOR = Form(8, 8, 3, "crop", 255)
GREY = COLOR._replace(channels=1)
STRETCHED = COLOR._replace(fit="stretch")


def saved(folder: Path, image: Image.Image, name: str = "image.png", **options: Any) -> Path:
    image.save(folder / name, **options)
    return folder / name


def ramp(width: int = 8, height: int = 8) -> np.ndarray:
    """Brighter to the right."""
    return np.broadcast_to(np.linspace(0, 255, width).astype(np.uint8), (height, width)).copy()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_what_exif_says_is_done(tmp_path: Path, orientation: int) -> None:
    upright = np.zeros((8, 8), np.uint8)
    upright[:4, :4], upright[:4, 4:], upright[4:, :4] = 250, 160, 80
    stored: Any = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path, Image.fromarray(np.ascontiguousarray(stored)), exif=exif)
    np.testing.assert_array_equal(read_image(path, GREY)[..., 0], upright)


def test_sixteen_bits_are_divided(tmp_path: Path) -> None:
    values = np.arange(64, dtype=np.uint16).reshape(8, 8) * 1040
    for name in ("image.png", "image.tif"):
        path = saved(tmp_path, Image.fromarray(values), name)
        found = read_image(path, COLOR)
        np.testing.assert_array_equal(found, np.repeat(np.rint(values / 257)[..., None], 3, axis=2))
    whole = saved(tmp_path, Image.fromarray(values.astype(np.int32)), "whole.tif")
    np.testing.assert_array_equal(read_image(whole, COLOR), found)


def test_floating_point_numbers_are_of_the_unit_interval(tmp_path: Path) -> None:
    values = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    found = read_image(saved(tmp_path, Image.fromarray(values), "image.tif"), GREY)
    np.testing.assert_array_equal(found[..., 0], np.rint(255 * values))
    for wrong in (-0.5, 2.0, np.nan):
        values[3, 3] = wrong
        path = saved(tmp_path, Image.fromarray(values), "image.tif")
        with pytest.raises(DamagedFileError, match=r"image\.tif: its float32 pixels range from .*; allowed: 0 to 1$"):
            read_image(path, GREY)


@pytest.mark.parametrize("background", [0, 255])
def test_what_is_transparent_shows_the_background(tmp_path: Path, background: int) -> None:
    form = COLOR._replace(background=background)
    pixels = np.full((8, 8, 4), (200, 100, 50, 255), np.uint8)
    pixels[:, 4:] = (255, 0, 255, 0)  # the hidden colour of a transparent pixel is nobody's business
    pixels[0, 0, 3] = 51
    expected = np.full((8, 8, 3), (200, 100, 50))
    expected[:, 4:] = background
    expected[0, 0] = np.rint(0.2 * expected[0, 0] + 0.8 * background)
    colored = Image.fromarray(pixels)
    for name in ("image.png", "image.webp", "image.tif"):
        found = read_image(saved(tmp_path, colored, name, **({"lossless": True} if "webp" in name else {})), form)
        np.testing.assert_allclose(found.astype(int), expected, atol=1)
    grey = read_image(saved(tmp_path, colored.convert("LA")), form)
    assert (grey[:, 4:] == background).all() and (grey[1:, :4] == grey[1, 0]).all() and grey[1, 0, 0] == 124
    palette = Image.fromarray(np.repeat([[0, 1]], 8, axis=0).repeat(4, axis=1).astype(np.uint8), "P")
    palette.putpalette([200, 100, 50, 255, 0, 255])
    found = read_image(saved(tmp_path, palette, transparency=1), form)
    np.testing.assert_array_equal(found[1:], expected[1:])
    one_color = Image.fromarray(np.where(pixels[..., 3:] > 0, pixels[..., :3], 7).astype(np.uint8))
    found = read_image(saved(tmp_path, one_color, transparency=(7, 7, 7)), form)
    np.testing.assert_array_equal(found[1:], expected[1:])


def test_kinds_without_transparency(tmp_path: Path) -> None:
    colors = np.stack([ramp(), ramp()[:, ::-1], np.full((8, 8), 128, np.uint8)], axis=-1)
    image = Image.fromarray(colors)
    np.testing.assert_array_equal(read_image(saved(tmp_path, image), COLOR), colors)
    np.testing.assert_array_equal(read_image(saved(tmp_path, image, "image.bmp"), COLOR), colors)
    palette = image.quantize(256)
    np.testing.assert_array_equal(read_image(saved(tmp_path, palette), COLOR), np.asarray(palette.convert("RGB")))
    printed = image.convert("CMYK")
    for name in ("image.tif", "image.jpg"):
        found = read_image(saved(tmp_path, printed, name, **({"quality": 100} if "jpg" in name else {})), COLOR)
        np.testing.assert_allclose(found.astype(int), colors, atol=6)
    bits = Image.fromarray(ramp() > 100)
    assert bits.mode == "1"
    np.testing.assert_array_equal(read_image(saved(tmp_path, bits), GREY)[..., 0], 255 * (ramp() > 100))
    np.testing.assert_array_equal(read_image(saved(tmp_path, image), GREY)[..., 0], np.asarray(image.convert("L")))


def test_smaller_images_are_means(tmp_path: Path) -> None:
    """Fine stripes become grey, and no coarse ones."""
    stripes = np.tile(np.array([0, 255], np.uint8), (64, 64))
    for name in ("image.png", "image.jpg"):
        found = read_image(saved(tmp_path, Image.fromarray(stripes), name), STRETCHED)
        assert found.shape == (8, 8, 3) and found.min() > 118 and found.max() < 138
    deep = Image.fromarray(stripes.astype(np.uint16) * 257)
    assert abs(read_image(saved(tmp_path, deep), STRETCHED).astype(int) - 127).max() < 10


@pytest.mark.parametrize("size", [(8, 24), (24, 8), (7, 31), (300, 100), (5, 3), (1, 1)])
def test_margins_are_cut_off_alike(tmp_path: Path, size: tuple[int, int]) -> None:
    width, height = size
    y, x = np.mgrid[:height, :width]
    side = min(size)
    inside = (abs(2 * x + 1 - width) < side) & (abs(2 * y + 1 - height) < side)
    path = saved(tmp_path, Image.fromarray(np.where(inside, 200, 0).astype(np.uint8)))
    if max(size) % 8 == 0:
        np.testing.assert_array_equal(read_image(path, GREY), 200)
    assert read_image(path, GREY).shape == (8, 8, 1)
    assert read_image(path, STRETCHED._replace(height=3, width=11)).shape == (3, 11, 3)


def test_a_large_jpeg_is_nearly_what_it_is_in_full(tmp_path: Path) -> None:
    y, x = np.mgrid[:512, :640] / 64
    smooth = 127 + 60 * np.sin(x) + 60 * np.cos(y)
    path = saved(tmp_path, Image.fromarray(smooth.astype(np.uint8)), "image.jpg", quality=95)
    png = saved(tmp_path, Image.fromarray(smooth.astype(np.uint8)))
    assert abs(read_image(path, GREY).astype(int) - read_image(png, GREY)).max() <= 2


def test_what_is_damaged_is_named(tmp_path: Path) -> None:
    whole = saved(tmp_path, Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)), "a.jpg")
    cases = {
        "cut.jpg": (whole.read_bytes()[:2000], r"it is damaged: .*truncated"),
        "empty.png": (b"", r"it is no image$"),
        "text.png": (b"no image at all", r"it is no image$"),
    }
    png = saved(tmp_path, Image.fromarray(ramp(64, 64))).read_bytes()
    cases["bits.png"] = (png[:60] + bytes(20) + png[80:], r"it is damaged: ")
    for name, (content, message) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DamagedFileError, match=f"^{tmp_path / name}: {message}") as error:
            read_image(tmp_path / name, COLOR)
        assert "\n" not in str(error.value)
    with pytest.raises(InputError, match=r"^cannot read .*gone\.png: No such file or directory$") as error:
        read_image(tmp_path / "gone.png", COLOR)
    assert not isinstance(error.value, DamagedFileError)


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, Image.fromarray(ramp()))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 31)
    with pytest.raises(DamagedFileError, match="DecompressionBombError"):
        read_image(path, COLOR)


def mask_of(folder: Path, mask: Image.Image, classes: int = 2, name: str = "mask.png", **options: Any) -> np.ndarray:
    image = saved(folder, Image.fromarray(ramp(*mask.size)))
    return read_pair(image, saved(folder, mask, name, **options), STRETCHED, classes)[1]


def test_masks_of_all_kinds_are_classes(tmp_path: Path) -> None:
    disc = (np.hypot(*np.mgrid[-3.5:4, -3.5:4]) < 3).astype(np.uint8)
    colored = Image.fromarray(disc, "P")
    colored.putpalette([255, 255, 255, 200, 0, 0])
    grey = Image.fromarray(disc, "P")
    grey.putpalette([0, 0, 0, 255, 255, 255])
    for mask in (
        Image.fromarray(disc),
        Image.fromarray(255 * disc),
        Image.fromarray(disc.astype(np.uint16) * 65535),
        Image.fromarray(disc > 0),
        Image.fromarray(np.repeat(255 * disc[..., None], 3, axis=2)),
        Image.fromarray(255 * disc).convert("LA"),
        colored,
        grey,
    ):
        np.testing.assert_array_equal(mask_of(tmp_path, mask), disc)
    np.testing.assert_array_equal(mask_of(tmp_path, Image.fromarray(0 * disc)), 0)
    np.testing.assert_array_equal(mask_of(tmp_path, Image.fromarray(7 * disc), classes=8), 7 * disc)
    inverted = Image.fromarray(1 - disc, "P")  # white is the first colour of its palette
    inverted.putpalette([255, 255, 255, 0, 0, 0])
    np.testing.assert_array_equal(mask_of(tmp_path, inverted), disc)


def test_masks_are_not_mixed(tmp_path: Path) -> None:
    labels = np.random.default_rng(0).integers(0, 5, (37, 53), np.uint8) * 50
    found = mask_of(tmp_path, Image.fromarray(labels), classes=201)
    assert set(found.ravel().tolist()) <= {0, 50, 100, 150, 200}
    half = np.zeros((64, 64), np.uint8)
    half[:, 32:] = 255
    np.testing.assert_array_equal(mask_of(tmp_path, Image.fromarray(half)), np.arange(8) // 4 * np.ones((8, 1), int))


def test_an_image_and_its_mask_are_cut_alike(tmp_path: Path) -> None:
    pixels = np.zeros((40, 100), np.uint8)
    pixels[10:30, 40:70] = 255
    image = saved(tmp_path, Image.fromarray(pixels), "image.png")
    mask = saved(tmp_path, Image.fromarray(pixels), "mask.png")
    form = Form(40, 40, 1, "crop", 0)
    found, labels = read_pair(image, mask, form, 2)
    np.testing.assert_array_equal(found[..., 0] // 255, labels)
    np.testing.assert_array_equal(labels, pixels[:, 30:70] // 255)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.full((8, 8), 7, np.uint8), r"it has the values 7; allowed: 0 to 1, or only 0 and 255$"),
        (np.arange(64, dtype=np.uint8).reshape(8, 8), r"it has the values 2, 3, 4, 5, 6, \.\.\.; allowed: 0 to 1, or"),
        (np.stack([ramp()] * 2 + [0 * ramp()], axis=-1), r"it has colours; allowed: a mask in grey, or with a pal"),
        (np.zeros((8, 9), np.uint8), r"it is 8 x 9 pixels, and its image 8 x 8$"),
    ],
    ids=["value", "values", "colours", "size"],
)
def test_masks_of_other_values_are_refused(tmp_path: Path, mask: np.ndarray, message: str) -> None:
    image = saved(tmp_path, Image.fromarray(ramp()))
    path = saved(tmp_path, Image.fromarray(mask), "mask.png")
    with pytest.raises(DamagedFileError, match=rf"mask\.png: {message}"):
        read_pair(image, path, COLOR, 2)


def test_a_mask_of_jpeg_is_told_why(tmp_path: Path) -> None:
    disc = (255 * (np.hypot(*np.mgrid[-31.5:32, -31.5:32]) < 20)).astype(np.uint8)
    with pytest.raises(DamagedFileError, match="JPEG changes values, and PNG does not"):
        mask_of(tmp_path, Image.fromarray(disc), name="mask.jpg")
