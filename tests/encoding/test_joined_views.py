"""Views on one register: without coupling the product of their kernels, with it the dense state written by hand."""

import numpy as np
import pytest

import qconv
from qconv.encoding.iqp import IQP
from qconv.encoding.joined_views import JoinedViews
from qconv.errors import InputError
from qconv.kernels.combined import KernelProduct, View
from qconv.kernels.fidelity import FidelityKernel
from qconv.testing import check_encoding
from tests.oracle import assert_close

POINTS = np.random.default_rng(0).normal(scale=0.5, size=(5, 6))


def kernel(encoding: qconv.Encoding) -> FidelityKernel:
    return FidelityKernel(qconv.Circuit(encoding, qconv.Identity()), bandwidth=1.0)


def states(points: np.ndarray, views: int, coupling: float, repetitions: int) -> np.ndarray:
    """All gates but H are phases of basis states."""
    size = points.shape[1]
    bits = np.array([[number >> (size - 1 - q) & 1 for q in range(size)] for number in range(2**size)])
    signs, walsh = 1 - 2 * bits, np.array([[1]])
    for _ in range(size):
        walsh = np.kron(walsh, [[1, 1], [1, -1]])
    found = []
    for z in points:
        angle = signs @ z
        for one in range(size):
            for two in range(one + 1, size):
                alike, place = one * views // size == two * views // size, size // views
                factor = 1.0 if alike else coupling * (one % place == two % place)
                angle = angle + factor * z[one] * z[two] * signs[:, one] * signs[:, two]
        state = np.eye(2**size)[0]
        for _ in range(repetitions):
            state = np.exp(-0.5j * angle) * (walsh @ state) / np.sqrt(2.0**size)
        found.append(state)
    return np.array(found)


@pytest.mark.parametrize(("views", "coupling", "repetitions"), [(2, 0.7, 2), (3, 1.0, 1), (1, 1.0, 2), (6, -0.4, 2)])
def test_the_kernel_is_that_of_the_states_by_hand(views: int, coupling: float, repetitions: int) -> None:
    by_hand = states(POINTS, views, coupling, repetitions)
    found = qconv.gram(kernel(JoinedViews(views, coupling, repetitions, scale=1.0)), POINTS)
    assert_close(found, np.abs(by_hand @ by_hand.conj().T) ** 2, 2e-6)


@pytest.mark.parametrize("views", [2, 3])
def test_without_coupling_it_is_the_product_of_the_views(views: int) -> None:
    size = 6 // views
    alone = kernel(IQP(2, "all", "product", scale=1.0))
    product = KernelProduct(tuple(View(alone, k * size, (k + 1) * size) for k in range(views)))
    joined = kernel(JoinedViews(views, 0.0, scale=1.0))
    assert_close(qconv.gram(joined, POINTS), qconv.gram(product, POINTS), 2e-6)
    coupled = kernel(JoinedViews(views, 1.0, scale=1.0))
    assert np.abs(qconv.gram(coupled, POINTS) - qconv.gram(product, POINTS)).max() > 0.01


def test_it_keeps_the_contract_of_encodings() -> None:
    check_encoding(JoinedViews())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"views": 0}, r"^views = 0; allowed: at least 1$"),
        ({"repetitions": 0}, r"^repetitions = 0; allowed: at least 1$"),
        ({"coupling": float("nan")}, r"^coupling = nan; allowed: any finite number$"),
        ({"scale": float("inf")}, r"^scale = inf; allowed: any finite number of radians$"),
    ],
)
def test_fields_that_do_not_fit_are_refused(options: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        JoinedViews(**options)  # ty: ignore[invalid-argument-type]


def test_views_of_unlike_sizes_are_refused() -> None:
    with pytest.raises(InputError, match=r"^views = 2 of 5 numbers; allowed: as many numbers for each view"):
        kernel(JoinedViews()).init(5)
