"""Every gate against TensorCircuit's own matrix and the dense oracle."""

from collections.abc import Iterator
from itertools import product
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.errors import InputError
from qconv.gates.kinds import ALIASES, KINDS, complex_dtype
from qconv.gates.tape import Gate, GateGroup, Tape
from qconv.lowering.fusion import after_gates
from qconv.simulate.tensorcircuit import tensorcircuit
from tests import oracle
from tests.oracle import assert_close

A, B, C = 0.7, -1.3, 2.1
HERMITIAN = np.array([[0.3, 1 - 2j], [1 + 2j, -0.8]])
UNITARY = oracle.u(A, B, C)
ANGLES = {"theta": A}
PARAMS: dict[str, dict[str, Any]] = {
    **{name: ANGLES for name in ("rx", "ry", "rz", "rxx", "ryy", "rzz", "crx", "cry", "crz", "orx", "ory", "orz")},
    **{name: ANGLES for name in ("phase", "cphase", "iswap")},
    **{name: {"theta": A, "phi": B, "lbd": C} for name in ("u", "cu")},
    **{name: {"theta": A, "alpha": B, "phi": C} for name in ("r", "cr")},
    **{name: {"unitary": UNITARY} for name in ("any", "unitary")},
    "exp": {"unitary": HERMITIAN, "theta": A},
    "exp1": {"unitary": np.kron(oracle.X, oracle.Z), "theta": A, "half": True},
    "su4": {"theta": np.linspace(-1, 2, 15)},
    "multicontrol": {"unitary": UNITARY, "ctrl": [1, 0]},
}
REAL = {"i", "x", "z", "h", "swap", "ry", "cnot", "cz", "cry", "ox", "oz", "ory", "toffoli", "fredkin"}
NAMES = sorted({*KINDS, *ALIASES})


@pytest.fixture(scope="module")
def tc() -> Iterator[ModuleType]:
    with jax.enable_x64(True), tensorcircuit(np.float64) as tc:
        yield tc


def tensorcircuit_matrix(tc: ModuleType, name: str, num_qubits: int, **params: Any) -> np.ndarray:
    """Applied to one half of sum_b |b>|b>, a gate leaves its matrix as the state."""
    register = tc.Circuit(2 * num_qubits, inputs=np.eye(2**num_qubits).ravel())
    getattr(register, name)(*range(num_qubits), **params)
    return np.asarray(register.state()).reshape(2**num_qubits, -1)


def record(name: str, dtype: Any, **params: Any) -> Any:
    """The gate on as many qubits as it takes."""
    for count in (1, 2, 3):
        tape = Tape(count, dtype)
        try:
            getattr(tape, name)(*range(count), **params)
        except InputError:
            continue
        return tape.gates[0]
    raise AssertionError(name)


@pytest.mark.parametrize("name", NAMES)
def test_matrix_is_tensorcircuits(tc, x64, name):
    params = PARAMS.get(name, {})
    gate = record(name, np.float64, **params)
    # TensorCircuit computes its `td` once, at import, in single precision.
    atol = 1e-7 if gate.name == "td" else 1e-14
    assert_close(gate.matrix, tensorcircuit_matrix(tc, name, len(gate.qubits), **params), atol=atol)
    assert gate.name == ALIASES.get(name, name)
    assert gate.params == params


@pytest.mark.parametrize("name", sorted(set(NAMES) & set(oracle.GATES)))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_matrix_is_the_oracles(x64, name, dtype):
    params = {key: value for key, value in PARAMS.get(name, {}).items() if key != "half"}
    matrix = record(name, dtype, **params).matrix
    ulps = 500 if name in ("exp", "su4") else 5  # a matrix exponential squares its rounding errors up
    assert_close(matrix, oracle.GATES[name](**params), atol=ulps * np.finfo(dtype).eps)
    assert matrix.dtype == (dtype if name in REAL else complex_dtype(dtype))


def test_what_tensorcircuit_has_and_the_tape_has_not(tc):
    from tensorcircuit.abstractcircuit import defined_gates

    assert set(defined_gates) - set(NAMES) == {"mpo", "rzm", "cmz", "diagonal"}


