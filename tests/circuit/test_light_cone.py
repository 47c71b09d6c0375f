"""What no observable can see is left out, and changes nothing."""

import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hur_convolution import HurConvolution
from qconv.ansatz.identity import Identity
from qconv.ansatz.qcnn import QCNN
from qconv.circuit.circuit import Circuit
from qconv.encoding.angle import Angle
from qconv.gates.tape import Tape
from qconv.lowering.ansatz import example_gates
from qconv.lowering.order import seen
from qconv.readout.pauli import PauliStrings, PauliZ
from qconv.simulate.expectations import expectations
from tests.oracle import Dense, assert_close


def test_gates_are_seen_through_later_ones():
    tape = Tape(4)
    tape.h(3)  # 0: seen through the CNOT of 2
    tape.cnot(0, 1)  # 1: seen: its qubit 1 is measured
    tape.cnot(3, 1)  # 2
    tape.h(3)  # 3: after the last gate that joins 3 to 1
    tape.cnot(2, 3)  # 4
    tape.x(1)  # 5
    names = [tape.gates.index(gate) for gate in seen(tape.gates, ["IZII", "IXII"])]
    assert names == [0, 1, 2, 5]
    assert seen(tape.gates, ["IIII"]) == []
    assert len(seen(tape.gates, ["ZIIZ"])) == 5  # all but the X on qubit 1


@pytest.mark.parametrize("engine", ["unitary", "fused"])
def test_a_chain_without_pooling_sheds_gates_and_keeps_its_value(x64, engine):
    pattern = (((0, 1), (2, 3), (1, 2), (3, 4)), ((1, 2), (2, 3)), ((2, 3),))
    ansatz = QCNN(HurConvolution(1), Identity(), pattern, "inner")
    circuit = Circuit(Angle(), ansatz, PauliZ())
    gates = example_gates(circuit, 5)
    assert ansatz.kept(5) == (3,) and circuit.observables(5) == ("IIIZI",)
    assert len(seen(gates, circuit.observables(5))) == len(gates)
    shallow = Circuit(Angle(), QCNN(HurConvolution(1), Identity(), pattern[:1], "inner", depth=1), PauliZ())
    rng = np.random.default_rng(0)
    theta, patch = rng.uniform(-np.pi, np.pi, 6), rng.uniform(0, 1, 5)
    for tested in (circuit, shallow):
        own = theta[: tested.param_shape(5)[0]]
        register = Dense(5)
        for qubit, x in enumerate(patch):
            register.ry(qubit, theta=np.pi * x)
        tested.ansatz(register, jnp.asarray(own))
        expected = [register.expectation(observable) for observable in tested.observables(5)]
        found = expectations(tested, jnp.asarray(own), jnp.asarray(patch)[None], engine)[0]
        assert_close(found, expected, atol=1e-13)


def test_a_block_beside_the_measured_qubit_is_left_out():
    """<Z> of a CNOT's target is the product of what both qubits had."""
    circuit = Circuit(
        Angle(), QCNN(HurConvolution(1), Identity(), (((0, 1), (2, 3)),), "inner", depth=1), PauliStrings(("Z",))
    )
    assert circuit.observables(4) == ("IZII",)
    gates = example_gates(circuit, 4)
    assert [gate.qubits for gate in seen(gates, circuit.observables(4))] == [(0, 1)]
    patch, theta = np.array([0.1, 0.2, 0.7, 0.9]), np.array([0.5, -0.4])
    found = expectations(circuit, jnp.asarray(theta), jnp.asarray(patch)[None], "fused")
    assert_close(found[0, 0], np.prod(np.cos(np.pi * patch[:2] + theta)), atol=1e-6)
