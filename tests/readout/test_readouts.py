"""Readouts: the strings they measure, and what known states give."""

from dataclasses import dataclass
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.base import Ansatz
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.strongly_entangling import StronglyEntangling
from qconv.circuit.circuit import Circuit
from qconv.encoding.angle import Angle
from qconv.errors import InputError
from qconv.layers.quantum_conv import QuantumConv
from qconv.readout.most_probable import MostProbableWeight
from qconv.readout.pauli import AllZZ, NeighborZZ, Parity, PauliStrings, PauliXYZ, PauliZ
from qconv.readout.probabilities import Probabilities
from qconv.simulate.expectations import expectations
from tests import oracle
from tests.oracle import assert_close
from tests.variants import Joined


@pytest.mark.parametrize(
    ("readout", "num_qubits", "strings"),
    [
        (PauliZ(), 3, ("ZII", "IZI", "IIZ")),
        (PauliZ(), 1, ("Z",)),
        (PauliXYZ(), 2, ("XI", "YI", "ZI", "IX", "IY", "IZ")),
        (PauliXYZ(), 1, ("X", "Y", "Z")),
        (AllZZ(), 4, ("ZZII", "ZIZI", "ZIIZ", "IZZI", "IZIZ", "IIZZ")),
        (AllZZ(), 2, ("ZZ",)),
        (NeighborZZ(), 4, ("ZZII", "IZZI", "IIZZ")),
        (NeighborZZ(ring=True), 4, ("ZZII", "IZZI", "IIZZ", "ZIIZ")),
        (NeighborZZ(ring=True), 2, ("ZZ",)),
        (PauliStrings(("X", "IY", "ZXZ")), 3, ("XII", "IYI", "ZXZ")),
        (Parity(), 3, ("ZZZ",)),
        (Probabilities(), 2, ("00", "01", "10", "11")),
        (Probabilities((2, 0)), 3, ("0I0", "1I0", "0I1", "1I1")),  # the first named qubit is the slowest bit
        (Probabilities((1,)), 3, ("I0I", "I1I")),
    ],
)
def test_observables(readout, num_qubits, strings):
    assert readout.observables(num_qubits) == strings
    assert readout.num_channels(num_qubits) == len(strings)


@dataclass(frozen=True)
class Bell(Ansatz):
    """(|00> + |11>) / sqrt(2)."""

    def param_shape(self, num_qubits):
        return (0,)

    def __call__(self, circuit, theta):
        circuit.h(0)
        circuit.cnot(0, 1)


@pytest.mark.parametrize("engine", ["unitary", "statevector"])
def test_bell_pair(engine):
    strings = PauliStrings(("ZZ", "XX", "YY", "ZI", "IZ", "XI", "XY", "ZX"))
    circuit = Circuit(Angle(scale=0.0), Bell(), strings)
    found = expectations(circuit, jnp.zeros(0), jnp.zeros((1, 2)), engine)
    assert_close(found, [[1, 1, -1, 0, 0, 0, 0, 0]], atol=1e-6)


@pytest.fixture(scope="module")
def measured() -> dict[str, np.ndarray]:
    """Every readout on the same random states."""
    with jax.enable_x64(True):
        rng = np.random.default_rng(1)
        theta, patches = jnp.asarray(rng.uniform(-3, 3, (2, 3, 3))), jnp.asarray(rng.uniform(size=(5, 3)))
        readouts = {
            "all": Probabilities(),
            "some": Probabilities((2, 0)),
            "parity": Parity(),
            "z": PauliZ(),
            "zz": NeighborZZ(ring=True),
            "strings": PauliStrings(("Z", "IZZ", "ZIZ")),
        }
        circuit = Circuit(Angle("X"), StronglyEntangling(2), Joined(tuple(readouts.values())))
        outputs = np.asarray(expectations(circuit, theta, patches))
        ends = np.cumsum([readout.num_channels(3) for readout in readouts.values()])
        return dict(zip(readouts, np.split(outputs, ends[:-1], axis=1), strict=True))


def test_probabilities_are_probabilities(measured):
    assert measured["all"].min() >= 0
    assert_close(measured["all"].sum(axis=1), 1, atol=1e-14)


def test_marginals_are_sums_of_probabilities(measured):
    joint = measured["all"].reshape(5, 2, 2, 2)
    assert_close(measured["some"], joint.sum(axis=2).transpose(0, 2, 1).reshape(5, 4), atol=1e-14)


def test_z_strings_are_signed_sums_of_probabilities(measured):
    signs = 1 - 2 * np.array(list(product((0, 1), repeat=3)))
    assert_close(measured["z"], measured["all"] @ signs, atol=1e-14)
    assert_close(measured["parity"][:, 0], measured["all"] @ signs.prod(axis=1), atol=1e-14)
    neighbours = np.stack([signs[:, 0] * signs[:, 1], signs[:, 1] * signs[:, 2], signs[:, 2] * signs[:, 0]], axis=1)
    assert_close(measured["zz"], measured["all"] @ neighbours, atol=1e-14)
    assert_close(measured["strings"][:, 0], measured["z"][:, 0], atol=1e-14)
    assert_close(measured["strings"][:, 1:], measured["zz"][:, 1:], atol=1e-14)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PauliStrings(()), r"strings = \(\); allowed"),
        (lambda: PauliStrings(("ZQ",)), "Pauli string 'ZQ'; allowed: .* I, X, Y, Z"),
        (lambda: PauliStrings(("",)), "Pauli string ''"),
        (lambda: PauliStrings(("ZZZ",)).observables(2), "'ZZZ' is longer than the register of 2 qubits"),
        (lambda: NeighborZZ().observables(1), "NeighborZZ joins pairs of qubits, but there are 1; allowed: at least 2"),
        (lambda: AllZZ().observables(1), "AllZZ joins pairs of qubits, but there are 1; allowed: at least 2"),
        (lambda: Probabilities(()), r"qubits = \(\); allowed"),
        (lambda: Probabilities((0, 0)), r"qubits = \(0, 0\); allowed: .* different"),
        (lambda: Probabilities((0, 3)).observables(3), "qubit 3 is measured; allowed: 0 .. 2"),
        (lambda: Probabilities((-1,)).observables(3), "qubit -1 is measured; allowed: 0 .. 2"),
    ],
)
def test_what_is_not_allowed_is_said(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_weight_of_the_most_probable_outcome():
    circuit = Circuit(Angle(), HardwareEfficient(2, ("rx", "ry")), MostProbableWeight())
    theta = np.random.default_rng(3).uniform(-3, 3, circuit.param_shape(3)).astype(np.float32)
    patches = np.random.default_rng(4).random((20, 3), np.float32)
    whole = Circuit(circuit.encoding, circuit.ansatz, Probabilities())
    probabilities = oracle.expectations(whole, jnp.asarray(theta), jnp.asarray(patches))
    expected = [bin(row.argmax()).count("1") for row in np.asarray(probabilities)]
    assert len(set(expected)) > 1
    assert expectations(circuit, jnp.asarray(theta), jnp.asarray(patches))[:, 0].tolist() == expected


def test_what_has_no_gradient_is_not_trained():
    circuit = Circuit(readout=MostProbableWeight())
    assert QuantumConv(circuit, trainable=False).num_channels(1) == 1
    with pytest.raises(InputError, match="trainable = True; allowed: False with the readout MostProbableWeight"):
        QuantumConv(circuit)