@pytest.mark.parametrize("name", ["rx", "ry", "rz", "crx", "phase", "u", "r", "cr", "iswap"])
def test_default_angles_are_tensorcircuits(tc, x64, name):
    gate = record(name, np.float64)
    assert_close(gate.matrix, tensorcircuit_matrix(tc, name, len(gate.qubits)), atol=1e-14)


@pytest.mark.parametrize("name", sorted({"exp", "su4", "exp1", "unitary", "multicontrol"}))
def test_gates_of_matrices_can_be_traced(x64, name):
    params = PARAMS[name]
    traced = {key: jnp.asarray(v) for key, v in params.items() if key in ("theta", "unitary") and np.ndim(v)}
    static = {key: value for key, value in params.items() if key not in traced}
    matrix = jax.jit(lambda arrays: record(name, np.float64, **arrays, **static).matrix)(traced)
    assert_close(matrix, record(name, np.float64, **params).matrix, atol=1e-14)


def test_sequences_of_qubits_are_one_gate_each():
    together, apart = Tape(4), Tape(4)
    angles = jnp.array([0.1, 0.2, 0.3])
    together.h(range(4))
    together.ry([0, 2, 3], theta=angles)
    together.rzz((0, 1), (2, 3), theta=0.5)
    together.cnot([0, 1], [1, 2])
    for qubit in range(4):
        apart.H(qubit)
    for qubit, angle in zip((0, 2, 3), angles, strict=True):
        apart.RY(qubit, theta=angle)
    apart.rzz(0, 2, theta=0.5)
    apart.rzz(1, 3, theta=0.5)
    apart.cx(0, 1)
    apart.CNOT(np.int64(1), 2)
    assert [(g.name, g.qubits) for g in together.gates] == [(g.name, g.qubits) for g in apart.gates]
    for one, other in zip(together.gates, apart.gates, strict=True):
        np.testing.assert_array_equal(one.matrix, other.matrix)


def test_the_gates_of_a_call_are_a_group():
    tape, angles = Tape(3), jnp.array([0.1, 0.2, 0.3])
    tape.ry(range(3), theta=angles)
    tape.rzz((0, 1), (1, 2), theta=0.5)
    tape.cnot([0, 1], [1, 2])
    tape.h(2)
    tape.x([])
    groups = [item for item in tape.items if isinstance(item, GateGroup)]
    assert len(groups) == len(tape.items)
    assert [(group.name, group.qubits) for group in groups] == [
        ("ry", ((0,), (1,), (2,))),
        ("rzz", ((0, 1), (1, 2))),
        ("cnot", ((0, 1), (1, 2))),
        ("h", ((2,),)),
    ]
    np.testing.assert_array_equal(groups[0].params["theta"], angles)
    np.testing.assert_array_equal(groups[1].params["theta"], [0.5, 0.5])
    assert groups[2].params == {}
    for group in groups:
        np.testing.assert_allclose(group.matrices, [gate.matrix for gate in group.gates], atol=1e-7)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: t.h(2), r"qubits \(2,\); allowed: different ones of 0 .. 1"),
        (lambda t: t.h(-1), "allowed: different ones of 0 .. 1"),
        (lambda t: t.cnot(1, 1), "allowed: different ones of 0 .. 1"),
        (lambda t: t.cnot(0), "'cnot' acts on 2 qubits; it was given"),
        (lambda t: t.h(0, 1), "'h' acts on 1 qubit"),
        (lambda t: t.h(), "'h' acts on 1 qubit"),
        (lambda t: t.rx(0, angle=1.0), "'rx' has no parameter 'angle'; allowed: .*theta"),
        (lambda t: t.h(0, theta=1.0), "'h' has no parameter 'theta'; allowed: none"),
        (lambda t: t.unitary(0), "'any' needs a parameter 'unitary'"),
        (lambda t: t.unitary(0, unitary=np.eye(3)), r"shape \(3, 3\)"),
        (lambda t: t.unitary(0, unitary=np.ones(3)), r"shape \(3,\)"),
        (lambda t: t.rx([0, 1], theta=jnp.zeros(3)), r"lengths \[2, 3\]"),
        (lambda t: t.rx([0, 1], theta=[0.1]), r"lengths \[1, 2\]"),
        (lambda t: t.cnot([0, 1], [1]), r"lengths \[1, 2\]"),
        (lambda t: t.replace_inputs(jnp.ones(3)), "3 amplitudes; allowed: 4"),
    ],
)
def test_what_is_wrong_is_said(call, message):
    with pytest.raises(InputError, match=message):
        call(Tape(2))


