"""Kernels against the dense oracle, closed forms, and values computed once by NumPy alone."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import qconv as q
from qconv.errors import InputError
from tests.oracle import Dense, assert_close

POINTS = np.array([[0.1, 0.7, 1.3], [0.4, -0.2, 0.9], [2, 1.1, -0.5]])
PRODUCT = q.Circuit(q.Angle(scale=1.0), q.Identity())


def zz(pattern, repetitions, phases="complement"):
    return q.Circuit(q.IQP(repetitions, pattern, phases, scale=1.0), q.Identity())


EXACT = {
    "ZZ, all pairs": (zz("all", 2), (0.1879399, 0.06898766, 0.03949498)),
    "ZZ, neighbours": (zz("chain", 2), (0.23341436, 0.18701714, 0.25588475)),
    "ZZ, all pairs, once": (zz("all", 1), (0.04894267, 0.1049631, 0.05836586)),
    "IQP, products, once": (zz("all", 1, "product"), (0.55098376, 0.31293274, 0.27302725)),
    "IQP, products": (zz("all", 2, "product"), (0.4973985, 0.28606483, 0.11739603)),
    "RY": (PRODUCT, (0.76141088, 0.12557985, 0.17995388)),
}
"""Map, and the kernel of POINTS 0 and 1, 0 and 2, 1 and 2."""


@pytest.mark.parametrize("name", EXACT)
def test_fidelities_are_the_known_ones(x64, name):
    circuit, known = EXACT[name]
    kernel = q.FidelityKernel(circuit, bandwidth=1.0)
    found = kernel(kernel.init(3), jnp.asarray(POINTS))
    assert_close(found[np.triu_indices(3, 1)], known, atol=1e-8)
    assert_close(found.diagonal(), 1, atol=1e-12)
    assert_close(kernel.diagonal(kernel.init(3), kernel.embed(kernel.init(3), jnp.asarray(POINTS))), 1, atol=0)


def test_projected_kernels_are_the_known_ones(x64):
    kernel = q.ProjectedKernel(q.Circuit(q.Angle(scale=1.0), q.Identity(), q.PauliXYZ()), q.RBF(0.5), bandwidth=1.0)
    found = kernel(kernel.init(3), jnp.asarray(POINTS))
    assert_close(found[np.triu_indices(3, 1)], (0.60532332, 0.07211951, 0.0748901), atol=1e-8)


CIRCUITS = [
    (q.Circuit(q.Angle(scale=1.0), q.Identity()), 4),  # real product
    (q.Circuit(q.DenseAngle(), q.StronglyEntangling()), 6),  # complex product; its ansatz cancels
    (q.Circuit(q.Angle("X", scale=1.0), q.Identity(), reuploads=2, trainable_scaling=True), 3),
    (q.Circuit(q.Angle("Y"), q.HardwareEfficient(1), reuploads=1), 3),
    (q.Circuit(q.Amplitude(), q.HardwareEfficient(1)), 7),
    (q.Circuit(q.IQP(2, "ring"), q.Identity()), 3),
    (q.Circuit(q.HigherOrderAngle(), q.Identity()), 3),
]


@pytest.mark.parametrize(("circuit", "columns"), CIRCUITS, ids=str)
def test_fidelities_are_the_oracles(x64, circuit, columns):
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0.1, 0.9, (4, columns)), rng.uniform(0.1, 0.9, (3, columns))
    kernel = q.FidelityKernel(circuit, bandwidth=0.7)
    params = kernel.init(columns, seed=1)
    if circuit.trainable_scaling:
        params["scaling"] = jnp.asarray(rng.uniform(0.5, 1.5, circuit.scaling_shape(columns)))

    def state(point):
        register = Dense(circuit.num_qubits(columns))
        for block in range(circuit.reuploads + 1):
            scaling = params["scaling"][block] if circuit.trainable_scaling else 1
            if block:
                circuit.ansatz(register, params["theta"][block - 1])
            circuit.encoding(register, jnp.asarray(0.7 * point * scaling))
        return register.state

    left, right = (np.stack([np.asarray(state(point)) for point in points]) for points in (x, y))
    expected = np.abs(left.conj() @ right.T) ** 2
    found = jax.jit(lambda params, x, y: kernel(params, x, y))(params, jnp.asarray(x), jnp.asarray(y))
    assert_close(found, expected, atol=1e-12)


@pytest.mark.parametrize("scale", [0.1, 1.0])
@pytest.mark.parametrize("axis", ["X", "Y"])
def test_wide_products_have_their_closed_form(axis, scale):
    """Of 784 qubits: the product of cos^2(d / 2)."""
    points = np.random.default_rng(0).uniform(0, scale, (5, 784)).astype(np.float32)
    kernel = q.FidelityKernel(q.Circuit(q.Angle(axis, scale=1.0), q.Identity()), bandwidth=1.0)
    expected = np.prod(np.cos((points[:, None].astype(float) - points) / 2) ** 2, axis=2)
    np.testing.assert_allclose(kernel(kernel.init(784), jnp.asarray(points)), expected, rtol=2e-3, atol=1e-12)


def test_the_gradient_by_the_bandwidth_is_the_closed_one(x64):
    """d/dc of prod cos^2(c d / 2) = -K sum d tan(c d / 2)."""
    kernel = q.FidelityKernel(PRODUCT, bandwidth=0.8)
    found = jax.jacobian(lambda params: kernel(params, jnp.asarray(POINTS)))(kernel.init(3))["bandwidth"]
    apart = POINTS[:, None] - POINTS
    values = np.prod(np.cos(0.8 * apart / 2) ** 2, axis=2)
    assert_close(found, -values * (apart * np.tan(0.8 * apart / 2)).sum(2), atol=1e-12)


def test_a_product_is_that_of_the_registers_side_by_side(x64):
    parts = tuple(q.View(q.FidelityKernel(PRODUCT, 1.0), *place) for place in ((0, 2), (2, 3)))
    whole = q.FidelityKernel(PRODUCT, bandwidth=1.0)
    product = parts[0] * parts[1]
    points = jnp.asarray(POINTS)
    assert_close(product(product.init(3), points), whole(whole.init(3), points), atol=1e-12)


def test_a_sum_is_weighted(x64):
    rbf, linear, points = q.RBF(0.3), q.Linear(), jnp.asarray(POINTS)
    kernel = q.KernelSum((rbf, linear), weights=(2.0, 0.5))
    params = kernel.init(3)
    expected = 2 * rbf(rbf.init(3), points) + 0.5 * linear({}, points)
    assert_close(kernel(params, points), expected, atol=1e-12)
    assert_close(kernel.diagonal(params, kernel.embed(params, points)), expected.diagonal(), atol=1e-12)
    gradient = jax.grad(lambda params: kernel(params, points)[0, 1])(params)["weights"]
    assert_close(gradient, [rbf(rbf.init(3), points)[0, 1], linear({}, points)[0, 1]], atol=1e-12)


def test_the_exact_rbf_and_its_diagonal(x64):
    kernel, points = q.RBF(0.3), jnp.asarray(POINTS)
    expected = np.exp(-0.3 * ((POINTS[:, None] - POINTS) ** 2).sum(2))
    assert_close(kernel(kernel.init(3), points), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: q.FidelityKernel(bandwidth=0.0), "bandwidth = 0.0; allowed: None or a positive number"),
        (lambda: q.FidelityKernel(zz("all", 2)).init(50), "engine 'states' keeps 2^n amplitudes"),
        (lambda: q.FidelityKernel(zz("all", 2), engine="product").init(3), "needs a map of gates on single qubits"),
        (lambda: q.View(q.RBF(), 2, 2), "stop = 2; allowed: more than start = 2"),
        (lambda: q.View(q.RBF(), 0, 4).init(3), "stop = 4; allowed: at most 3"),
        (lambda: q.KernelSum(()), "allowed: at least one kernel"),
        (lambda: q.KernelSum((q.RBF(),), (-1.0,)), "allowed: None, or 1 numbers of 0 or more"),
        (lambda: q.RBF(-1.0), "gamma = -1.0; allowed: None or a positive number"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(InputError, match=message.replace("(", r"\(").replace("^", r"\^")):
        make()
