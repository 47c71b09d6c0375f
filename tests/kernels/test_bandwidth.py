"""Bandwidths that are chosen by training points."""

import jax.numpy as jnp
import numpy as np
import pytest

import qconv as q
from qconv.kernels.bandwidth import search_bandwidth

RNG = np.random.default_rng(0)
LABELS = np.arange(80) % 2
X = np.where(LABELS[:, None] == 1, 1.5, 0.0) + RNG.normal(size=(80, 4))
PRODUCT = q.Circuit(q.Angle(scale=1.0), q.Identity())


def aligned(kernel, params, x=X):
    return float(q.centred_alignment(jnp.asarray(q.gram(kernel, x, params=params)), jnp.asarray(LABELS)))


@pytest.mark.parametrize(
    "kernel",
    [
        q.FidelityKernel(PRODUCT, bandwidth=20.0),
        q.ProjectedKernel(PRODUCT, bandwidth=0.01),
        q.FidelityKernel(q.Circuit(q.IQP(1, scale=1.0), q.Identity()), bandwidth=1.0),
        q.RBF(50.0),
        q.FidelityKernel(PRODUCT, bandwidth=5.0) * q.RBF(5.0),
        q.View(q.FidelityKernel(PRODUCT, bandwidth=5.0), 1, 3),
    ],
    ids=["fidelity", "projected", "iqp", "rbf", "product", "view"],
)
def test_no_multiple_of_the_bandwidth_is_better(kernel):
    params = q.fit_bandwidth(kernel, X, LABELS)
    best = aligned(kernel, params)
    assert best > aligned(kernel, kernel.init(4)) + 0.01
    others = [aligned(kernel, kernel.scaled(params, factor)) for factor in (0.25, 0.5, 0.8, 1.25, 2.0, 4.0)]
    assert best >= max(others) - 0.002  # what lies between two that are tried


def test_scaled_parameters_are_scaled_points(x64):
    kernel = q.KernelSum(
        (q.View(q.FidelityKernel(PRODUCT), 0, 2), q.RBF(0.2) * q.ProjectedKernel(PRODUCT), q.View(q.RBF(), 1, 4))
    )
    params, points = kernel.init(4), jnp.asarray(X)
    np.testing.assert_allclose(kernel(kernel.scaled(params, 1.7), points), kernel(params, 1.7 * points), atol=1e-12)


def test_each_part_of_a_sum_has_its_own():
    wide, narrow = q.View(q.FidelityKernel(PRODUCT), 0, 2), q.View(q.FidelityKernel(PRODUCT), 2, 4)
    points = X * [1, 1, 30, 30]
    found = [part["bandwidth"] for part in q.fit_bandwidth(wide + narrow, points, LABELS)["parts"]]
    assert 10 < found[0] / found[1] < 90
    alone = q.fit_bandwidth(narrow, points, LABELS)["bandwidth"]
    assert found[1] == alone


def test_of_an_rbf_without_labels_it_is_the_typical_distance():
    points = RNG.normal(size=(200, 300)).astype(np.float32)  # whose squared distances are about 600
    gamma = float(q.fit_bandwidth(q.RBF(), points)["gamma"])
    assert gamma == pytest.approx(1 / 600, rel=0.2)


def test_what_has_no_bandwidth_stays_as_it_is():
    assert q.fit_bandwidth(q.Linear(), X, LABELS) == {}
    kernel = q.FidelityKernel(q.Circuit(q.Basis(), q.Identity()), bandwidth=0.7)
    bits = (X > 1).astype(np.float32)
    assert float(q.fit_bandwidth(kernel, bits, LABELS)["bandwidth"]) == pytest.approx(0.7)


def test_angles_stay_and_few_points_are_looked_at():
    kernel = q.FidelityKernel(q.Circuit(q.Angle(scale=1.0), q.HardwareEfficient(1), reuploads=1))
    params = kernel.init(4, seed=3)
    found = q.fit_bandwidth(kernel, X, LABELS, params, most=20)
    assert np.array_equal(found["theta"], params["theta"])
    assert found["bandwidth"] == q.fit_bandwidth(kernel, X, LABELS, params, most=20)["bandwidth"]


def test_the_search_shows_what_was_tried():
    kernel = q.FidelityKernel(PRODUCT, bandwidth=1.0)
    search = search_bandwidth(kernel, kernel.init(4), X.astype(np.float32), LABELS)
    assert (np.diff(search.factors) > 0).all() and 1.0 in search.factors
    assert search.worths.max() == search.worths[search.factors == search.best][0]
