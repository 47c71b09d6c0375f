"""The kernel in scikit-learn: the matrix of `gram`, and all that takes kernels."""

import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import KernelPCA
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC

import qconv as q
from qconv.errors import InputError

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(40, 3)), RNG.normal(size=(7, 3))
LABELS = np.where(np.sin(2 * X[:, 0]) + X[:, 1] > 0, "up", "down")
NUMBERS = np.sin(2 * X[:, 0]) * np.cos(X[:, 1])
ZZ = q.Circuit(q.IQP(2, "all", scale=1.0), q.Identity())
DEEP = q.Circuit(q.Angle(scale=1.0), q.HardwareEfficient(1), reuploads=1)
KERNELS = [q.FidelityKernel(), q.FidelityKernel(ZZ), q.FidelityKernel(DEEP), q.ProjectedKernel(), q.RBF() + q.Linear()]


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_it_is_the_matrix_of_gram(kernel):
    own = q.QuantumKernel(kernel)
    np.testing.assert_allclose(own(X), q.gram(kernel, X.astype(np.float32)), atol=1e-5)
    np.testing.assert_allclose(own(X, Y), q.gram(kernel, X.astype(np.float32), Y.astype(np.float32)), atol=1e-5)
    assert own(X).dtype == own(X, Y).dtype == np.float64
    assert np.array_equal(own(X), own(X).T)
    assert np.array_equal(own(X).diagonal(), own.diag(X))


@pytest.mark.parametrize("kernel", [q.FidelityKernel(ZZ), q.ProjectedKernel()], ids=str)
def test_its_matrices_are_positive_in_double_precision(kernel):
    assert np.linalg.eigvalsh(q.QuantumKernel(kernel, bandwidth=0.1)(X))[0] > -1e-13


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
@pytest.mark.parametrize("bandwidth", [0.7, np.array([0.5, 1.0, 2.0])], ids=["one", "each"])
def test_the_gradient_is_that_of_differences(kernel, bandwidth):
    own = q.QuantumKernel(kernel, bandwidth=bandwidth)
    matrix, gradient = own(X, eval_gradient=True)
    np.testing.assert_allclose(matrix, own(X), atol=1e-12)
    assert gradient.shape == (40, 40, np.size(bandwidth))
    for place in range(np.size(bandwidth)):
        apart = 1e-5 * np.eye(np.size(bandwidth))[place]
        above, below = (own.clone_with_theta(own.theta + sign * apart)(X) for sign in (1, -1))
        np.testing.assert_allclose(gradient[..., place], (above - below) / 2e-5, atol=1e-8)


def test_a_fixed_bandwidth_has_no_gradient():
    own = q.QuantumKernel(q.FidelityKernel(), bandwidth_bounds="fixed")
    assert own(X, eval_gradient=True)[1].shape == (40, 40, 0) and own.n_dims == 0


def test_it_joins_with_the_kernels_of_scikit_learn():
    own = q.QuantumKernel(q.FidelityKernel())
    joined = 2.0 * own**2 + RBF(0.5) * own
    np.testing.assert_allclose(joined(X), 2 * own(X) ** 2 + RBF(0.5)(X) * own(X), atol=1e-12)
    assert clone(joined) == joined


@pytest.mark.parametrize("kernel", [q.FidelityKernel(), q.ProjectedKernel()], ids=str)
def test_a_gaussian_process_fits_the_bandwidth(kernel):
    start = ConstantKernel() * q.QuantumKernel(kernel, bandwidth=0.3) + WhiteKernel(1e-2, "fixed")
    fitted = GaussianProcessRegressor(start, random_state=0).fit(X, NUMBERS)
    before = fitted.log_marginal_likelihood(start.theta)
    assert fitted.log_marginal_likelihood_value_ > before + 1
    assert fitted.kernel_.k1.k2.bandwidth != pytest.approx(0.3)
    mean, deviation = fitted.predict(Y, return_std=True)
    assert np.isfinite(mean).all() and (deviation >= 0).all()


def test_it_needs_no_noise_to_be_factorised():
    GaussianProcessRegressor(q.QuantumKernel(q.FidelityKernel(ZZ)), optimizer=None).fit(X, NUMBERS)


def test_a_gaussian_process_classifies():
    fitted = GaussianProcessClassifier(q.QuantumKernel(q.FidelityKernel(), bandwidth_bounds=(0.1, 10.0))).fit(X, LABELS)
    assert fitted.score(X, LABELS) > 0.9


