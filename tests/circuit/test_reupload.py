"""Circuits whose encoding and ansatz are repeated, and factors of the data: the engines against the dense oracle."""

import re
from dataclasses import dataclass
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.qcnn import QCNN
from qconv.ansatz.strongly_entangling import StronglyEntangling
from qconv.circuit.circuit import Circuit
from qconv.encoding.amplitude import Amplitude
from qconv.encoding.angle import Angle
from qconv.encoding.base import Encoding
from qconv.encoding.basis import Basis
from qconv.encoding.dense_angle import DenseAngle
from qconv.encoding.higher_order import HigherOrderAngle
from qconv.encoding.hybrid import HybridAngle
from qconv.encoding.iqp import IQP
from qconv.errors import InputError
from qconv.readout.pauli import PauliStrings
from qconv.simulate import fused, unitary
from qconv.simulate.choose import EngineChoice, EngineName, choose_engine
from qconv.simulate.expectations import expectations
from tests import oracle
from tests.oracle import assert_close
from tests.variants import uncached

ENGINES = [name for name in get_args(EngineName) if name not in ("halves", "heisenberg", "lookup")]  # those take one
READOUT = PauliStrings(("ZII", "IYX", "ZXY"))


@dataclass(frozen=True)
class Tangled(Encoding):
    """Gates of the data that share qubits with each other and with constants, in an order that matters."""

    def num_qubits(self, patch_size):
        return patch_size

    def __call__(self, circuit, patch):
        circuit.unitary(1, unitary=oracle.u(0.3, 0.2, 0.1))
        circuit.rzz(2, 0, theta=patch[0])
        circuit.crx(1, 2, theta=patch[1])
        circuit.cnot(2, 0)
        circuit.ry(0, theta=patch[2])
        circuit.rx(0, theta=patch[0])
        circuit.cphase(2, 1, theta=patch[2])
        circuit.u(2, theta=patch[0], phi=0.4, lbd=patch[1])


def example(circuit: Circuit, patch_size: int = 3, count: int = 4, dtype: type = np.float64):
    """Angles, patches and, if the circuit has them, factors."""
    rng = np.random.default_rng(0)
    arrays = [rng.uniform(-3, 3, circuit.param_shape(patch_size)), rng.uniform(size=(count, patch_size))]
    if circuit.trainable_scaling:
        arrays.append(rng.uniform(0.5, 1.5, circuit.scaling_shape(patch_size)))
    return [jnp.asarray(array, dtype) for array in arrays]


def measured(circuit: Circuit, engine: EngineChoice, theta, patches, *scaling):
    """Gate by gate with the reference, which takes long to compile; the others take long without."""
    if engine == "statevector":
        with jax.disable_jit():
            return expectations(circuit, theta, patches, engine, *scaling)
    return expectations(circuit, theta, patches, engine, *scaling)


CIRCUITS = [
    (Angle("X"), HardwareEfficient(2), 1),
    (Angle("Y", -1.3), HardwareEfficient(1, ("ry",), "cnot", "chain"), 3),  # all gates are real
    (Tangled(), HardwareEfficient(1), 1),
    (Tangled(), HardwareEfficient(1, ("ry",)), 3),
    (Angle("Y"), StronglyEntangling(1), 3),
    (Angle("Z"), HardwareEfficient(1, ("rx",), "cz", "all"), 0),
    (HigherOrderAngle(), HardwareEfficient(0), 1),
    (IQP(1), HardwareEfficient(3, ("ry", "rz")), 3),
]
SOON = [("unitary", 0), ("fused", 0), ("unitary", 1), ("fused", 3)]


@pytest.mark.parametrize(
    ("engine", "encoding", "ansatz", "reuploads"),
    [
        pytest.param(engine, *CIRCUITS[number], marks=() if (engine, number) in SOON else pytest.mark.slow)
        for engine in ENGINES
        for number in range(len(CIRCUITS))
    ],
    ids=str,
)
def test_engines_equal_the_oracle(x64, engine, encoding, ansatz, reuploads):
    circuit = Circuit(encoding, ansatz, READOUT, reuploads, trainable_scaling=True)
    arrays = example(circuit)
    assert_close(measured(circuit, engine, *arrays), oracle.expectations(circuit, *arrays), atol=1e-12)


@pytest.mark.parametrize("engine", ["halves", "fused"])
def test_factors_of_a_single_encoding(x64, engine):
    circuit = Circuit(Angle("Y"), HardwareEfficient(1), READOUT, trainable_scaling=True)
    arrays = example(circuit)
    assert_close(measured(circuit, engine, *arrays), oracle.expectations(circuit, *arrays), atol=1e-12)


