"""Trees of Grant et al. and the network of Cong et al.: their wiring, and their gates by the dense oracle."""

import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.base import Ansatz
from qconv.ansatz.cong import CongQCNN, special_unitary
from qconv.ansatz.hur_convolution import HurConvolution
from qconv.ansatz.ttn import MERA, TTN, tree
from qconv.errors import InputError
from qconv.testing import check_ansatz
from tests import oracle
from tests.oracle import Dense, assert_close

LEAVES = [(0, 1), (2, 3), (4, 5), (6, 7)]
TREE = [*LEAVES, (1, 2), (5, 6), (2, 5)]


def drawn(ansatz: Ansatz, num_qubits: int) -> tuple[np.ndarray, Dense, Dense]:
    """Angles, and two registers in the same state without symmetry."""
    rng = np.random.default_rng(0)
    start = rng.normal(size=2**num_qubits) + 1j * rng.normal(size=2**num_qubits)
    registers = Dense(num_qubits), Dense(num_qubits)
    for register in registers:
        register.replace_inputs(start / np.linalg.norm(start))
    return rng.uniform(-np.pi, np.pi, ansatz.param_shape(num_qubits)), *registers


@pytest.mark.parametrize(
    ("ansatz", "pairs"),
    [(TTN(), TREE), (MERA(), [(1, 2), (3, 4), (5, 6), *LEAVES, (2, 5), (1, 2), (5, 6), (2, 5)])],
    ids=["ttn", "mera"],
)
def test_trees_of_rotations_and_cnots(x64, ansatz, pairs):
    theta, found, expected = drawn(ansatz, 8)
    assert theta.shape == (len(pairs), 2) and ansatz.kept(8) == (5,)
    ansatz(found, jnp.asarray(theta))
    for (a, b), (first, second) in zip(pairs, theta, strict=True):
        expected.ry(a, theta=first)
        expected.ry(b, theta=second)
        expected.cnot(a, b)
    assert_close(found.state, expected.state, atol=1e-13)


@pytest.mark.parametrize("num_qubits", range(2, 15))
def test_a_tree_gives_up_one_qubit_of_each_pair(num_qubits):
    pairs = [pair for layer in tree(num_qubits) for pair in layer]
    assert len(pairs) == num_qubits - 1
    assert {qubit for pair in pairs for qubit in pair} == set(range(num_qubits))
    assert all(a < b for a, b in pairs)
    assert TTN().kept(num_qubits) == MERA().kept(num_qubits) == (pairs[-1][1],)


def general(theta: np.ndarray, num_qubits: int) -> np.ndarray:
    """exp(-i sum theta L) by the spectrum; L from |j><k| and |k><j| for j < k, row by row, then from |j><j|."""
    size = 2**num_qubits
    ket = np.eye(size, dtype=complex)
    flips = [np.outer(ket[j], ket[k]) for j in range(size) for k in range(j + 1, size)]
    symmetric = [flip + flip.T for flip in flips]
    antisymmetric = [-1j * (flip - flip.T) for flip in flips]
    diagonal = [
        np.sqrt(2 / (n * (n + 1))) * (sum(np.outer(ket[j], ket[j]) for j in range(n)) - n * np.outer(ket[n], ket[n]))
        for n in range(1, size)
    ]
    return oracle.evolution(np.tensordot(theta, symmetric + antisymmetric + diagonal, 1), 1)


def test_general_unitaries(x64):
    theta = np.random.default_rng(1).uniform(-0.5, 0.5, 63)
    assert_close(special_unitary(jnp.asarray(theta), 3), general(theta, 3), atol=1e-12)
    x, y, z = theta[:3]
    of_one_qubit = oracle.evolution(x * oracle.X + y * oracle.Y + z * oracle.Z, 1)
    assert_close(special_unitary(jnp.asarray(theta[:3]), 1), of_one_qubit, atol=1e-12)


@pytest.mark.parametrize(
    ("num_qubits", "fours", "last"),
    [
        (8, [(0, 1, 2, 3), (2, 3, 4, 5)], (1, 4, 7)),
        (9, [(0, 1, 2, 3), (2, 3, 4, 5), (5, 6, 7, 8)], (1, 4, 7)),
    ],
)
def test_the_network_of_cong_choi_and_lukin(x64, num_qubits, fours, last):
    ansatz = CongQCNN()
    theta, found, expected = drawn(ansatz, num_qubits)
    theta /= 10
    assert ansatz.layers(num_qubits) == [tuple(range(num_qubits)), last] and ansatz.kept(num_qubits) == (4,)
    assert len(theta) == 15 + 3 * 63 + 2 * 3 + 63 and CongQCNN().param_shape(15) == (1233,)
    ansatz(found, jnp.asarray(theta))
    for a, b, c, d in fours:
        for pair in ((c, d), (a, b), (a, d), (a, c), (b, d), (b, c)):
            expected.unitary(*pair, unitary=general(theta[:15], 2))
    for start in range(3):
        own = theta[15 + 63 * start : 15 + 63 * (start + 1)]
        for first in range(start, num_qubits - 2, 3):
            expected.unitary(first, first + 1, first + 2, unitary=general(own, 3))
    for offset, own in ((-1, theta[204:207]), (1, theta[207:210])):
        for middle in last:
            if (source := middle + offset) < num_qubits:
                expected.h(source)
                expected.unitary(source, middle, unitary=oracle.controlled(general)(theta=own, num_qubits=1))
    expected.unitary(*last, unitary=general(theta[210:], 3))
    assert_close(found.state, expected.state, atol=1e-12)


@pytest.mark.slow
def test_a_tree_of_other_blocks_keeps_the_contract():
    check_ansatz(TTN(HurConvolution(9)))


def test_what_is_not_allowed_is_said():
    with pytest.raises(InputError, match="a tree joins pairs of qubits, but there are 1; allowed: at least 2"):
        TTN().param_shape(1)
    with pytest.raises(InputError, match="depth = 0; allowed: 1 or more layers"):
        CongQCNN(0)
    with pytest.raises(InputError, match="depth = 3 leaves 1 qubits of 9; allowed: 3 a layer"):
        CongQCNN(3).param_shape(9)
    with pytest.raises(InputError, match="6 qubits of 18 are left; allowed: 5 at most"):
        CongQCNN().param_shape(18)
