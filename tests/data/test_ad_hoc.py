"""Points made for the ZZ feature map: the library's own circuit says their classes, with the gap that is asked for."""

import jax.numpy as jnp
import numpy as np
import pytest

import qconv
from qconv.data.ad_hoc import AdHoc, _basis
from qconv.encoding.iqp import IQP
from qconv.errors import InputError

PARITY = np.array([1, -1, -1, 1])


@pytest.mark.parametrize("seed", [0, 3])
def test_an_observable_of_the_states_of_the_map_tells_the_classes(seed: int) -> None:
    data = AdHoc(num_train=60, num_test=20, data_seed=seed)
    circuit = qconv.Circuit(IQP(2, "all", "complement", scale=1.0), qconv.Identity())
    basis = _basis(np.random.default_rng(seed))
    for split, count in (("train", 60), ("test", 20)):
        source = data.load(split)
        points, labels = source[np.arange(count)]
        assert len(source) == count and points.shape == (count, 1, 2, 1) and labels.sum() == count // 2
        assert points.min() >= 0 and points.max() < 2 * np.pi
        states = np.asarray(qconv.states(circuit, jnp.zeros(0), jnp.asarray(points.reshape(count, 2))))
        expectations = np.square(np.abs(states @ basis.conj())) @ PARITY
        assert np.abs(expectations).min() > 0.3 - 1e-4
        np.testing.assert_array_equal(expectations < 0, labels == 1)


def test_points_are_drawn_by_the_seed_and_none_twice() -> None:
    first, second = (AdHoc(data_seed=seed).load("train").inputs for seed in (0, 1))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, AdHoc().load("train").inputs)
    both = np.concatenate([AdHoc().load(split).inputs for split in ("train", "test")]).reshape(-1, 2)
    assert len(np.unique(both, axis=0)) == 50


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gap": 1.0}, r"^gap = 1.0; allowed: 0 to less than 1$"),
        ({"num_train": 3}, r"^num_train = 3; allowed: an even number of at least 2$"),
        ({"data_seed": -1}, r"^data_seed = -1; allowed: at least 0$"),
    ],
)
def test_fields_that_do_not_fit_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        AdHoc(**options)  # ty: ignore[invalid-argument-type]


def test_a_gap_that_leaves_too_few_points_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"^gap = 0.9\d*; allowed: less, so that each class has 5000 points on the grid"
    ):
        AdHoc(gap=0.95, num_train=9000, num_test=1000).load("train")


def test_pictures_cannot_join() -> None:
    with pytest.raises(
        InputError, match=r"^data = AdHoc, whose images are points of a plane; allowed: data of pictures$"
    ):
        AdHoc().prepared(np.zeros((1, 1, 2, 1), np.float32))