@pytest.mark.parametrize("engine", ["unitary", "fused"])
def test_what_the_last_ansatz_hides_is_seen_in_earlier_ones(x64, engine):
    """Qubit 2 is outside the light cone of qubit 0 only in the last block."""
    circuit = Circuit(Angle(), HardwareEfficient(1, ("ry",), "cnot", "chain"), PauliStrings(("XII",)), reuploads=2)
    theta, patches = example(circuit)
    assert_close(measured(circuit, engine, theta, patches), oracle.expectations(circuit, theta, patches), atol=1e-12)
    moved = oracle.expectations(circuit, theta, patches.at[:, 2].add(0.3))
    assert np.abs(moved - oracle.expectations(circuit, theta, patches)).min() > 1e-3


@pytest.mark.parametrize(
    ("engine", "encoding"),
    [
        pytest.param(engine, encoding, marks=() if (engine, encoding) == ("unitary", Basis()) else pytest.mark.slow)
        for engine in ENGINES
        for encoding in (Basis(), DenseAngle("XZ"))
    ],
    ids=str,
)
def test_without_factors_too(x64, engine, encoding):
    circuit = Circuit(encoding, HardwareEfficient(2), PauliStrings(("ZI", "YX")), reuploads=2)
    arrays = example(circuit, 2 if encoding == Basis() else 3)
    assert_close(measured(circuit, engine, *arrays), oracle.expectations(circuit, *arrays), atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["unitary", "fused"])
def test_several_blocks_of_qubits(x64, engine):
    """Six qubits are two blocks for both engines: the rows of the states move."""
    circuit = Circuit(Angle("X"), HardwareEfficient(2), PauliStrings(("ZIIIII", "XIYIZI")), 3, trainable_scaling=True)
    arrays = example(circuit, 6)
    assert_close(measured(circuit, engine, *arrays), oracle.expectations(circuit, *arrays), atol=1e-12)


@pytest.mark.parametrize(
    ("engine", "axis", "reuploads"),
    [
        pytest.param(engine, axis, count, marks=() if (axis, count) == ("Y", 3) else pytest.mark.slow)
        for engine in ENGINES
        for axis in ("X", "Y")
        for count in (0, 1, 3)
    ],
)
def test_one_rotation_over_and_over_in_closed_form(x64, engine, axis, reuploads):
    """Without an ansatz the angles add up: <Z> = cos(sum of factors * scale * x)."""
    circuit = Circuit(Angle(axis, 0.9), HardwareEfficient(0, ("ry",)), reuploads=reuploads, trainable_scaling=True)
    x = jnp.linspace(-1, 2, 7)[:, None]
    factors = jnp.linspace(0.5, 1.7, reuploads + 1)[:, None]
    theta = jnp.zeros(circuit.param_shape(1))
    assert_close(measured(circuit, engine, theta, x, factors), np.cos(factors.sum() * 0.9 * x), atol=1e-14)
    if axis == "Y":
        assert_close(measured(circuit, engine, theta, x), np.cos((reuploads + 1) * 0.9 * x), atol=1e-14)


