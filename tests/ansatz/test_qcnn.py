"""QCNNs against their published wiring, the dense oracle, and the partial trace that pooling stands for."""

from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.base import Ansatz
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.hur_convolution import HurConvolution
from qconv.ansatz.hur_pooling import HurPooling
from qconv.ansatz.identity import Identity
from qconv.ansatz.qcnn import QCNN
from qconv.ansatz.ttn import TTN
from qconv.circuit.circuit import Circuit, example_ansatz, num_gates
from qconv.encoding.amplitude import Amplitude
from qconv.encoding.angle import Angle
from qconv.errors import InputError
from qconv.gates.tape import Block, Tape
from qconv.gates.wiring import Wires, append_block
from qconv.lowering.ansatz import ansatz_gates, example_gates
from qconv.lowering.fusion import Fused, merged
from qconv.readout.pauli import PauliZ
from qconv.readout.probabilities import Probabilities
from qconv.simulate.expectations import expectations
from qconv.testing import check_ansatz
from tests.oracle import Dense, assert_close
from tests.variants import GateList, published_unitary

CONVOLVED = [
    [(0, 7), (0, 1), (2, 3), (4, 5), (6, 7), (1, 2), (3, 4), (5, 6)],
    [(0, 6), (0, 2), (4, 6), (2, 4)],
    [(0, 4)],
]
POOLED = [[(1, 0), (3, 2), (5, 4), (7, 6)], [(2, 0), (6, 4)], [(0, 4)]]
"""As the code of Hur et al. lists them, (source, sink)."""
CHAIN = (((0, 1), (2, 3), (4, 5), (6, 7), (1, 2), (3, 4), (5, 6)), ((2, 3), (4, 5)), ((3, 4),))
BLOCKS = {
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
ZX = "crz01 x0 crx01"
TOTALS = {1: 12, 2: 12, 3: 18, 4: 24, 5: 24, 6: 24, 7: 36, 8: 36, 9: 51}


def drawn(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-np.pi, np.pi, shape)


def drawn_state(num_qubits: int) -> np.ndarray:
    rng = np.random.default_rng(1)
    state = rng.normal(size=2**num_qubits) + 1j * rng.normal(size=2**num_qubits)
    return state / np.linalg.norm(state)


def published_state(circuit_id: int, theta: np.ndarray, start: np.ndarray) -> np.ndarray:
    """What the network of the paper makes of a state, by the oracle."""
    register = Dense(8)
    register.replace_inputs(start)
    for layer, angles in enumerate(theta.reshape(3, -1)):
        block, pooling = published_unitary(BLOCKS[circuit_id], angles[:-2], 2), published_unitary(ZX, angles[-2:], 2)
        for pairs, matrix in ((CONVOLVED[layer], block), (POOLED[layer], pooling)):
            for pair in pairs:
                register.unitary(*pair, unitary=matrix)
    return register.state


@pytest.mark.parametrize(
    "circuit_id", [pytest.param(number, marks=[] if number == 9 else pytest.mark.slow) for number in BLOCKS]
)
def test_the_network_of_hur_kim_and_park(x64, circuit_id):
    ansatz = QCNN(HurConvolution(circuit_id))
    assert ansatz.param_shape(8) == (TOTALS[circuit_id],)
    theta, start = drawn((TOTALS[circuit_id],)), drawn_state(8)
    found = Dense(8)
    found.replace_inputs(start)
    ansatz(found, jnp.asarray(theta))
    assert_close(found.state, published_state(circuit_id, theta, start), atol=1e-12)


def test_wiring_is_the_published_one():
    layers = QCNN().layers(8)
    assert [list(layer.convolved) for layer in layers] == CONVOLVED
    assert [list(layer.pooled) for layer in layers] == POOLED
    assert [layer.kept for layer in layers] == [(0, 2, 4, 6), (0, 4), (4,)]


def test_the_chain_and_no_pooling():
    chain = QCNN(pooling=Identity(), pattern=CHAIN, keep="inner")
    assert tuple(layer.convolved for layer in chain.layers(8)) == CHAIN
    assert [layer.kept for layer in chain.layers(8)] == [(2, 3, 4, 5), (3, 4), (4,)]
    assert chain.param_shape(8) == QCNN(pooling=Identity()).param_shape(8) == (45,)
    assert QCNN(pooling=Identity()).kept(8) == (4,)
    assert QCNN(pattern="chain").layers(8)[1].convolved == ((0, 2), (4, 6), (2, 4))
    assert QCNN(pattern="brickwork").layers(8)[1].convolved == ((0, 2), (4, 6), (2, 4), (6, 0))
    assert [layer.pooled for layer in QCNN(keep="inner").layers(8)] == [
        ((0, 2), (1, 3), (7, 5), (6, 4)),
        ((2, 3), (5, 4)),
        ((3, 4),),
    ]


@pytest.mark.parametrize("keep", ["even", "inner"])
@pytest.mark.parametrize("num_qubits", range(2, 15))
def test_every_layer_gives_up_half_of_the_qubits(num_qubits: int, keep: Literal["even", "inner"]):
    layers = QCNN(keep=keep).layers(num_qubits)
    for before, after in zip(layers, (*layers[1:], None), strict=True):
        sources, sinks = zip(*before.pooled, strict=True)
        assert len(before.pooled) == len(before.qubits) // 2 and len(before.kept) == -(-len(before.qubits) // 2)
        assert len(set(sources) | set(sinks)) == 2 * len(before.pooled)  # all different: each pools one into another
        assert set(sinks) <= set(before.kept)
        assert after is None or after.qubits == before.kept
        if keep == "inner":  # neighbours on the chain
            assert before.kept == tuple(range(before.kept[0], before.kept[0] + len(before.kept)))
    assert len(layers[-1].kept) == 1 and QCNN(keep=keep).kept(num_qubits) == layers[-1].kept


def test_depth_and_a_dense_layer_at_the_end(x64):
    ansatz = QCNN(HurConvolution(1), depth=1, dense=HardwareEfficient(1, ("ry",), "cz", "chain"))
    assert ansatz.kept(6) == (0, 2, 4) and ansatz.param_shape(6) == (2 + 2 + 3,)
    theta, start = drawn((7,)), drawn_state(6)
    found, expected = Dense(6), Dense(6)
    for register in (found, expected):
        register.replace_inputs(start)
    ansatz(found, jnp.asarray(theta))
    for pair in [(0, 5), (0, 1), (2, 3), (4, 5), (1, 2), (3, 4)]:
        expected.unitary(*pair, unitary=published_unitary(BLOCKS[1], theta[:2], 2))
    for pair in [(1, 0), (3, 2), (5, 4)]:
        expected.unitary(*pair, unitary=published_unitary(ZX, theta[2:4], 2))
    for qubit, angle in zip((0, 2, 4), theta[4:], strict=True):
        expected.ry(qubit, theta=angle)
    expected.cz(0, 2)
    expected.cz(2, 4)
    assert_close(found.state, expected.state, atol=1e-13)
    assert QCNN(depth=0).param_shape(4) == (0,) and QCNN(depth=0).kept(4) == (0, 1, 2, 3)


def test_the_readout_sees_the_partial_trace(x64):
    """Pooling gives qubits up: what is left has the state that tracing the others out leaves."""
    theta = drawn((51,))
    patches = np.random.default_rng(2).uniform(0.05, 1, (2, 256))
    circuit = Circuit(Amplitude(), QCNN(), Probabilities())
    assert circuit.num_channels(256) == 2 and circuit.observables(256) == ("IIII0III", "IIII1III")
    outputs = expectations(circuit, jnp.asarray(theta), jnp.asarray(patches), "unitary")
    for patch, output in zip(patches, outputs, strict=True):
        state = published_state(9, theta, patch / np.linalg.norm(patch)).reshape((2,) * 8)
        others = [0, 1, 2, 3, 5, 6, 7]
        density = np.tensordot(state, state.conj(), axes=(others, others))
        assert_close(output, np.diag(density).real, atol=1e-12)


def test_a_readout_of_several_kept_qubits_is_in_their_order(x64):
    circuit = Circuit(Angle(), QCNN(HurConvolution(3), depth=1), PauliZ())
    assert circuit.observables(5) == ("ZIIII", "IIZII", "IIIIZ")
    with pytest.raises(InputError, match=r"qubit 4 is measured; allowed: 0 .. 2"):
        Circuit(Angle(), QCNN(depth=1), Probabilities(qubits=(4,))).observables(5)


@pytest.mark.parametrize("engine", ["unitary", "fused"])
def test_shared_angles_have_the_gradient_of_the_parameter_shift_rule(x64, engine):
    """Each occurrence of an angle is shifted on its own, and the derivatives are added (RY: two-term rule)."""
    patch = np.random.default_rng(3).uniform(0, 1, (1, 4))
    theta = drawn((4,), seed=4)
    ansatz = QCNN(HurConvolution(1), pooling=Identity())
    circuit = Circuit(Angle(), ansatz, PauliZ())
    pairs = [(layer, pair) for layer, of in enumerate(ansatz.layers(4)) for pair in of.convolved]

    def expectation(angles: np.ndarray) -> float:
        """With angles (pairs, 2) of their own for each block, by the oracle."""
        register = Dense(4)
        for qubit, x in enumerate(patch[0]):
            register.ry(qubit, theta=np.pi * x)
        for (_, (a, b)), (first, second) in zip(pairs, angles, strict=True):
            register.ry(a, theta=first)
            register.ry(b, theta=second)
            register.cnot(a, b)
        return register.expectation("IIZI")

    assert circuit.observables(4) == ("IIZI",)
    unshared = np.array([theta.reshape(2, 2)[layer] for layer, _ in pairs])
    expected = np.zeros((2, 2))
    for (index, angle), _ in np.ndenumerate(unshared):
        shift = np.zeros_like(unshared)
        shift[index, angle] = np.pi / 2
        difference = expectation(unshared + shift) - expectation(unshared - shift)
        expected[pairs[index][0], angle] += difference / 2
    found = jax.grad(lambda t: expectations(circuit, t, jnp.asarray(patch), engine)[0, 0])(jnp.asarray(theta))
    assert_close(found.reshape(2, 2), expected, atol=1e-12)


def test_wires_rename_the_qubits_of_every_call():
    tape = Tape(5, np.float32)
    wires = Wires(Wires(tape, (4, 2, 0)), (2, 0))
    assert wires.num_qubits == 2
    wires.cnot(0, 1)
    wires.ry([0, 1], theta=jnp.asarray([0.1, 0.2]))
    wires.h(np.int64(1))
    assert [(gate.name, gate.qubits) for gate in tape.gates] == [
        ("cnot", (0, 4)),
        ("ry", (0,)),
        ("ry", (4,)),
        ("h", (4,)),
    ]
    with pytest.raises(AttributeError, match="no gate 'nothing'"):
        _ = wires.nothing


def test_a_network_is_blocks_with_their_definition():
    """Eight blocks of ten gates, four poolings of three, four and two, one and one: 151 gates in six items."""
    circuit = Circuit(Angle(), QCNN(), Probabilities())
    tape = example_ansatz(circuit, 8)
    assert [(type(item), len(item.qubits)) for item in tape.items] == [(Block, n) for n in (8, 4, 4, 2, 1, 1)]
    assert tape.items[0].qubits == tuple(CONVOLVED[0])
    assert tape.items[1].qubits == tuple((sink, source) for source, sink in POOLED[0])
    assert [gate.name for gate in tape.items[1].gates[:3]] == ["crz", "x", "crx"]
    assert [gate.qubits for gate in tape.items[1].gates[:3]] == [(1, 0), (1,), (1, 0)]
    assert len(tape.gates) == 13 * 10 + 7 * 3 == num_gates(circuit, 8) - 8
    assert {gate.name for gate in tape.gates} == {"u", "cnot", "ry", "rz", "crz", "x", "crx"}


@pytest.mark.parametrize(("circuit_id", "gates"), list(enumerate((3, 5, 6, 6, 6, 8, 10, 10, 10), start=1)))
def test_gates_of_the_published_networks_are_blocks_and_poolings_by_those_that_each_has(circuit_id, gates):
    """Fig. 1: rings of 8, 4 and 2 qubits have 8 + 4 + 1 = 13 blocks, and 4 + 2 + 1 = 7 qubits are given up.

    Fig. 2 draws the gates of a block, of circuit 9 U3, U3, CNOT, RY, RZ, CNOT, RY, CNOT, U3, U3; a pooling is CRZ, X,
    CRX. So of circuit 9 there are 13 * 10 + 7 * 3 = 151; if U3 counts as three rotations, 13 * 18 + 7 * 3 = 255.
    """
    tape = example_ansatz(Circuit(Angle(), QCNN(HurConvolution(circuit_id)), Probabilities()), 8)
    assert len(tape.gates) == 13 * gates + 7 * 3
    if circuit_id == 9:
        assert len(tape.gates) == 151
        assert len(tape.gates) + 2 * sum(gate.name == "u" for gate in tape.gates) == 255


def test_engines_see_one_gate_for_each_copy_of_a_block(x64):
    theta = drawn((51,))
    gates = ansatz_gates(Circuit(Angle(), QCNN(), Probabilities()), jnp.asarray(theta), 8)
    assert [gate.name for gate in gates] == ["any"] * 20
    expected = [
        (pair, published_unitary(definition, own, 2))
        for layer, angles in enumerate(theta.reshape(3, -1))
        for definition, own, pairs in (
            (BLOCKS[9], angles[:15], CONVOLVED[layer]),
            ("crz10 x1 crx10", angles[15:], [pair[::-1] for pair in POOLED[layer]]),
        )
        for pair in pairs
    ]
    for gate, (pair, matrix) in zip(gates, expected, strict=True):
        assert gate.qubits == pair
        assert_close(gate.matrix, matrix, atol=1e-14)


def test_a_block_is_real_if_its_gates_are(x64):
    circuit = Circuit(Angle(), QCNN(HurConvolution(6), pooling=Identity()), PauliZ())
    theta = drawn(circuit.param_shape(2))
    (gate,) = ansatz_gates(circuit, jnp.asarray(theta), 2)
    assert gate.is_real and gate.matrix.dtype == np.float64
    assert_close(gate.matrix, published_unitary(BLOCKS[6], theta, 2).real, atol=1e-14)
    assert all(gate.is_real for gate in example_gates(circuit, 2))


def test_blocks_of_other_angles_are_computed_at_once():
    circuit = Circuit(Angle(), TTN(HurConvolution(9)), PauliZ())

    def operations(num_qubits: int) -> int:
        def matrices(theta: Any) -> list[Any]:
            return [gate.matrix for gate in ansatz_gates(circuit, theta, num_qubits)]

        return len(jax.make_jaxpr(matrices)(jnp.zeros((num_qubits - 1, 15))).eqns)

    assert operations(5) - operations(4) <= 6  # alone, a block takes a hundred


def test_a_block_of_many_qubits_is_run_gate_by_gate():
    ansatz = QCNN(TTN(), depth=1, pooling=Identity())

    class Whole(Ansatz):
        def param_shape(self, num_qubits):
            return ansatz.param_shape(num_qubits)

        def __call__(self, circuit, theta):
            append_block(circuit, [tuple(range(circuit.num_qubits))[::-1]], lambda own: ansatz(own, theta))

    circuit = Circuit(Angle(), Whole(), PauliZ())
    names = [(gate.name, gate.qubits) for gate in example_gates(circuit, 5)]
    assert names[:3] == [("ry", (4,)), ("ry", (0,)), ("cnot", (4, 0))] and len(names) == 15
    assert [gate.name for gate in example_gates(circuit, 4)] == ["any"]


def test_a_block_on_qubits_that_are_not_there_is_refused():
    tape = Tape(3, np.float32)
    with pytest.raises(InputError, match=r"gate 'block' on qubits \(1, 3\); allowed: different ones of 0 .. 2"):
        append_block(tape, [(0, 1), (1, 3)], lambda own: own.cnot(0, 1))
    with pytest.raises(InputError, match=r"gate 'block' acts on 2 qubits; it was given \(0, 1, 2\)"):
        append_block(tape, [(0, 1), (0, 1, 2)], lambda own: own.cnot(0, 1))
    append_block(tape, [], lambda own: own.cnot(0, 1))
    append_block(tape, [(0, 1)], lambda own: None)
    assert tape.items == []


def test_a_block_on_wires_and_on_any_other_circuit():
    tape, other = Tape(5, np.float32), GateList(5)
    for circuit in (tape, other):
        append_block(Wires(circuit, (4, 2, 0)), [(0, 1), (2, 1)], lambda own: own.cnot(1, 0))
    assert tape.items[0].qubits == ((4, 2), (0, 2))
    assert [gate.qubits for gate in tape.gates] == [(2, 4), (2, 0)] == [qubits for _, qubits in other.gates]


def test_gates_are_gathered_into_as_few_blocks_as_there_can_be():
    """Pairs on both sides of the ring, pairs in the middle, the poolings of either half, and all that follows."""
    circuit = Circuit(Angle(), QCNN(), Probabilities())
    blocks = merged(example_gates(circuit, 8), 4)
    assert [operation.qubits for operation in blocks if isinstance(operation, Fused)] == [
        (0, 1, 6, 7),
        (2, 3, 4, 5),
        (0, 1, 2, 3),
        (4, 5, 6, 7),
        (0, 2, 4, 6),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "ansatz",
    [
        QCNN(HurConvolution(4), HurPooling("general"), "brickwork", "inner"),
        QCNN(HurConvolution(2), Identity(), "chain", depth=1, dense=HardwareEfficient(1)),
    ],
    ids=str,
)
def test_networks_of_other_parts_keep_the_contract(ansatz):
    check_ansatz(ansatz)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: QCNN(depth=-1), "depth = -1; allowed: 0 or more layers, or None"),
        (lambda: QCNN(depth=3).kept(4), "depth = 3; allowed: at most 2 layers on 4 qubits"),
        (lambda: QCNN().param_shape(1), "QCNN joins pairs of qubits, but there are 1; allowed: at least 2"),
        (lambda: QCNN(pattern=(((0, 1),),)).layers(4), "pattern has 1 layers; allowed: 2 on 4 qubits"),
        (
            lambda: QCNN(pattern=(((0, 1),), ((1, 2),))).layers(4),
            r"pattern joins \(1, 2\) in layer 1; allowed: two different ones of \(0, 2\)",
        ),
    ],
)
def test_what_is_not_allowed_is_said(make: Any, message: str):
    with pytest.raises(InputError, match=message):
        make()
