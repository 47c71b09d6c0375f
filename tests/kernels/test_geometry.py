"""Geometric difference, model complexity, concentration and spectrum: exact values and closed forms."""

import numpy as np
import pytest

import qconv as q
from qconv.errors import InputError
from qconv.kernels.concentration import concentration, product_concentration, reaches
from qconv.kernels.spectrum import decomposed, effective_rank, rounding, spectrum
from tests.oracle import assert_close

POINTS = np.array([[0.1, 0.7, 1.3], [0.4, -0.2, 0.9], [2, 1.1, -0.5]])
PRODUCT = q.Circuit(q.Angle(scale=1.0), q.Identity())
RY = np.prod(np.cos((POINTS[:, None] - POINTS) / 2) ** 2, axis=2)
RNG = np.random.default_rng(0)


def test_geometric_difference_has_its_exact_values():
    assert q.geometric_difference(RY, RY) == pytest.approx(1, abs=1e-12)
    assert q.geometric_difference(np.eye(3), RY) == pytest.approx(1.348518299, abs=1e-9)
    assert q.geometric_difference(5 * np.eye(3), 0.1 * RY) == pytest.approx(1.348518299, abs=1e-9)
    values, vectors = np.linalg.eigh(RY)
    root = vectors * np.sqrt(values) @ vectors.T
    first = np.exp(-((POINTS[:, None] - POINTS) ** 2).sum(2))
    expected = np.sqrt(np.linalg.norm(root @ np.linalg.inv(first + 0.3 * np.eye(3)) @ root, 2))
    assert q.geometric_difference(first, RY, 0.3) == pytest.approx(expected, abs=1e-12)


def test_model_complexity_has_its_exact_value():
    signs = np.array([1.0, -1.0, 1.0])
    assert q.model_complexity(RY, signs) == pytest.approx(9.941306993, abs=1e-8)
    assert q.model_complexity(7 * RY, np.stack([signs, signs], axis=1)) == pytest.approx(2 * 9.941306993, abs=1e-7)
    expected = signs @ np.linalg.inv(RY + 0.2 * np.eye(3)) @ signs
    assert q.model_complexity(RY, signs, 0.2) == pytest.approx(expected, abs=1e-12)


def test_concentration_has_its_closed_forms():
    period = product_concentration(np.full(7, np.pi))
    assert period.mean == pytest.approx(2.0**-7, abs=1e-15)
    assert period.variance + period.mean**2 == pytest.approx((3 / 8) ** 7, abs=1e-15)
    narrow = product_concentration(np.full(5, 0.8))
    assert narrow.mean == pytest.approx(((1 + (np.sin(0.8) / 0.8) ** 2) / 2) ** 5, abs=1e-15)


@pytest.mark.parametrize("axis", ["X", "Y", "Z"])
@pytest.mark.parametrize("reach", [0.5, np.pi])
def test_uniform_points_give_them(axis, reach):
    kernel = q.View(q.FidelityKernel(q.Circuit(q.Angle(axis, scale=2.0), q.Identity()), bandwidth=0.5), 1, 5)
    points = RNG.uniform(-reach, reach, (700, 5)).astype(np.float32)
    params = kernel.init(5)
    found = concentration(q.gram(kernel, points, params=params))
    own = reaches(kernel, params, points)
    assert own is not None
    expected = product_concentration(own)
    assert found.mean == pytest.approx(expected.mean, rel=0.03)
    assert found.variance == pytest.approx(expected.variance, rel=0.06)


def test_other_maps_have_no_closed_form():
    for kernel in (q.FidelityKernel(q.Circuit(q.IQP(), q.Identity())), q.ProjectedKernel(PRODUCT), q.RBF()):
        assert reaches(kernel, kernel.init(3), POINTS) is None


def test_entries_are_normalised_and_need_shots():
    matrix = np.array([[4.0, 1.0], [1.0, 1.0]])
    assert concentration(matrix).mean == 0.5 and concentration(matrix).shots == np.inf
    spread = concentration(np.array([[1, 0.2, 0.4], [0.2, 1, 0.6], [0.4, 0.6, 1]]))
    assert spread.shots == pytest.approx((0.16 + 0.24 + 0.24) / 3 / (0.08 / 3))


def test_the_spectrum_has_its_effective_rank():
    assert effective_rank(spectrum(np.eye(6))) == pytest.approx(6)
    assert effective_rank(spectrum(np.ones((6, 6)))) == pytest.approx(1)
    assert effective_rank(spectrum(np.kron(np.eye(2), np.ones((3, 3))))) == pytest.approx(2)
    assert_close(spectrum(np.diag([1.0, 3.0, 2.0])), [3, 2, 1], atol=1e-15)


@pytest.mark.parametrize("columns", [4, 784])
@pytest.mark.parametrize("copies", [1, 3])
def test_matrices_of_kernels_are_positive_to_rounding(columns, copies):
    points = np.tile(RNG.uniform(size=(100, columns)).astype(np.float32), (copies, 1))
    for kernel in (q.FidelityKernel(PRODUCT), q.FidelityKernel(q.Circuit(q.DenseAngle(), q.Identity())), q.RBF()):
        matrix = q.gram(kernel, points)
        assert spectrum(matrix)[-1] > -rounding(matrix)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: q.geometric_difference(np.ones((3, 3)), RY), "regularisation = 0.0, and first is singular"),
        (lambda: q.geometric_difference(np.eye(4), RY), r"first has shape \(4, 4\) and second \(3, 3\)"),
        (lambda: q.geometric_difference(RY, -RY), "second has an eigenvalue of -1.* allowed: none below"),
        (lambda: q.geometric_difference(RY, RY, -1.0), "regularisation = -1.0; allowed: 0 or more"),
        (lambda: q.model_complexity(RY, np.ones(2)), "2 targets and a matrix of 3 points; allowed: as many"),
        (lambda: decomposed("matrix", np.array([[1, 0.5], [0, 1]])), "matrix differs by 0.5 from its transpose"),
        (lambda: decomposed("matrix", np.ones((2, 3))), r"matrix has shape \(2, 3\); allowed: \(points, points\)"),
        (lambda: decomposed("matrix", np.full((2, 2), np.nan)), "matrix has entries that are not finite"),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