def test_an_unknown_gate_is_no_attribute():
    with pytest.raises(AttributeError, match=r"no gate 'rzq'; allowed: .*rzz"):
        Tape(2).rzq(0, theta=1.0)
    assert not hasattr(Tape(2), "measure")


@pytest.mark.parametrize("qubits", [(0,), (2,), (0, 2), (2, 0), (1, 2, 0)])
def test_states_after_gates_are_the_oracles(x64, qubits):
    rng = np.random.default_rng(0)
    size = 2 ** len(qubits)
    state, dense, moved = rng.normal(size=8), rng.normal(size=(size, size)), np.eye(size)[rng.permutation(size)]
    gates = [Gate("any", qubits, {"unitary": jnp.asarray(dense)}, np.float64)]
    gates += [Gate("any", qubits[::-1], {"unitary": moved}, np.float64)]
    expected = oracle.embed(moved, qubits[::-1], 3).real @ oracle.embed(dense, qubits, 3).real @ state
    actual = after_gates(jnp.asarray(state), gates)
    assert_close(actual, expected, atol=1e-13)
    assert actual.dtype == np.float64


def test_the_oracle_is_unitary_and_reads_the_leftmost_bit_first():
    for name, gate in oracle.GATES.items():
        matrix = gate(**{key: value for key, value in PARAMS.get(name, {}).items() if key != "half"})
        assert_close(matrix @ matrix.conj().T, np.eye(len(matrix)), atol=1e-14)
    register = oracle.Dense(3)
    register.x(0)
    register.cnot(0, 2)
    outcomes = ["".join(bits) for bits in product("01", repeat=3)]
    assert [register.expectation(o) for o in outcomes] == [float(o == "101") for o in outcomes]


UNITARIES = np.stack([oracle.u(A, B, C), oracle.X])


@pytest.mark.parametrize(
    ("name", "qubits", "params"),
    [
        ("rx", ([0, 1],), {"theta": [1, 0.5]}),
        ("rx", ([0, 1],), {"theta": np.array([1, 2])}),
        ("rz", ([0, 1],), {"theta": [np.array(0.3), 1]}),
        ("u", ([0, 1],), {"theta": [1, 0.5], "phi": 2, "lbd": 0.25}),
        ("su4", ([0, 2], [1, 3]), {"theta": np.linspace(-1, 2, 30).reshape(2, 15)}),
        ("unitary", ([0, 1],), {"unitary": UNITARIES}),
        ("exp1", ([0, 1],), {"unitary": np.stack([oracle.X, oracle.Z]), "theta": [1, 0.5]}),
        ("multicontrol", ([0, 1], [2, 3]), {"unitary": UNITARIES, "ctrl": [0, 1]}),
    ],
)
def test_a_group_has_the_matrix_of_each_of_its_gates_whatever_numbers_they_are_given(x64, name, qubits, params):
    """Whole numbers are angles, too; gates that differ in something else are no group."""
    tape = Tape(4, np.float64)
    getattr(tape, name)(*qubits, **params)
    found = np.concatenate([np.asarray(item.matrices) for item in tape.items if isinstance(item, GateGroup)])
    for index, matrix in enumerate(found):
        alone = Tape(4, np.float64)
        own = {key: value[index] if np.ndim(value) else value for key, value in params.items()}
        getattr(alone, name)(*(places[index] for places in qubits), **own)
        assert_close(matrix, np.asarray(alone.gates[0].matrix), atol=1e-14)
    assert len(found) == 2
