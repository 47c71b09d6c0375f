"""Trees of Grant et al. and the network of Cong et al.: their wiring, and their gates by the dense oracle."""

from functools import reduce
from itertools import product

import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.base import Ansatz
from qconv.ansatz.cong import CongQCNN, special_unitary
from qconv.ansatz.hur_convolution import HurConvolution
from qconv.ansatz.mera import MERA
from qconv.ansatz.ttn import TTN, tree
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
    """exp(-i sum theta P) by the spectrum."""
    paulis = [reduce(np.kron, p) for p in product((oracle.ID, oracle.X, oracle.Y, oracle.Z), repeat=num_qubits)][1:]
    return oracle.evolution(np.tensordot(theta, paulis, 1), 1)


def test_general_unitaries(x64):
    theta = np.random.default_rng(1).uniform(-0.5, 0.5, 63)
    assert_close(special_unitary(jnp.asarray(theta), 3), general(theta, 3), atol=1e-12)


def test_the_network_of_cong_choi_and_lukin(x64):
    ansatz = CongQCNN()
    theta, found, expected = drawn(ansatz, 8)
    theta /= 10
    assert ansatz.layers(8) == [tuple(range(8)), (1, 4, 7)] and ansatz.kept(8) == (4,)
    assert len(theta) == 3 * 63 + 2 * 6 + 63 and CongQCNN().param_shape(9) == (264,)
    ansatz(found, jnp.asarray(theta))
    for index, groups in enumerate([[(0, 1, 2), (3, 4, 5)], [(1, 2, 3), (4, 5, 6)], [(2, 3, 4), (5, 6, 7)]]):
        for group in groups:
            expected.unitary(*group, unitary=general(theta[63 * index : 63 * (index + 1)], 3))
    left, right = theta[189:195], theta[195:201]
    for angles, pairs in ((left, [(0, 1), (3, 4), (6, 7)]), (right, [(2, 1), (5, 4)])):
        for source, sink in pairs:
            for phi, turn in enumerate((angles[:3], angles[3:])):
                expected.cu(source, sink, theta=turn[0], phi=turn[1], lbd=turn[2])
                if phi == 0:
                    expected.x(source)
    expected.unitary(1, 4, 7, unitary=general(theta[201:], 3))
    assert_close(found.state, expected.state, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("ansatz", [TTN(), TTN(HurConvolution(9)), MERA(), CongQCNN()], ids=str)
def test_every_network_keeps_the_contract(quick_compilation, ansatz):
    check_ansatz(ansatz)


def test_what_is_not_allowed_is_said():
    with pytest.raises(InputError, match="a tree joins pairs of qubits, but there are 1; allowed: at least 2"):
        TTN().param_shape(1)
    with pytest.raises(InputError, match="depth = 0; allowed: 1 or more layers"):
        CongQCNN(0)
    with pytest.raises(InputError, match="depth = 3 leaves 1 qubits of 9; allowed: 3 a layer"):
        CongQCNN(3).param_shape(9)
    with pytest.raises(InputError, match="6 qubits of 18 are left; allowed: 5 at most"):
        CongQCNN().param_shape(18)
