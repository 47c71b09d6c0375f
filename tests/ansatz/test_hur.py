"""The convolution and pooling circuits of QCNNs, against their published gate lists and what they do to a state."""

import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hur_convolution import (
    HurConvolution,
    convolution_block,
    convolution_pairs,
    num_convolution_params,
)
from qconv.ansatz.hur_pooling import HurPooling, Pooling, num_pooling_params, pooling_block
from qconv.errors import InputError
from qconv.gates.tape import Tape
from qconv.testing import check_ansatz
from tests import oracle
from tests.oracle import assert_close
from tests.variants import gate_list, published_unitary, recorded_unitary

PUBLISHED = {
    1: "ry0 ry1 cnot01",
    2: "h0 h1 cz01 rx0 rx1",
    3: "ry0 ry1 cnot10 ry0 ry1 cnot01",
    4: "ry0 ry1 crz10 ry0 ry1 crz01",
    5: "ry0 ry1 crx10 ry0 ry1 crx01",
    6: "ry0 ry1 cnot01 ry0 ry1 cnot01 ry0 ry1",
    7: "rx0 rx1 rz0 rz1 crz10 crz01 rx0 rx1 rz0 rz1",
    8: "rx0 rx1 rz0 rz1 crx10 crx01 rx0 rx1 rz0 rz1",
    9: "u0 u1 cnot01 ry0 rz1 cnot10 ry0 cnot01 u0 u1",
}
COUNTS = {1: 2, 2: 2, 3: 4, 4: 6, 5: 6, 6: 6, 7: 10, 8: 10, 9: 15}


def block_unitary(circuit_id: int, theta: np.ndarray) -> np.ndarray:
    tape = Tape(2, np.float64)
    convolution_block(tape, circuit_id, 0, 1, jnp.asarray(theta))
    return recorded_unitary(tape)


def drawn_angles(count: int) -> np.ndarray:
    return np.random.default_rng(count).uniform(-np.pi, np.pi, count)


@pytest.mark.parametrize("circuit_id", PUBLISHED)
def test_blocks_are_the_published_ones(x64, circuit_id):
    theta = drawn_angles(COUNTS[circuit_id])
    assert num_convolution_params(circuit_id) == len(theta)
    expected = published_unitary(PUBLISHED[circuit_id], theta, 2)
    assert_close(block_unitary(circuit_id, theta), expected, atol=1e-14)
    # On other qubits, in the other order.
    tape = Tape(3, np.float64)
    convolution_block(tape, circuit_id, 2, 0, jnp.asarray(theta))
    assert_close(recorded_unitary(tape), oracle.embed(expected, (2, 0), 3), atol=1e-14)


@pytest.mark.parametrize(("circuit_id", "dimension"), [(6, 6), (9, 15)])
def test_the_general_blocks_reach_the_whole_group(x64, circuit_id, dimension):
    """SO(4) and SU(4): as many independent directions as the group has."""
    theta, step = drawn_angles(dimension), 1e-6
    moved = [
        (block_unitary(circuit_id, theta + e), block_unitary(circuit_id, theta - e)) for e in step * np.eye(dimension)
    ]
    columns = np.stack([np.ravel(after - before) / (2 * step) for after, before in moved])
    assert np.linalg.matrix_rank(np.hstack([columns.real, columns.imag]), tol=1e-4) == dimension
    if circuit_id == 6:
        assert_close(block_unitary(circuit_id, theta).imag, 0, atol=1e-15)


def test_pairs_are_the_published_ones():
    paper = [(0, 7), (0, 1), (2, 3), (4, 5), (6, 7), (1, 2), (3, 4), (5, 6)]
    assert convolution_pairs("ring", 8) == paper
    assert convolution_pairs("chain", 8) == paper[1:]
    assert convolution_pairs("ring", 4) == [(0, 3), (0, 1), (2, 3), (1, 2)]  # qubits 0, 2, 4, 6 of the second layer
    assert convolution_pairs("ring", 2) == convolution_pairs("chain", 2) == [(0, 1)]
    assert convolution_pairs("ring", 5) == [(0, 4), (0, 1), (2, 3), (1, 2), (3, 4)]


