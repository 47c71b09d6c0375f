"""The engines against the dense oracle."""

import re
from dataclasses import dataclass
from itertools import product
from types import SimpleNamespace
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.hur_convolution import HurConvolution
from qconv.ansatz.random_layers import RandomLayers
from qconv.ansatz.strongly_entangling import StronglyEntangling
from qconv.ansatz.su4_brickwork import SU4Brickwork
from qconv.circuit.circuit import Circuit, example_encoding
from qconv.encoding.amplitude import Amplitude
from qconv.encoding.angle import Angle
from qconv.encoding.base import Encoding
from qconv.encoding.basis import Basis
from qconv.errors import InputError
from qconv.gates.tape import Gate
from qconv.lowering.ansatz import example_gates
from qconv.lowering.fusion import matrix_of_gates
from qconv.readout.base import Readout
from qconv.readout.pauli import NeighborZZ, Parity, PauliStrings, PauliZ
from qconv.readout.probabilities import Probabilities
from qconv.simulate import bipartite, fused, product_table, tensorcircuit, unitary
from qconv.simulate.bipartite import num_terms
from qconv.simulate.choose import EngineName, choose_engine, engine_named
from qconv.simulate.expectations import expectations
from tests import oracle
from tests.oracle import assert_close
from tests.variants import TABLE, Gates, Joined, uncached

ENGINES = [name for name in get_args(EngineName) if name != "lookup"]  # that one is for encodings of bits
APART = ("halves", "heisenberg")  # those need qubits that are independent
READOUT = Joined(
    (
        PauliZ(),
        NeighborZZ(ring=True),
        PauliStrings(("IYX", "ZXY")),
        Parity(),
        Probabilities((2,)),
    )
)
ENCODINGS = [Angle("X"), Angle("Y", -1.3), Angle("Z"), Amplitude(3), Basis()]
ANSATZE = [
    HardwareEfficient(1, ("rx",), "cz", "all"),
    StronglyEntangling(1),
    RandomLayers(1),
    HardwareEfficient(1, ("ry",), "cnot", "chain"),  # real
    HardwareEfficient(2, ("ry", "rz"), "cnot", "ring"),
]
PATCHES = np.array([[0.1, 0.9, 0.6], [0.0, 0.0, 0.0], [1.0, 0.0, 0.5], [1e-42, 1.0, 1.0]])


PAIRS = list(zip(ENCODINGS, ANSATZE, strict=True))
SOON = (PAIRS[0], PAIRS[-1])  # angles, and bits; the others take long


def later(marked: bool) -> list[pytest.MarkDecorator]:
    return [pytest.mark.slow] if marked else []


@pytest.mark.parametrize(
    ("engine", "encoding", "ansatz", "dtype"),
    [
        pytest.param("unitary", *variants, np.float64, marks=pytest.mark.slow)
        for variants in product(ENCODINGS, ANSATZE[:3])
        if variants not in PAIRS
    ]
    + [
        pytest.param(engine, *variants, np.float64, marks=later(engine != "unitary" and variants not in SOON))
        for engine in ENGINES
        for variants in PAIRS
        if engine_named(engine).refusal(Circuit(variants[0]), 3) is None
    ]
    + [pytest.param("unitary", *variants, np.float32, marks=later(variants not in SOON)) for variants in PAIRS],
    ids=str,
)
def test_engines_equal_the_oracle(x64, encoding, ansatz, engine, dtype):
    circuit = Circuit(encoding, ansatz, READOUT)
    theta = np.random.default_rng(0).uniform(-np.pi, np.pi, circuit.param_shape(3))
    expected = oracle.expectations(circuit, jnp.asarray(theta), jnp.asarray(PATCHES))
    with jax.disable_jit():  # gate by gate: compiling each circuit would take minutes
        found = expectations(circuit, jnp.asarray(theta, dtype), jnp.asarray(PATCHES, dtype), engine)
    assert_close(found, expected, atol={np.float32: 5e-6, np.float64: 1e-13}[dtype])
    assert found.dtype == dtype


@st.composite
def gate_lists(draw: st.DrawFn) -> Gates:
    """Up to six gates on three qubits; angles are shared where indices meet."""
    gates = []
    for name in draw(st.lists(st.sampled_from(sorted(TABLE)), min_size=1, max_size=6)):
        count, angles, _ = TABLE[name]
        qubits = draw(st.permutations(range(3)))[:count]
        gates.append((name, tuple(qubits), tuple(draw(st.integers(0, 3)) for _ in angles)))
    return Gates(tuple(gates), 4)


