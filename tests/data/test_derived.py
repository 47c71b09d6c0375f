"""Fewer images, black and white ones, and images beyond 0 and 1."""

import numpy as np
import pytest

from qconv.data.binarised import Binarised
from qconv.data.classes import OnlyClasses
from qconv.data.dataset import Batch, Dataset, Split
from qconv.data.resized import Resized
from qconv.data.scaled import Scaled
from qconv.data.subset import Subset
from qconv.data.synthetic import Synthetic
from qconv.errors import InputError

DATA = Synthetic(num_images=80, height=4, width=3, channels=3, num_classes=4)


def everything(data: Dataset, split: Split = "train") -> Batch:
    source = data.load(split)
    return source[np.arange(len(source))]


def test_a_subset_has_so_many_different_images_with_their_labels() -> None:
    data = Subset(DATA, 20, 7)
    images, labels = everything(data)
    assert len(images) == 20 and len(everything(data, "test").images) == 7 and data.num_classes == 4
    all_images, all_labels = everything(DATA)
    rows = [int(np.flatnonzero((all_images == image).all(axis=(1, 2, 3)))[0]) for image in images]
    assert rows == sorted(set(rows)) and rows != list(range(20))
    np.testing.assert_array_equal(labels, all_labels[rows])
    other = everything(Subset(DATA, 20, 7, subset_seed=1)).images
    assert not np.array_equal(other, images)
    np.testing.assert_array_equal(everything(data).images, images)
    assert data.load("train").image_shape == (4, 3, 3)


def test_a_subset_is_no_larger_than_the_data() -> None:
    with pytest.raises(InputError, match=r"test = 1000; allowed: at most the \d+ images"):
        Subset(DATA, 20, 1000).load("test")
    for values, message in (((0, 1, 0), "train = 0"), ((1, 0, 0), "test = 0"), ((1, 1, -1), "subset_seed = -1")):
        with pytest.raises(InputError, match=f"{message}; allowed: at least"):
            Subset(DATA, *values)


def test_black_and_white() -> None:
    images, labels = everything(DATA)
    found = everything(Binarised(DATA, 0.3))
    assert set(np.unique(found.images)) == {0.0, 1.0} and found.images.dtype == np.float32
    np.testing.assert_array_equal(found.images == 1, images > 0.3)
    np.testing.assert_array_equal(found.labels, labels)
    assert Binarised(DATA).num_classes == 4
    with pytest.raises(InputError, match=r"threshold = 1.0; allowed: 0 to less than 1"):
        Binarised(DATA, 1.0)


def test_images_beyond_0_and_1_keep_their_range() -> None:
    data = Scaled(DATA)
    images, labels = everything(data)
    assert images.min() < -0.5
    resized = everything(Resized(data, 4, 3)).images  # the size that they have
    np.testing.assert_allclose(resized, images, atol=1e-6)
    kept = everything(OnlyClasses(data, (1, 3))).images
    np.testing.assert_array_equal(kept, images[np.isin(labels, (1, 3))])
