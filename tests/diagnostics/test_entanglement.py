"""Meyer-Wallach: states in closed form, and the reduced states of a dense oracle."""

import jax.numpy as jnp
import numpy as np
import pytest

from qconv.diagnostics.entanglement import haar_meyer_wallach, meyer_wallach
from tests.diagnostics.test_expressibility import haar_states
from tests.oracle import assert_close


def basis(*places: int, size: int) -> np.ndarray:
    state = np.zeros(size, np.float32)
    state[list(places)] = 1 / np.sqrt(len(places))
    return state


def test_products_have_none() -> None:
    rng = np.random.default_rng(0)
    a, b, c = rng.normal(size=(3, 2)) + 1j * rng.normal(size=(3, 2))
    product = np.kron(np.kron(a / np.linalg.norm(a), b / np.linalg.norm(b)), c / np.linalg.norm(c))
    assert_close(meyer_wallach(jnp.asarray(product, np.complex64)[None]), [0], atol=1e-6)


@pytest.mark.parametrize("num_qubits", [2, 3, 4, 5])
def test_ghz_and_w(num_qubits: int) -> None:
    """Q of a W state of n qubits is 4 (n - 1) / n^2."""
    size = 2**num_qubits
    ghz, w = basis(0, size - 1, size=size), basis(*(2**q for q in range(num_qubits)), size=size)
    found = meyer_wallach(jnp.asarray(np.stack([ghz, w])))
    assert_close(found, [1, 4 * (num_qubits - 1) / num_qubits**2], atol=1e-6)


def test_reduced_states_and_the_mean_of_haar_random_ones() -> None:
    states = haar_states(4000, 3, 2)
    found = np.asarray(meyer_wallach(jnp.asarray(states)))
    for state, q in zip(states[:5], found, strict=False):
        tensor = state.reshape(2, 2, 2)
        purities = []
        for qubit in range(3):
            half = np.moveaxis(tensor, qubit, 0).reshape(2, 4)
            reduced = half @ half.conj().T
            purities.append(np.trace(reduced @ reduced).real)
        assert_close(q, 2 * (1 - np.mean(purities)), atol=1e-6)
    assert_close(found.mean(), haar_meyer_wallach(3), atol=4 * found.std() / np.sqrt(4000))
    assert haar_meyer_wallach(3) == 6 / 9
