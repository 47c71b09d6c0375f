"""Spirals against the published procedure, written down again with scikit-learn."""

import numpy as np
import pytest
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from qconv.data.spirals import Spirals
from qconv.errors import InputError


@pytest.mark.parametrize("turns", [1.52, 2.0])
def test_the_points_are_those_of_the_notebook(turns: float) -> None:
    rng = np.random.RandomState(21)
    angle = np.sqrt(rng.rand(2200, 1)) * turns * (2 * np.pi)
    x = -np.cos(angle) * angle + rng.rand(2200, 1) * 0.7
    y = np.sin(angle) * angle + rng.rand(2200, 1) * 0.7
    points = np.vstack([np.hstack([x, y]), np.hstack([-x, -y])])
    train, test, train_labels, test_labels = train_test_split(
        StandardScaler().fit_transform(points), np.repeat([0, 1], 2200), test_size=200, random_state=42
    )
    for split, own, labels in (("train", train[:2000], train_labels[:2000]), ("test", test, test_labels)):
        source = Spirals(turns).load(split)
        batch = source[np.arange(len(source))]
        assert batch.inputs.shape[1:] == Spirals(turns).element.inputs == (1, 2, 1)
        np.testing.assert_array_equal(batch.inputs[:, 0, :, 0], own.astype(np.float32))
        np.testing.assert_array_equal(batch.targets, labels)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"turns": 0.0}, "turns = 0.0; allowed: more than 0"),
        ({"noise": -1.0}, "noise = -1.0; allowed: 0 or more"),
        ({"num_train": 0}, "num_train = 0; allowed: at least 1"),
        ({"split_seed": -1}, "split_seed = -1; allowed: 0 to 2^32 - 1"),
    ],
)
def test_fields_that_make_no_sense(fields: dict, message: str) -> None:
    with pytest.raises(InputError) as error:
        Spirals(**fields)
    assert str(error.value) == message
