"""Bars and stripes against the published procedure, written down again."""

import numpy as np
import pytest

from qconv.data.bars_and_stripes import BarsAndStripes
from qconv.errors import InputError


def published(size: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels -1, 1 from NumPy's global generator."""
    images, labels = -np.ones((count, size, size)), np.zeros(count)
    for index in range(count):
        if np.random.rand() > 0.5:
            labels[index] = 1
            for row in np.flatnonzero(np.random.rand(size) > 0.5):
                images[index, row] = 1
        else:
            labels[index] = -1
            for column in np.flatnonzero(np.random.rand(size) > 0.5):
                images[index, :, column] = 1
        images[index] += np.random.normal(0, 0.5, size=(size, size))
    return images, labels


@pytest.mark.parametrize("size", [4, 8])
def test_the_images_are_those_of_the_benchmark(size: int) -> None:
    state = np.random.get_state()
    np.random.seed(42)
    parts = published(size, 1000), published(size, 200)  # one stream
    np.random.set_state(state)
    sources = BarsAndStripes(size).load("train"), BarsAndStripes(size).load("test")
    for source, (images, labels) in zip(sources, parts, strict=True):
        batch = source[np.arange(len(source))]
        np.testing.assert_array_equal(batch.inputs[..., 0], images.astype(np.float32))
        np.testing.assert_array_equal(2 * batch.targets - 1, labels)


def test_without_noise_bars_are_columns_and_stripes_are_rows() -> None:
    source = BarsAndStripes(size=5, noise=0.0, num_train=60, num_test=1).load("train")
    images, labels = source[np.arange(60)]
    assert set(np.unique(images)) == {-1.0, 1.0} and 20 < labels.sum() < 40
    for image, label in zip(images[..., 0], labels, strict=True):
        lines = image if label else image.T
        assert (lines == lines[:, :1]).all()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"size": 0}, "size = 0; allowed: at least 1"),
        ({"num_test": 0}, "num_test = 0; allowed: at least 1"),
        ({"noise": -0.5}, "noise = -0.5; allowed: 0 or more"),
        ({"noise": float("nan")}, "noise = nan; allowed: 0 or more"),
        ({"data_seed": -1}, "data_seed = -1; allowed: 0 to 2^32 - 1"),
    ],
)
def test_fields_that_make_no_sense(fields: dict, message: str) -> None:
    with pytest.raises(InputError) as error:
        BarsAndStripes(**fields)
    assert str(error.value) == message