ALL_GATES = Gates(
    tuple((name, (2, 0, 1)[:count], (0, 1, 2)[: len(angles)]) for name, (count, angles, _) in TABLE.items()), 4
)
NUMBERS = st.sampled_from([0.0, 1.0, np.pi, -np.pi / 2, 5e-324, -1e-310, 1e-8, 100.0]) | st.floats(-4, 4)


def test_all_gates():
    check_gates(ALL_GATES, (0.3, -2.0, 1.1, 0.0), (0.2, 0.5, 0.9))


@pytest.mark.slow
@settings(max_examples=20, deadline=None, derandomize=True)
@given(ansatz=gate_lists(), theta=st.tuples(*[NUMBERS] * 4), patch=st.tuples(*[NUMBERS] * 3))
def test_any_gates_at_any_angles(ansatz, theta, patch):
    check_gates(ansatz, theta, patch)


def check_gates(ansatz, theta, patch):
    with jax.enable_x64(True), jax.disable_jit():
        circuit = Circuit(Angle("X"), ansatz, READOUT)
        arrays = jnp.array(theta), jnp.array([patch])
        expected = oracle.expectations(circuit, *arrays)
        for engine in ENGINES:
            if engine != "halves" or num_terms(example_gates(circuit, 3), 1) <= 64:
                assert_close(expectations(circuit, *arrays, engine), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "readout"),
    [(name, READOUT) for name, (count, _, _) in TABLE.items() if count > 1]
    + [(name, Joined((PauliZ(), Probabilities((0, 2))))) for name in ("cnot", "cz", "crz", "swap", "toffoli", "crx")],
    ids=str,
)
def test_every_gate_across_the_cut(name, readout):
    check_across_the_cut(name, Angle("X"), ("rx", "ry"), readout)


@pytest.mark.parametrize("name", ["cy", "crx", "cnot", "iswap"])
def test_the_first_complex_gate_may_be_across_the_cut(name):
    check_across_the_cut(name, Angle("Y"), ("ry",), PauliZ())


def check_across_the_cut(name, encoding, names, readout):
    """Qubit 0 is one half, 1 and 2 are the other; the gate acts from either side, and once more at the end."""
    count, angles, _ = TABLE[name]
    rotations = tuple((rotation, (qubit,), (qubit,)) for qubit in range(3) for rotation in names)
    acts = [(name, qubits[:count], tuple(range(len(angles)))) for qubits in ((0, 1, 2), (1, 2, 0), (2, 0, 1))]
    ansatz = Gates((*rotations, acts[0], *rotations, acts[1], *rotations, acts[2]), 15)
    circuit = Circuit(encoding, ansatz, readout)
    with jax.enable_x64(True), jax.disable_jit():
        theta = jnp.asarray(np.random.default_rng(0).uniform(-3, 3, 15))
        found = expectations(circuit, theta, jnp.asarray(PATCHES), "halves")
        assert_close(found, oracle.expectations(circuit, theta, jnp.asarray(PATCHES)), atol=1e-12)


@pytest.mark.parametrize("engine", [name for name in ENGINES if name != "halves"])  # one qubit has no halves
def test_identity_ansatz_and_one_rotation_in_closed_form(x64, engine):
    x = jnp.linspace(-1, 2, 7)[:, None]
    identity, rotation = (
        Circuit(Angle(), HardwareEfficient(0, ("ry",))),
        Circuit(Angle(), HardwareEfficient(1, ("ry",))),
    )
    assert_close(expectations(identity, jnp.zeros((0, 1, 1)), x, engine), np.cos(np.pi * x), atol=1e-15)
    assert_close(expectations(rotation, jnp.full((1, 1, 1), 0.7), x, engine), np.cos(np.pi * x + 0.7), atol=1e-14)


@pytest.fixture(scope="module")
def compiled():
    """One circuit for the tests of compilation, batches and chunks."""
    circuit = Circuit(Angle(), HardwareEfficient(1, ("rx",)), PauliStrings(("ZZ", "IY")))
    rng = np.random.default_rng(2)
    theta = jnp.asarray(rng.uniform(-3, 3, circuit.param_shape(2)), jnp.float32)
    return circuit, theta, jnp.asarray(rng.uniform(size=(40_000, 2)), jnp.float32)


