"""Features from landmarks."""

import numpy as np
import pytest

import qconv as q
from qconv.errors import InputError
from tests.oracle import assert_close

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
KERNELS = [
    q.FidelityKernel(q.Circuit(q.IQP(2, scale=1.0), q.Identity())),
    q.ProjectedKernel(q.Circuit(q.Angle(scale=1.0), q.Identity(), q.PauliXYZ())),
    q.RBF(0.5) + q.Linear(),
]


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_all_points_as_landmarks_are_the_exact_kernel(x64, kernel):
    features = q.landmark_features(kernel, kernel.init(3), X, X)
    assert_close(features @ features.T, q.gram(kernel, X), atol=1e-9)


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_copies_of_landmarks_change_nothing(x64, kernel):
    params, chosen = kernel.init(3), q.choose_landmarks(X, 10, seed=1)
    once, thrice = (q.landmark_features(kernel, params, marks, X) for marks in (chosen, np.tile(chosen, (3, 1))))
    assert np.isfinite(thrice).all()
    assert_close(thrice @ thrice.T, once @ once.T, atol=1e-9)


def test_single_precision_is_as_good_as_rounding():
    kernel, points = KERNELS[0], np.concatenate([X, X[:20]]).astype(np.float32)
    features = q.landmark_features(kernel, kernel.init(3), points, points)
    assert features.dtype == np.float32
    assert_close(features @ features.T, q.gram(kernel, points), atol=1e-4)


def test_more_landmarks_are_nearer_to_the_kernel():
    kernel = q.RBF(0.5)
    exact, params = q.gram(kernel, X), kernel.init(3)

    def apart(count, by):
        features = q.landmark_features(kernel, params, q.choose_landmarks(X, count, by=by), X)
        return np.linalg.norm(features @ features.T - exact)

    for by in ("random", "k-means"):
        assert apart(5, by) > apart(15, by) > apart(45, by)
    assert apart(15, "k-means") < apart(15, "random")


def test_landmarks_are_points_each_once_and_the_same_again():
    found = q.choose_landmarks(X, 60, seed=2)
    assert np.array_equal(found, X.astype(found.dtype))
    few = q.choose_landmarks(X, 7, seed=2)
    assert np.array_equal(few, q.choose_landmarks(X, 7, seed=2)) and len(np.unique(few, axis=0)) == 7
    assert not np.array_equal(few, q.choose_landmarks(X, 7, seed=3))
    means = q.choose_landmarks(X, 7, seed=2, by="k-means")
    assert means.shape == (7, 3) and np.array_equal(means, q.choose_landmarks(X, 7, seed=2, by="k-means"))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: q.choose_landmarks(X, 0), "count = 0; allowed: 1 to 60, the points"),
        (
            lambda: q.choose_landmarks(np.tile(X[:4], (9, 1)), 5, by="k-means"),
            "count = 5; allowed: 1 to 4, the points that",
        ),
        (lambda: q.choose_landmarks(X[0], 1), r"x has shape \(3,\); allowed"),
        (
            lambda: q.landmark_features(q.RBF(), q.RBF().init(3), X, X[:, :2]),
            "x has 2 columns and y 3; allowed: as many",
        ),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