@pytest.mark.parametrize("circuit_id", COUNTS)
def test_parameter_counts(circuit_id):
    count = COUNTS[circuit_id]
    assert HurConvolution(circuit_id, 3).param_shape(8) == (3, count)
    assert HurConvolution(circuit_id, 3, shared=False).param_shape(8) == (3, 8, count)
    assert HurConvolution(circuit_id, 1, "chain", shared=False).param_shape(8) == (1, 7, count)
    assert HurConvolution(circuit_id, 1, shared=False).param_shape(2) == (1, 1, count)


def test_layers_share_angles_or_not():
    gates = [("ry", (0,)), ("ry", (1,)), ("cnot", (0, 1)), ("ry", (1,)), ("ry", (2,)), ("cnot", (1, 2))]
    shared, own = (gate_list(HurConvolution(1, 2, "chain", shared), 3) for shared in (True, False))
    assert shared.gates == own.gates == 2 * gates
    assert shared.angles == [0, 1, 0, 1, 2, 3, 2, 3]
    assert own.angles == list(range(8))


@pytest.mark.parametrize("kind", ["zx", "general"])
def test_pooling_acts_by_what_the_source_is(x64, kind: Pooling):
    """The sink's state is the mixture of what it becomes after the source was found to be 1, and to be 0."""
    theta = drawn_angles(num_pooling_params(kind))
    tape = Tape(2, np.float64)
    pooling_block(tape, kind, 1, 0, jnp.asarray(theta))
    rng = np.random.default_rng(0)
    state = rng.normal(size=4) + 1j * rng.normal(size=4)
    if_one, if_zero = (
        (oracle.GATES["rz"](theta[0]), oracle.GATES["rx"](theta[1]))
        if kind == "zx"
        else (oracle.u(*theta[:3]), oracle.u(*theta[3:]))
    )
    amplitudes = state.reshape(2, 2)  # sink, source
    branches = np.stack([if_zero @ amplitudes[:, 0], if_one @ amplitudes[:, 1]], axis=1)
    found = (recorded_unitary(tape) @ state).reshape(2, 2)
    assert_close(found @ found.conj().T, branches @ branches.conj().T, atol=1e-13)
    assert_close(found, branches[:, ::-1], atol=1e-13)  # the source is left flipped


def test_pooling_pairs():
    pooled = gate_list(HurPooling(), 5)
    first, second = [("crz", (1, 0)), ("x", (1,)), ("crx", (1, 0))], [("crz", (3, 2)), ("x", (3,)), ("crx", (3, 2))]
    assert pooled.gates == first + second
    assert pooled.angles == [0, 1, 0, 1]
    own = gate_list(HurPooling("general", ((0, 3), (1, 2)), shared=False), 4)
    assert own.gates == [("cu", (0, 3)), ("x", (0,)), ("cu", (0, 3)), ("cu", (1, 2)), ("x", (1,)), ("cu", (1, 2))]
    assert own.angles == list(range(12))
    assert HurPooling("general").param_shape(4) == (6,)
    assert HurPooling(shared=False).param_shape(7) == (3, 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    "ansatz",
    [
        *(HurConvolution(number) for number in COUNTS if number != HurConvolution().circuit_id),
        HurConvolution(4, 2, "chain", shared=False),
        HurPooling("general"),
        HurPooling("general", ((0, 3), (1, 2)), shared=False),
    ],
    ids=str,
)
def test_every_other_circuit_keeps_the_contract(ansatz):
    check_ansatz(ansatz)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: HurConvolution(0), "circuit_id = 0; allowed: 1 to 9"),
        (lambda: HurConvolution(10), "circuit_id = 10; allowed: 1 to 9"),
        (lambda: HurConvolution(depth=-1), "depth = -1; allowed: 0 or more"),
        (lambda: HurConvolution().param_shape(1), "HurConvolution .* there are 1; allowed: at least 2"),
        (lambda: HurPooling(pairs=()), r"pairs = \(\); allowed: one or more pairs of different qubits, or None"),
        (lambda: HurPooling(pairs=((1, 1),)), r"pairs = \(\(1, 1\),\); allowed"),
        (lambda: HurPooling(pairs=((0, 4),)).param_shape(4), "qubit 4 is pooled; allowed: 0 .. 3"),
        (lambda: HurPooling().param_shape(1), "HurPooling .* there are 1; allowed: at least 2"),
    ],
)
def test_what_is_not_allowed_is_said(make, message):
    with pytest.raises(InputError, match=message):
        make()