@pytest.mark.parametrize("engine", ENGINES)
def test_more_than_32768_patches_equal_small_chunks(compiled, engine):
    """jax 0.10.2 computes wrong numbers here (jax-ml/jax#39103)."""
    circuit, theta, patches = compiled
    whole = jax.jit(lambda t, p: expectations(circuit, t, p, engine))(theta, patches)
    chunks = [expectations(circuit, theta, patches[i : i + 1000], engine) for i in range(0, 40_000, 1000)]
    assert_close(whole, np.concatenate(chunks), atol=1e-6)
    assert_close(whole[-3:], oracle.expectations(circuit, theta, patches[-3:]), atol=3e-6)


@pytest.mark.slow
def test_chunks_of_the_statevector_engine_change_nothing(compiled, monkeypatch):
    circuit, theta, patches = compiled

    def run(theta, patches):
        outputs, pullback = jax.vjp(lambda t, p: uncached("statevector", circuit, t, p), theta, patches)
        return outputs, *pullback(jnp.cos(jnp.arange(outputs.size)).reshape(outputs.shape))

    whole = jax.jit(run)(theta, patches[:7])
    monkeypatch.setattr(
        tensorcircuit, "_CHUNK_BYTES", 3 * tensorcircuit.bytes_of_patch(circuit, 2, np.dtype(np.float32))
    )
    chunked = jax.jit(lambda t, p: run(t, p))  # three, three and one
    assert "scan" in str(chunked.trace(theta, patches[:7]).jaxpr)
    for one, other in zip(whole, chunked(theta, patches[:7]), strict=True):
        assert_close(one, other, atol=1e-6)


@dataclass(frozen=True)
class Uneven(Encoding):
    """The same gates on each qubit, with constants of its own."""

    def num_qubits(self, patch_size):
        return patch_size

    def __call__(self, circuit, patch):
        for qubit in range(patch.shape[0]):
            circuit.unitary(qubit, unitary=oracle.u(0.3 + qubit, 0.2, 0.1))
            circuit.rx(qubit, theta=qubit)
            circuit.ry(qubit, theta=patch[qubit])


@pytest.mark.parametrize("engine", ENGINES)
def test_constants_that_differ_from_qubit_to_qubit_stay_apart(x64, engine):
    circuit = Circuit(Uneven(), HardwareEfficient(1, ("rx",)), READOUT)
    theta = jnp.asarray(np.random.default_rng(0).uniform(-3, 3, (1, 3, 1)))
    found = expectations(circuit, theta, jnp.asarray(PATCHES), engine)
    assert_close(found, oracle.expectations(circuit, theta, jnp.asarray(PATCHES)), atol=1e-12)


def test_a_table_holds_what_the_oracle_says(x64):
    circuit = Circuit(Basis(), HardwareEfficient(2, ("rx", "ry")), READOUT)
    theta = jnp.asarray(np.random.default_rng(0).uniform(-3, 3, circuit.param_shape(3)))
    patches = jnp.asarray(list(product((0.1, 0.9), repeat=3)))
    atol = 1e-12
    assert choose_engine(circuit, 3) == "lookup"
    assert_close(expectations(circuit, theta, patches), oracle.expectations(circuit, theta, patches), atol=atol)

    def loss(engine):
        return lambda t: jnp.sum(jnp.sin(expectations(circuit, t, patches, engine)))

    assert_close(jax.grad(loss("lookup"))(theta), jax.grad(loss("unitary"))(theta), atol=20 * atol)


@pytest.mark.parametrize(
    ("engine", "ansatz"),
    [
        ("unitary", HardwareEfficient(3, ("rx", "rz"))),
        ("fused", HurConvolution(7, 2)),
        pytest.param("fused", HardwareEfficient(3, ("rx", "rz")), marks=pytest.mark.slow),
        pytest.param("unitary", HurConvolution(7, 2), marks=pytest.mark.slow),
        *(
            pytest.param(engine, ansatz, marks=pytest.mark.slow)
            for engine in ("unitary", "fused")
            for ansatz in (StronglyEntangling(3), RandomLayers(2, 12))
        ),
    ],
    ids=str,
)
def test_layers_on_several_blocks(x64, ansatz, engine):
    """Six qubits are two blocks: rows move, layers repeat, permutations cross the blocks."""
    circuit = Circuit(Angle("Y", 1.7), ansatz, Joined((PauliZ(), PauliStrings(("XIYIZI", "ZZIIII")))))
    theta = jnp.asarray(np.random.default_rng(0).uniform(-3, 3, circuit.param_shape(6)))
    patches = jnp.asarray(np.random.default_rng(1).random((2, 6)))
    found = expectations(circuit, theta, patches, engine)
    assert_close(found, oracle.expectations(circuit, theta, patches), atol=1e-12)


