"""Support vector machines, landmarks, and the fusion of views."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC, LinearSVC

import qconv as q
from qconv.errors import InputError

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 4)), RNG.normal(size=(9, 4))
LABELS = np.array(["low", "middle", "high"])[np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])]
KERNEL = q.FidelityKernel(bandwidth=1.0)
WORD: Any = "rbf"
VIEWS: list[Any] = [("front", KERNEL, slice(0, 2)), ("back", q.RBF(0.5), [2, 3])]


def double(kernel, x, y=None):
    return q.QuantumKernel(kernel)(x, y)


def digits():
    images, labels = load_digits(return_X_y=True)
    return images[:1000] / 16, labels[:1000], images[1000:] / 16, labels[1000:]


def test_it_is_the_machine_on_the_whole_matrix():
    fitted = q.QuantumKernelSVC(KERNEL, C=3.0).fit(X, LABELS)
    expected = SVC(kernel="precomputed", C=3.0).fit(double(KERNEL, X), LABELS)
    assert fitted.classes_.tolist() == ["high", "low", "middle"]
    assert len(fitted.support_vectors_) == len(fitted.support_) < len(X)
    np.testing.assert_allclose(fitted.decision_function(Y), expected.decision_function(double(KERNEL, Y, X)), atol=1e-9)
    assert np.array_equal(fitted.predict(X), expected.predict(double(KERNEL, X)))


def test_what_was_fitted_stays_when_parameters_are_set():
    fitted = q.QuantumKernelSVC(KERNEL).fit(X, LABELS)
    before = fitted.decision_function(Y)
    fitted.set_params(kernel__bandwidth=0.1)
    assert np.array_equal(fitted.decision_function(Y), before)


def test_a_fit_leaves_numpys_global_stream_alone():
    np.random.seed(0)
    expected = np.random.random()
    np.random.seed(0)
    q.QuantumKernelSVC(KERNEL).fit(X, LABELS)
    assert np.random.random() == expected


def test_a_search_reaches_the_fields_of_the_kernel():
    grid = {"kernel__bandwidth": [0.01, 1.0], "kernel__circuit__encoding__scale": [0.01, 1.0], "C": [1.0]}
    search = GridSearchCV(q.QuantumKernelSVC(KERNEL), grid, cv=3).fit(X, LABELS)
    assert search.best_params_ == {"C": 1.0, "kernel__bandwidth": 1.0, "kernel__circuit__encoding__scale": 1.0}
    assert search.best_estimator_.kernel.circuit.encoding.scale == 1.0


def test_it_reads_digits_as_well_as_is_known():
    """The product map of 64 qubits at a bandwidth of about 1 / 2, and an RBF in its limit, exp(-(c d / 2)^2)."""
    x, y, others, labels = digits()
    own = q.QuantumKernelSVC(q.FidelityKernel(bandwidth=0.5), C=10.0).fit(x, y).score(others, labels)
    rbf = SVC(C=10.0, gamma=0.0625).fit(x, y).score(others, labels)
    assert own > 0.95 and abs(own - rbf) < 0.01


@pytest.mark.parametrize("landmarks", ["random", "k-means"])
def test_landmarks_come_close_to_the_kernel(landmarks):
    x, *_ = digits()
    features = q.QuantumNystroem(KERNEL, 150, landmarks, random_state=0).fit_transform(x[:300])
    whole = double(KERNEL, x[:300])
    assert features.shape == (300, 150)
    assert np.abs(features @ features.T - whole).mean() < 0.03


def test_all_points_as_landmarks_are_exact():
    transformer = q.QuantumNystroem(KERNEL, 1000, random_state=0)
    features = transformer.fit_transform(np.concatenate([X, X]))  # twice, which must not divide by 0
    np.testing.assert_allclose(features @ features.T, double(KERNEL, np.concatenate([X, X])), atol=1e-6)
    assert transformer.get_feature_names_out()[0] == "quantumnystroem0" and features.shape == (120, 120)


def test_landmarks_in_a_pipeline():
    pipeline = make_pipeline(q.QuantumNystroem(KERNEL, 30, random_state=0), LinearSVC(C=100.0, max_iter=10_000))
    assert pipeline.fit(X, LABELS).score(X, LABELS) > 0.9


@pytest.mark.parametrize("combine", ["sum", "product", "learned"])
def test_views_are_joined(combine):
    fitted = q.KernelFusionClassifier(VIEWS, combine, C=10.0).fit(X, LABELS)
    matrices = [double(KERNEL, X[:, :2]), double(q.RBF(0.5), X[:, 2:])]
    weights = q.aligned_weights(matrices, LABELS) if combine == "learned" else np.full(2, 0.5)
    joined = matrices[0] * matrices[1] if combine == "product" else weights[0] * matrices[0] + weights[1] * matrices[1]
    expected = SVC(kernel="precomputed", C=10.0).fit(joined, LABELS).decision_function(joined)
    np.testing.assert_allclose(fitted.decision_function(X), expected, atol=1e-7)
    if combine == "learned":  # the labels are in the front
        assert fitted.weights_[0] > 0.9


def test_views_by_the_names_of_columns():
    table = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    by_name = [("front", KERNEL, ["a", "b"]), ("back", q.RBF(0.5), np.array([False, False, True, True]))]
    named = q.KernelFusionClassifier(by_name).fit(table, LABELS)
    placed = q.KernelFusionClassifier(VIEWS).fit(X, LABELS)
    np.testing.assert_allclose(named.decision_function(table), placed.decision_function(X), atol=1e-12)
    with pytest.raises(ValueError, match="feature names"):
        named.predict(table[["b", "a", "c", "d"]])


def test_a_search_reaches_the_views_by_their_names():
    fusion = q.KernelFusionClassifier(VIEWS)
    assert fusion.get_params()["front__circuit__encoding__axis"] == "Y" and fusion.get_params()["back"] == q.RBF(0.5)
    grid = {"front__bandwidth": [0.01, 1.0], "back": [q.RBF(0.1), q.Linear()], "combine": ["sum", "learned"]}
    search = GridSearchCV(fusion, grid, cv=3).fit(X, LABELS)
    assert search.best_params_["front__bandwidth"] == 1.0
    assert VIEWS[0][1].bandwidth == 1.0 and fusion.kernels is VIEWS


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: q.QuantumKernelSVC(WORD), "kernel = 'rbf'; allowed: a qconv.Kernel"),
        (lambda: q.QuantumKernelSVC(KERNEL, C=0.0), "C = 0.0; allowed: more than 0"),
        (lambda: q.QuantumKernelSVC(q.View(KERNEL, 0, 5)), "stop = 5; allowed: at most 4"),
        (lambda: q.QuantumNystroem(KERNEL, 0), "n_components = 0; allowed: at least 1"),
        (lambda: q.QuantumNystroem(KERNEL, landmarks=WORD), "landmarks = 'rbf'; allowed: 'random', 'k-means'"),
        (lambda: q.KernelFusionClassifier(VIEWS, WORD), "combine = 'rbf'; allowed: 'sum', 'product', 'learned'"),
        (lambda: q.KernelFusionClassifier([]), r"kernels = \[\]; allowed: one or more"),
        (lambda: q.KernelFusionClassifier([*VIEWS, VIEWS[0]]), "a kernel has the name 'front'; allowed: each once"),
        (lambda: q.KernelFusionClassifier([("C", KERNEL, [0])]), "a kernel has the name 'C'"),
        (lambda: q.KernelFusionClassifier([("a", KERNEL, [4])]), r"columns of 'a' = \[4\]; allowed: some of the 4"),
        (lambda: q.KernelFusionClassifier([("a", KERNEL, [])]), "allowed: some of the 4 columns"),
        (lambda: q.KernelFusionClassifier([("a", KERNEL, ["b"])]), "allowed: places, as the columns have no names"),
    ],
)
def test_what_cannot_be_is_refused(unchecked, make, message):
    with pytest.raises(InputError, match=message):
        make().fit(X, LABELS)


@pytest.mark.parametrize(
    ("x", "y", "error", "message"),
    [
        (np.where(X > 2, np.nan, X), LABELS, ValueError, "contains NaN"),
        (sparse.csr_array(X), LABELS, TypeError, "Sparse data was passed"),
        (X, np.full(60, "one"), ValueError, "The number of classes has to be greater than one; got 1 class"),
        (X, X[:, 0], ValueError, "Unknown label type"),
    ],
)
def test_scikit_learns_own_errors(x, y, error, message):
    for estimator in (q.QuantumKernelSVC(KERNEL), q.KernelFusionClassifier(VIEWS)):
        with pytest.raises(error, match=message):
            estimator.fit(x, y)


def test_unlike_columns_are_refused():
    fitted = q.QuantumKernelSVC(KERNEL).fit(X, LABELS)
    with pytest.raises(ValueError, match="X has 3 features, but QuantumKernelSVC is expecting 4"):
        fitted.predict(X[:, :3])
