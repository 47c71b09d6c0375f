"""Ground states of the cluster-Ising chain against dense matrices and what is known exactly."""

from functools import reduce

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.linalg import eigsh

from qconv.data.cluster_ising import BOUNDARY, ClusterIsing, ground_state
from qconv.errors import InputError
from tests import oracle


def hamiltonian(num_qubits: int, h1: float, h2: float) -> np.ndarray:
    def string(letters: str, at: int) -> np.ndarray:
        full = "I" * at + letters + "I" * (num_qubits - at - len(letters))
        return reduce(np.kron, [oracle.OPERATORS[letter] for letter in full])

    matrix = np.zeros((2**num_qubits, 2**num_qubits))
    for factor, letters in ((-1.0, "ZXZ"), (-h1, "X"), (-h2, "XX")):
        for at in range(num_qubits - len(letters) + 1):
            matrix += factor * string(letters, at)
    return matrix


@pytest.mark.parametrize(("num_qubits", "h1", "h2"), [(5, 0.7, 0.4), (6, 1.3, -0.9), (6, 0.3, -1.5)])
def test_states_are_those_of_dense_matrices(num_qubits, h1, h2):
    matrix = hamiltonian(num_qubits, h1, h2)
    energy, state = ground_state(num_qubits, h1, h2)
    assert abs(energy - np.linalg.eigvalsh(matrix)[0]) < 1e-3  # what counts as a tie
    assert abs(np.linalg.norm(state) - 1) < 1e-12
    np.testing.assert_allclose(matrix @ state, energy * state, atol=1e-9)


def test_without_fields_it_is_the_cluster_state():
    energy, state = ground_state(7, 0.0, 0.0)
    assert abs(energy + 5) < 1e-12
    for even in (0, 1):
        flip = reduce(np.kron, [oracle.X if site % 2 == even else oracle.ID for site in range(7)])
        np.testing.assert_allclose(flip @ state, state, atol=1e-12)


def test_the_boundary_meets_what_is_exact():
    """At h1 = 0 it is symmetric about h2 = 0, at J; without h2 it is at h1 = J."""
    h1, lower, upper = BOUNDARY.T
    assert (h1[0], lower[0], upper[0]) == (0, -1, 1)
    assert abs(np.interp(1.0, h1, upper)) < 0.002
    assert (np.diff(upper) < 0).all() and (np.diff(lower[2:]) < 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("row", [1, 4, 7, 10])
def test_the_boundary_is_about_where_the_energy_of_a_ring_bends_most(row):
    """Of 12 spins, term by term. Beyond h1 = J so few put the upper one too high: without h2 at h1 = 1.06 J."""
    count = 12
    states = np.arange(2**count)

    def term(letters: str, at: int) -> csr_array:
        places = [1 << (at + offset) % count for offset in range(len(letters))]
        flipped = states ^ sum(place for place, letter in zip(places, letters, strict=True) if letter == "X")
        signs = [np.where(states & p, -1.0, 1.0) for p, letter in zip(places, letters, strict=True) if letter == "Z"]
        return csr_array((np.prod([np.ones(len(states)), *signs], axis=0), (flipped, states)))

    cluster, x, xx = (sum(term(letters, at) for at in range(count)) for letters in ("ZXZ", "X", "XX"))
    h1, *borders = BOUNDARY[row]
    for border, atol in zip(borders, (0.03, 0.01 if h1 < 1 else 0.08), strict=True):
        h2 = np.round(border / 0.05) * 0.05 + 0.05 * np.arange(-4, 6)
        energies = [eigsh(-cluster - h1 * x - field * xx, k=1, which="SA")[0][0] for field in h2]
        bend = -np.diff(energies, 2)
        top = bend.argmax()
        assert 0 < top < len(bend) - 1
        left, middle, right = bend[top - 1 : top + 2]
        vertex = h2[top + 1] + 0.05 * (left - right) / (2 * (left - 2 * middle + right))
        assert abs(vertex - border) < atol


def test_splits():
    data = ClusterIsing(num_qubits=5, num_train=4, columns=3, rows=5)
    train, test = data.load("train"), data.load("test")
    images, labels = train[np.arange(4)]
    assert images.shape == (4, 1, 32, 1) and len(test) == 15
    np.testing.assert_array_equal(labels, [1, 1, 0, 0])  # h1 = 0, 2/3, 4/3, 2
    np.testing.assert_allclose((images**2).sum((1, 2, 3)), 1, atol=1e-6)
    assert images.min() < 0
    # Columns h1 = 0, 0.8, 1.6; rows h2 = -1.6, -0.8, 0, 0.8, 1.6.
    np.testing.assert_array_equal(
        test[np.arange(15)].targets.reshape(5, 3), [[0, 0, 0], [1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]
    )
    plane = data.plane("test")
    np.testing.assert_array_equal(plane.points, data.fields("test"))
    for bad in (4, 16):
        with pytest.raises(InputError, match=f"num_qubits = {bad}; allowed: 5 to 15"):
            ClusterIsing(num_qubits=bad)