@pytest.mark.parametrize(
    ("ansatz", "terms"),
    [
        (HardwareEfficient(2, ("ry", "rz")), 4),  # the ring of the second layer joins the observables
        (HardwareEfficient(2, ("rx",), "cz", "chain"), 2),
        pytest.param(StronglyEntangling(2), 4, marks=pytest.mark.slow),
        pytest.param(SU4Brickwork(1), 4, marks=pytest.mark.slow),  # any gate
    ],
    ids=str,
)
def test_halves_of_a_larger_register(x64, ansatz, terms):
    circuit = Circuit(Angle("Y", 1.7), ansatz, Joined((PauliZ(), Probabilities((0, 3, 4)))))
    assert num_terms(bipartite.in_parts(circuit, 7, example_gates(circuit, 7)).middle, 3) == terms
    theta = jnp.asarray(np.random.default_rng(0).uniform(-3, 3, circuit.param_shape(7)))
    patches = jnp.asarray(np.random.default_rng(1).random((2, 7)))
    found = expectations(circuit, theta, patches, "halves")
    assert_close(found, oracle.expectations(circuit, theta, patches), atol=1e-12)


@pytest.mark.parametrize(
    ("encoding", "num_qubits"), [(Angle("Y", 1.7), 5), (Angle("Y", 1.7), 7), (Angle("X", 1.7), 6)], ids=str
)
def test_tables_of_a_larger_register(x64, encoding, num_qubits):
    """Its product states are put together half by half, and the second half is summed over in steps."""
    strings = PauliStrings(("Z" * num_qubits, "XY" + "I" * (num_qubits - 2)))
    readout = Joined((strings, Probabilities((num_qubits - 1,))))
    circuit = Circuit(encoding, HardwareEfficient(2, ("ry", "rz")), readout)
    theta = jnp.asarray(np.random.default_rng(0).uniform(-3, 3, circuit.param_shape(num_qubits)))
    patches = jnp.asarray(np.random.default_rng(1).random((3, num_qubits)))
    found = expectations(circuit, theta, patches, "heisenberg")
    assert_close(found, oracle.expectations(circuit, theta, patches), atol=1e-13)


@pytest.mark.parametrize("encoding", [Angle("Y"), Angle("X")])
def test_weights_make_up_density_matrices(x64, encoding):
    known = product_table.known_states(example_encoding(Circuit(encoding), 2))
    rng = np.random.default_rng(0)
    states = rng.normal(size=(2, 3, 5)) + 1j * rng.normal(size=(2, 3, 5)) * np.iscomplexobj(known)
    states = states / np.linalg.norm(states, axis=0)
    states = states if np.iscomplexobj(known) else states.real
    weights = product_table.weights(tuple(jnp.asarray(states)), known)
    products = np.einsum("ja,jb->jab", known, known.conj())
    expected = np.einsum("aqc,bqc->qabc", states, states.conj())
    assert_close(np.einsum("qjc,jab->qabc", weights, products), expected, atol=1e-15)
    assert_close(weights.sum(1), 1, atol=1e-15)


@pytest.mark.parametrize(
    ("engine", "module"),
    [("unitary", unitary), ("fused", fused), ("halves", bipartite), ("heisenberg", product_table)],
)
def test_chunks_change_neither_outputs_nor_gradients(x64, engine, module, monkeypatch):
    circuit = Circuit(Angle("X"), HardwareEfficient(1, ("ry", "rz")), PauliStrings(("ZII", "XYI")))
    theta = jnp.asarray(np.random.default_rng(0).uniform(-3, 3, circuit.param_shape(3)))
    columns = jnp.asarray(np.random.default_rng(1).random((3, 10)))

    def run(theta, columns):
        outputs, pullback = jax.vjp(lambda t, c: uncached(engine, circuit, t, c), theta, columns)
        return outputs, *pullback(jnp.cos(jnp.arange(float(outputs.size))).reshape(outputs.shape))

    whole = jax.jit(run)(theta, columns)
    monkeypatch.setattr(module, "_CHUNK_BYTES", 2**10)  # a few columns: the last chunk is not full
    chunked = jax.jit(lambda t, c: run(t, c))
    assert "scan" in str(chunked.trace(theta, columns).jaxpr)
    for one, other in zip(whole, chunked(theta, columns), strict=True):
        assert_close(one, other, atol=1e-13)