@pytest.mark.parametrize(
    "estimator",
    [
        lambda kernel: SVC(kernel=kernel, C=100.0),
        lambda kernel: KernelRidge(kernel=kernel, alpha=1e-3),
        lambda kernel: KernelPCA(3, kernel=kernel),
        lambda kernel: Nystroem(kernel, n_components=10, random_state=0),
    ],
    ids=["SVC", "KernelRidge", "KernelPCA", "Nystroem"],
)
def test_what_takes_kernels_takes_it(estimator):
    kernel = q.QuantumKernel(q.FidelityKernel(), bandwidth=2.0)
    fitted = estimator(kernel)
    target = LABELS if isinstance(fitted, SVC) else NUMBERS
    fitted.fit(X, target)
    if hasattr(fitted, "transform"):
        assert np.isfinite(fitted.transform(Y)).all()
    else:
        assert fitted.score(X, target) > 0.85


def test_a_search_reaches_the_bandwidth_and_fields_of_the_circuit():
    grid = {"kernel__bandwidth": [0.01, 1.0], "kernel__kernel__circuit__encoding__axis": ["X", "Z"]}
    search = GridSearchCV(SVC(kernel=q.QuantumKernel(q.FidelityKernel()), C=100.0), grid, cv=3).fit(X, LABELS)
    assert search.best_params_["kernel__bandwidth"] == 1.0
    accuracies = search.cv_results_["mean_test_score"].reshape(2, 2)
    # About X and, after a Hadamard gate, about Z the overlaps are the same.
    np.testing.assert_allclose(accuracies[:, 0], accuracies[:, 1])
    circuit = search.best_estimator_.kernel.kernel.circuit
    assert circuit.encoding.axis == search.best_params_["kernel__kernel__circuit__encoding__axis"]


def test_fields_are_named_and_set():
    own = q.QuantumKernel(q.View(q.FidelityKernel(ZZ), 0, 2) * q.RBF(0.3))
    params = own.get_params()
    assert params["kernel__parts__0__kernel__circuit__encoding__repetitions"] == 2
    assert params["kernel__parts__1__gamma"] == 0.3
    assert "kernel__parts" not in own.get_params(deep=False)
    own.set_params(kernel__parts__0__start=5, kernel__parts__0__stop=7)  # checked together
    assert own.kernel == q.View(q.FidelityKernel(ZZ), 5, 7) * q.RBF(0.3)
    own.set_params(kernel=q.RBF(), kernel__gamma=2.0)
    assert own.kernel == q.RBF(2.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kernel__gama": 1.0}, "Invalid parameter 'gama' of RBF; allowed: gamma"),
        ({"kernel__gamma__scale": 1.0}, "Invalid parameter 'scale' of NoneType; it has no fields"),
        ({"kernel__gamma": -1.0}, "gamma = -1.0; allowed: None or a positive number"),
        ({"kernels": 1.0}, "Invalid parameter kernels"),
    ],
)
def test_what_is_no_parameter_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        q.QuantumKernel(q.RBF()).set_params(**changes)


@pytest.mark.parametrize("bandwidth", [0.0, -1.0, [1.0, 2.0], np.nan])
def test_a_bandwidth_that_is_none_is_refused(bandwidth):
    with pytest.raises(InputError, match="allowed: a positive number, or 3, one for each column"):
        q.QuantumKernel(q.FidelityKernel(), bandwidth=bandwidth)(X)


def test_trained_parameters_are_used():
    kernel = q.FidelityKernel(DEEP)
    params = kernel.init(3, seed=5)
    own = clone(q.QuantumKernel(kernel, params))
    np.testing.assert_allclose(own(X), q.gram(kernel, X.astype(np.float32), params=params), atol=1e-5)
    assert np.abs(own(X) - q.QuantumKernel(kernel)(X)).max() > 1e-2


def test_another_process_reads_what_was_pickled(tmp_path: Path):
    kernel = q.QuantumKernel(q.FidelityKernel(DEEP), q.FidelityKernel(DEEP).init(3, seed=5), bandwidth=0.5)
    fitted = SVC(kernel=kernel).fit(X, LABELS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (tmp_path / "fitted").write_bytes(pickle.dumps(fitted))
    np.save(tmp_path / "points.npy", Y)
    program = (
        "import pickle, sys, numpy as np\n"
        "fitted = pickle.load(open(sys.argv[1] + '/fitted', 'rb'))\n"
        "np.save(sys.argv[1] + '/found.npy', fitted.decision_function(np.load(sys.argv[1] + '/points.npy')))"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, cwd=root)
    np.testing.assert_allclose(np.load(tmp_path / "found.npy"), fitted.decision_function(Y), atol=1e-10)
