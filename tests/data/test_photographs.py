"""Photographs of scikit-image."""

from importlib import resources

import numpy as np
import pytest

from qconv.data import photographs
from qconv.data.checked import load_checked
from qconv.data.dataset import ArraySource, Split
from qconv.data.photographs import Photographs
from qconv.errors import DataUnavailableError, InputError

COUNTS: dict[Split, tuple[int, int]] = {"train": (10, 16), "validation": (2, 4), "test": (6, 4)}


def test_each_split_has_parts_of_photographs_of_its_own() -> None:
    data, seen = Photographs(), set()
    assert data.element.inputs == (128, 128, 1) and data.element.num_classes == 18
    for split, (count, parts) in COUNTS.items():
        source = load_checked(data, split)
        images, labels = source[np.arange(len(source))]
        assert images.shape == (count * parts, 128, 128, 1) and images.min() >= 0 and images.max() <= 1
        found, numbers = np.unique(labels, return_counts=True)
        assert len(found) == count and set(numbers) == {parts} and not seen & set(found)
        seen |= set(found)
        assert len({image.tobytes() for image in images}) == len(images)
        assert (images.std(axis=(1, 2, 3)) > 0).all()
    assert seen == set(range(18))


def test_parts_are_those_of_the_photograph() -> None:
    from skimage.io import imread

    camera = imread(str(resources.files("skimage") / "data" / "camera.png"))
    source = Photographs(100).load("test")
    assert isinstance(source, ArraySource)
    (rows,) = np.nonzero(source.targets == 2)  # astronaut, brick, camera
    places = [(y, x) for y in (103, 309) for x in (103, 309)]
    for image, (y, x) in zip(source.inputs[rows], places, strict=True):
        np.testing.assert_array_equal(image[..., 0], camera[y : y + 100, x : x + 100])


def test_the_largest_part_is_as_large_as_the_smallest_photograph() -> None:
    for split in COUNTS:
        assert load_checked(Photographs(172), split)[np.arange(1)].inputs.shape == (1, 172, 172, 1)
    for size in (0, 173):
        with pytest.raises(InputError, match=f"^size = {size}; allowed: 1 to 172, "):
            Photographs(size)


def test_a_photograph_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(photographs._FILES, "test", ("camera.png", "nobody.png"))
    with pytest.raises(DataUnavailableError, match=r"^scikit-image comes without nobody\.png; allowed: "):
        Photographs().load("test")