def test_some_engines_are_for_qubits_that_are_independent():
    message = "engine = '{}' needs an encoding with gates on single qubits only, such as Angle{}; this one is {}"
    for engine, more in (("halves", ", and two qubits or more"), ("heisenberg", "")):
        with pytest.raises(InputError, match=message.format(engine, more, "Amplitude with 2")):
            choose_engine(Circuit(Amplitude()), 4, engine)
    with pytest.raises(InputError, match=message.format("halves", ", and two qubits or more", "Angle with 1")):
        choose_engine(Circuit(), 1, "halves")
    assert choose_engine(Circuit(), 1, "heisenberg") == "heisenberg"


def test_the_table_is_for_encodings_of_bits():
    with pytest.raises(InputError, match="engine = 'lookup' needs an encoding of bits, such as Basis; this one is Ang"):
        choose_engine(Circuit(), 4, "lookup")


SIZES = [(Circuit(ansatz=HardwareEfficient(depth)), qubits) for depth in (1, 4) for qubits in (1, 4, 9, 12, 2000)]


def test_the_engine_asked_for_is_used_whatever_it_costs():
    for engine in ("statevector", "unitary", "fused"):
        assert {choose_engine(circuit, qubits, engine) for circuit, qubits in SIZES} == {engine}


def test_the_reference_is_never_chosen_by_itself():
    assert "statevector" not in {choose_engine(circuit, qubits) for circuit, qubits in SIZES}


def test_no_unitary_is_built_that_takes_gigabytes():
    """4^n numbers, and several of them for the gradient: of 11 qubits it would be the fastest for many windows."""
    for qubits in (11, 12, 16, 2000):
        assert choose_engine(Circuit(ansatz=HardwareEfficient(8)), qubits) != "unitary"


def test_bits_are_looked_up():
    """Nothing is cheaper than reading a row, and it is exact."""
    for qubits in (1, 4, 9):
        assert choose_engine(Circuit(Basis()), qubits) == "lookup"


@pytest.mark.parametrize("engine", ENGINES)
def test_the_engine_asked_for_runs(compiled, engine, monkeypatch):
    circuit, theta, patches = compiled
    for name in ENGINES:
        fake = SimpleNamespace(read=lambda *_, name=name: jnp.full((1, 1, 1), float(len(name))))
        monkeypatch.setattr(type(engine_named(name)), "evaluation", lambda *_, fake=fake: fake)
    with jax.disable_jit():
        assert expectations(circuit, theta, patches[:1], engine) == len(engine)


def test_a_gate_on_many_qubits_is_its_own_matrix():
    """And nothing on the way is larger: a sum of products would have (2^k)^3 numbers."""
    shift = np.roll(np.eye(2**7, dtype=np.float32), 1, axis=0)
    half = jnp.asarray(shift + shift.T) / 2  # not a permutation; the size is what counts

    def built(unitary):
        gates = [Gate("any", tuple(range(7)), {"unitary": unitary}, np.dtype(np.float32))]
        return matrix_of_gates(gates, range(7), np.float32)

    np.testing.assert_array_equal(built(half), half)
    sizes = [var.aval.size for eqn in jax.make_jaxpr(built)(half).eqns for var in eqn.outvars]
    assert max(sizes) == half.size


def test_what_is_wrong_is_said():
    with pytest.raises(InputError, match=re.escape("theta has shape (2, 3, 2); allowed: (1, 3, 2)")):
        expectations(Circuit(ansatz=HardwareEfficient(1)), jnp.zeros((2, 3, 2)), jnp.zeros((1, 3)))


class Broken(Readout):
    def __init__(self, *strings: str) -> None:
        self.strings = strings

    def observables(self, num_qubits):
        return self.strings


@pytest.mark.parametrize("string", ["Z", "ZZZ", "ZQ", "z1"])
def test_a_readout_that_measures_something_else_is_refused(string):
    with pytest.raises(ValueError, match=f"Broken measures '{string}'; allowed: 2 of the letters IXYZ01"):
        Circuit(readout=Broken("ZZ", string)).observables(2)
