"""The circuits of Sim et al. against gate lists written down from their figure 2, through the dense oracle."""

import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.sim import SimCircuit
from qconv.errors import InputError
from qconv.gates.tape import Tape
from qconv.testing import check_ansatz
from tests.oracle import assert_close
from tests.variants import gate_list, published_unitary, recorded_unitary

RX_RZ = "rx0 rx1 rx2 rx3 rz0 rz1 rz2 rz3"
RY_RZ = "ry0 ry1 ry2 ry3 rz0 rz1 rz2 rz3"
RY = "ry0 ry1 ry2 ry3"
PUBLISHED = {
    1: RX_RZ,
    2: f"{RX_RZ} cnot32 cnot21 cnot10",
    3: f"{RX_RZ} crz32 crz21 crz10",
    4: f"{RX_RZ} crx32 crx21 crx10",
    5: f"{RX_RZ} crz32 crz31 crz30 crz23 crz21 crz20 crz13 crz12 crz10 crz03 crz02 crz01 {RX_RZ}",
    6: f"{RX_RZ} crx32 crx31 crx30 crx23 crx21 crx20 crx13 crx12 crx10 crx03 crx02 crx01 {RX_RZ}",
    7: f"{RX_RZ} crz10 crz32 {RX_RZ} crz21",
    8: f"{RX_RZ} crx10 crx32 {RX_RZ} crx21",
    9: "h0 h1 h2 h3 cz32 cz21 cz10 rx0 rx1 rx2 rx3",
    10: f"cz32 cz21 cz10 cz30 {RY}",
    11: f"{RY_RZ} cnot10 cnot32 ry1 ry2 rz1 rz2 cnot21",
    12: f"{RY_RZ} cz10 cz32 ry1 ry2 rz1 rz2 cz21",
    13: f"{RY} crz30 crz23 crz12 crz01 {RY} crz32 crz03 crz10 crz21",
    14: f"{RY} crx30 crx23 crx12 crx01 {RY} crx32 crx03 crx10 crx21",
    15: f"{RY} cnot30 cnot23 cnot12 cnot01 {RY} cnot32 cnot03 cnot10 cnot21",
    16: f"{RX_RZ} crz10 crz32 crz21",
    17: f"{RX_RZ} crx10 crx32 crx21",
    18: f"{RX_RZ} crz30 crz23 crz12 crz01",
    19: f"{RX_RZ} crx30 crx23 crx12 crx01",
}
"""One layer on the four qubits of the figure."""

COUNTS = {
    **dict.fromkeys((1, 2, 15), lambda n: 2 * n),
    **dict.fromkeys((3, 4, 16, 17), lambda n: 3 * n - 1),
    **dict.fromkeys((5, 6), lambda n: n**2 + 3 * n),
    **dict.fromkeys((7, 8), lambda n: 5 * n - 1),
    **dict.fromkeys((9, 10), lambda n: n),
    **dict.fromkeys((11, 12), lambda n: 4 * n - 4),
    **dict.fromkeys((13, 14), lambda n: 4 * n),
    **dict.fromkeys((18, 19), lambda n: 3 * n),
}
"""Parameters of a layer, from the paper's table; circuit 10 has n more before its layers."""


@pytest.mark.parametrize("circuit_id", range(1, 20))
def test_two_layers_are_the_published_ones(x64, circuit_id):
    first = f"{RY} " if circuit_id == 10 else ""
    ansatz, tape = SimCircuit(circuit_id, 2), Tape(4, np.float64)
    theta = np.random.default_rng(circuit_id).uniform(-np.pi, np.pi, ansatz.param_shape(4))
    ansatz(tape, jnp.asarray(theta))
    expected = published_unitary(f"{first}{PUBLISHED[circuit_id]} {PUBLISHED[circuit_id]}", theta, 4)
    assert_close(recorded_unitary(tape), expected, atol=1e-13)


@pytest.mark.parametrize("circuit_id", range(1, 20))
def test_parameter_counts_are_the_published_ones(circuit_id):
    for num_qubits in (2, 3, 4, 5, 8):
        count, first = COUNTS[circuit_id](num_qubits), num_qubits if circuit_id == 10 else 0
        assert [SimCircuit(circuit_id, depth).param_shape(num_qubits) for depth in (0, 1, 3)] == [
            (first,),
            (first + count,),
            (first + 3 * count,),
        ]


@pytest.mark.parametrize(
    ("circuit_id", "num_qubits", "gates"),
    [
        (2, 3, "rx0 rx1 rx2 rz0 rz1 rz2 cnot21 cnot10"),
        (5, 2, "rx0 rx1 rz0 rz1 crz10 crz01 rx0 rx1 rz0 rz1"),
        (7, 3, "rx0 rx1 rx2 rz0 rz1 rz2 crz10 rx0 rx1 rx2 rz0 rz1 rz2 crz21"),
        (10, 2, "ry0 ry1 cz10 ry0 ry1"),
        (10, 3, "ry0 ry1 ry2 cz21 cz10 cz20 ry0 ry1 ry2"),
        (11, 2, "ry0 ry1 rz0 rz1 cnot10"),
        (12, 5, "ry0 ry1 ry2 ry3 ry4 rz0 rz1 rz2 rz3 rz4 cz10 cz32 ry1 ry2 ry3 rz1 rz2 rz3 cz21 cz43"),
        (14, 3, "ry0 ry1 ry2 crx20 crx12 crx01 ry0 ry1 ry2 crx21 crx02 crx10"),
        (15, 2, "ry0 ry1 cnot10 cnot01 ry0 ry1 cnot10 cnot01"),
        (17, 3, "rx0 rx1 rx2 rz0 rz1 rz2 crx10 crx21"),
        (9, 1, "h0 rx0"),
        (10, 1, "ry0 ry0"),
        (13, 1, "ry0 ry0"),
        (19, 1, "rx0 rz0"),
    ],
)
def test_other_registers_than_the_papers(circuit_id, num_qubits, gates):
    circuit = gate_list(SimCircuit(circuit_id), num_qubits)
    assert " ".join(name + "".join(map(str, qubits)) for name, qubits in circuit.gates) == gates
    assert circuit.angles == list(range(len(circuit.angles)))


@pytest.mark.slow
@pytest.mark.parametrize("circuit_id", [number for number in range(1, 20) if number != SimCircuit().circuit_id])
def test_every_other_circuit_keeps_the_contract(circuit_id):
    check_ansatz(SimCircuit(circuit_id))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SimCircuit(0), "circuit_id = 0; allowed: 1 to 19"),
        (lambda: SimCircuit(20), "circuit_id = 20; allowed: 1 to 19"),
        (lambda: SimCircuit(depth=-1), "depth = -1; allowed: 0 or more"),
    ],
)
def test_what_is_not_allowed_is_said(make, message):
    with pytest.raises(InputError, match=message):
        make()