@pytest.mark.parametrize(
    ("engine", "encoding"),
    [
        ("unitary", Angle("Y")),
        pytest.param("fused", Angle("Y"), marks=pytest.mark.slow),
        pytest.param("unitary", IQP(1, scale=0.7), marks=pytest.mark.slow),
        pytest.param("fused", HigherOrderAngle(), marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_gradients_equal_central_differences_of_the_oracle(x64, engine, encoding):
    circuit = Circuit(encoding, HardwareEfficient(1), READOUT, reuploads=3, trainable_scaling=True)
    arrays = example(circuit, count=2)
    weights = np.array([[0.7, -1.1, 0.4], [0.3, 0.9, -0.6]])
    step = 1e-3
    rules = {step: 2 / 3, -step: -2 / 3, 2 * step: -1 / 12, -2 * step: 1 / 12}  # of fourth order
    gradients = jax.jit(jax.grad(lambda *own: (measured(circuit, engine, *own) * weights).sum(), argnums=(0, 1, 2)))
    for position, gradient in enumerate(gradients(*arrays)):
        assert gradient.shape == arrays[position].shape
        for index in list(np.ndindex(gradient.shape))[::7]:
            expected = 0.0
            for shift, factor in rules.items():
                moved = [array.at[index].add(shift) if i == position else array for i, array in enumerate(arrays)]
                expected += factor / step * (oracle.expectations(circuit, *moved) * weights).sum()
            assert_close(gradient[index], expected, atol=2e-9)


@pytest.mark.slow
@pytest.mark.parametrize(("module", "trainable_scaling"), [(unitary, True), (unitary, False), (fused, True)], ids=str)
def test_chunks_change_neither_outputs_nor_gradients(x64, module, trainable_scaling, monkeypatch):
    circuit = Circuit(Angle("X"), HardwareEfficient(1), READOUT, 2, trainable_scaling)
    theta, patches, *scaling = example(circuit, count=10)

    def run(theta, columns, *scaling):
        name = module.__name__.rpartition(".")[2]
        outputs, pullback = jax.vjp(lambda *own: uncached(name, circuit, *own), theta, columns, *scaling)
        return outputs, *pullback(jnp.cos(jnp.arange(float(outputs.size))).reshape(outputs.shape))

    whole = jax.jit(run)(theta, patches.T, *scaling)
    monkeypatch.setattr(module, "_CHUNK_BYTES", 3 * 4 * 2**5 * 8)
    chunked = jax.jit(lambda *own: run(*own))(theta, patches.T, *scaling)
    for one, other in zip(whole, chunked, strict=True):
        assert_close(one, other, atol=1e-13)


def test_blocks_are_a_loop(x64):
    """Compile time does not grow with their number."""
    for engine in ("unitary", "fused"):
        sizes = []
        for reuploads in (4, 9):
            circuit = Circuit(Angle(), HardwareEfficient(1), READOUT, reuploads)
            jaxpr = jax.make_jaxpr(lambda *own, c=circuit, e=engine: measured(c, e, *own))(*example(circuit))
            sizes.append(str(jaxpr).count("dot_general"))
        assert sizes[0] == sizes[1]


def test_shapes():
    circuit = Circuit(ansatz=HardwareEfficient(3), reuploads=2)
    assert circuit.param_shape(4) == (3, 3, 4, 2)
    assert circuit.scaling_shape(4) == (3, 4)
    assert Circuit(ansatz=HardwareEfficient(3)).param_shape(4) == (3, 4, 2)
    assert Circuit(trainable_scaling=True).scaling_shape(4) == (1, 4)


def test_engines_that_take_one_encoding_apart_are_never_chosen_for_several():
    for encoding in (Angle(), Basis()):
        for qubits in (1, 4, 9, 12):
            for reuploads in (1, 5):
                assert choose_engine(Circuit(encoding, reuploads=reuploads), qubits) in ("unitary", "fused")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Circuit(reuploads=-1), "reuploads = -1; allowed: 0 or more"),
        (
            lambda: Circuit(Basis(), trainable_scaling=True),
            "trainable_scaling = True; allowed: False with the encoding Basis: bits have no gradient",
        ),
        (
            lambda: Circuit(Amplitude(), reuploads=2).param_shape(4),
            "reuploads = 2; allowed: 0 with the encoding Amplitude, which sets the state of the register instead of "
            "appending gates",
        ),
        (
            lambda: Circuit(HybridAngle(), trainable_scaling=True).param_shape(4),
            "trainable_scaling = True; allowed: False with the encoding HybridAngle, which sets the state",
        ),
        (
            lambda: choose_engine(Circuit(Basis(), reuploads=1), 4, "lookup"),
            "engine = 'lookup' looks up one encoding, but reuploads = 1; allowed: 0",
        ),
        (
            lambda: choose_engine(Circuit(reuploads=1), 4, "halves"),
            "engine = 'halves' takes one encoding apart, but reuploads = 1; allowed: 0",
        ),
        (
            lambda: choose_engine(Circuit(reuploads=1), 4, "heisenberg"),
            "engine = 'heisenberg' takes one encoding apart, but reuploads = 1; allowed: 0",
        ),
        (
            lambda: Circuit(ansatz=QCNN(), reuploads=1).param_shape(8),
            "reuploads = 1; allowed: 0 with the ansatz QCNN, which keeps 1 of 8 qubits",
        ),
        (
            lambda: expectations(Circuit(reuploads=1), jnp.zeros((2, 3, 2)), jnp.zeros((1, 3))),
            "theta has shape (2, 3, 2); allowed: (2, 2, 3, 2)",
        ),
        (
            lambda: expectations(Circuit(), jnp.zeros((2, 3, 2)), jnp.zeros((1, 3)), scaling=jnp.ones((1, 3))),
            "scaling is given to a circuit with trainable_scaling = False; allowed: None",
        ),
        (
            lambda: expectations(
                Circuit(trainable_scaling=True), jnp.zeros((2, 3, 2)), jnp.zeros((1, 3)), scaling=jnp.ones((2, 3))
            ),
            "scaling has shape (2, 3); allowed: (1, 3)",
        ),
    ],
)
def test_what_cannot_be_is_refused(build, message):
    with pytest.raises(InputError, match=re.escape(message)):
        build()
