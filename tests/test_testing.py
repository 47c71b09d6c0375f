"""The public contract checks: over every variant there is, and against variants broken on purpose."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
import pytest

from qconv.ansatz.base import Ansatz
from qconv.circuit.circuit import Circuit
from qconv.circuit.tree import Tree
from qconv.encoding.base import Encoding
from qconv.experiment.discovery import available
from qconv.experiment.loading import load
from qconv.fields import fields
from qconv.readout.base import Readout
from qconv.testing import check_ansatz, check_encoding, check_readout
from tests.variants import catalogue

CHECKS = {Encoding: check_encoding, Ansatz: check_ansatz, Readout: check_readout}


def circuits(spec: Any) -> list[Circuit | Tree]:
    """The circuits and trees anywhere in a spec."""
    if isinstance(spec, Circuit | Tree):
        return [spec]
    if isinstance(spec, tuple):
        return [circuit for item in spec for circuit in circuits(item)]
    if not dataclasses.is_dataclass(spec):
        return []
    return [circuit for value in fields(spec).values() for circuit in circuits(value)]


def variants() -> list[Any]:
    """Each class of qconv with its defaults, and each instance in an experiment."""
    found: list[Any] = []
    for base in CHECKS:
        found += catalogue(base)
    for name in available():
        for circuit in circuits(load(name)[0].model):
            found += [circuit.encoding, circuit.ansatz, circuit.readout]
    return list(dict.fromkeys(found))


VARIANTS = variants()


def test_the_variants_are_all_there():
    names = {type(variant).__name__ for variant in VARIANTS}
    assert names >= {"Angle", "Amplitude", "Basis", "HardwareEfficient", "StronglyEntangling", "RandomLayers"}
    assert names >= {"BasicEntangler", "SU4Brickwork", "SimCircuit", "HurConvolution", "HurPooling"}
    assert names >= {"DenseAngle", "HigherOrderAngle", "IQP", "FRQI", "NEQR", "HybridDirect", "HybridAngle"}
    assert names >= {"PauliZ", "NeighborZZ", "PauliStrings", "Parity", "Probabilities", "RingRZZ"}
    assert names >= {"PauliXYZ", "AllZZ", "MostProbableWeight"}


FAMILIES = ("Angle", "Amplitude", "Basis", "HardwareEfficient", "RandomLayers", "PauliZ", "PauliStrings", "RingRZZ")
MARKED = [pytest.param(v, marks=[pytest.mark.slow] * (type(v).__name__ not in FAMILIES)) for v in VARIANTS]


@pytest.mark.parametrize("variant", MARKED, ids=str)
def test_every_variant_keeps_the_contract(variant):
    next(check for base, check in CHECKS.items() if isinstance(variant, base))(variant)


@dataclass(frozen=True)
class Rotations(Ansatz):
    """Sound; what follows breaks one thing each."""

    shape: tuple[int, ...] = (3,)
    """Shape of theta."""

    def param_shape(self, num_qubits):
        return self.shape

    def __call__(self, circuit, theta):
        for qubit in range(3):
            circuit.ry(qubit, theta=theta[qubit])


@dataclass
class NotFrozen(Ansatz):
    """Mutable."""

    def param_shape(self, num_qubits):
        return (1,)

    def __call__(self, circuit, theta):
        circuit.rx(0, theta=theta[0])


@dataclass(frozen=True)
class Undocumented(Rotations):
    """A field without a docstring."""

    depth: int = 1


@dataclass(frozen=True)
class Unequal(Rotations):
    """Copies differ."""

    token: int = field(default=0, compare=False)
    """Not compared."""

    def __eq__(self, other):
        return self is other

    def __hash__(self):
        return 0


@dataclass(frozen=True)
class NotJson(Rotations):
    """A field that a spec cannot hold."""

    angles: frozenset[int] = frozenset()
    """Angles."""


@dataclass(frozen=True)
class Impure(Rotations):
    """Another shape at each call."""

    def param_shape(self, num_qubits):
        CALLS.append(num_qubits)
        return (len(CALLS),)


CALLS: list[int] = []


@dataclass(frozen=True)
class NotUnitary(Rotations):
    """A gate that shrinks the state."""

    def __call__(self, circuit, theta):
        super().__call__(circuit, theta)
        circuit.unitary(0, unitary=jnp.diag(jnp.array([1.0, 0.5])))


@dataclass(frozen=True)
class Branching(Rotations):
    """Decides by the value of an angle: not possible in compiled code."""

    def __call__(self, circuit, theta):
        super().__call__(circuit, theta)
        if theta[0] > 10:
            circuit.x(0)


@dataclass(frozen=True)
class UnknownGate(Rotations):
    """A gate that there is not."""

    def __call__(self, circuit, theta):
        circuit.rzq(0, theta=theta[0])


@dataclass(frozen=True)
class Restless(Rotations):
    """Another circuit each time it is recorded."""

    def __call__(self, circuit, theta):
        super().__call__(circuit, theta)
        CALLS.append(0)
        circuit.rx(0, theta=float(len(CALLS)))


@dataclass(frozen=True)
class OnlyTape(Rotations):
    """Something else on a TensorCircuit circuit."""

    def __call__(self, circuit, theta):
        super().__call__(circuit, theta)
        if type(circuit).__name__ == "Tape":
            circuit.x(0)


@dataclass(frozen=True)
class Unnormalised(Encoding):
    """Amplitudes without a norm."""

    def num_qubits(self, patch_size):
        return 2

    def __call__(self, circuit, patch):
        circuit.replace_inputs(patch)


@dataclass(frozen=True)
class Unguarded(Unnormalised):
    """Not a number for a dark patch."""

    def __call__(self, circuit, patch):
        circuit.replace_inputs(patch / jnp.linalg.norm(patch))


@dataclass(frozen=True)
class Blind(Encoding):
    """Leaves out the last number."""

    def num_qubits(self, patch_size):
        return patch_size

    def __call__(self, circuit, patch):
        for qubit in range(patch.shape[0] - 1):
            circuit.ry(qubit, theta=patch[qubit])


@dataclass(frozen=True)
class Strings(Readout):
    """Any strings."""

    strings: Any = ("ZZZZ",)
    """What is measured."""

    def observables(self, num_qubits):
        return self.strings


@dataclass(frozen=True)
class Miscounting(Strings):
    """Says another number of channels."""

    def num_channels(self, num_qubits):
        return 2


@pytest.mark.parametrize(
    ("variant", "message"),
    [
        (NotFrozen(), "NotFrozen is not a frozen dataclass"),
        (Undocumented(), "field depth has no docstring"),
        (Unequal(), "Unequal does not equal a copy"),
        (NotJson(), "to_json and from_json fails with InputError: a spec holds frozenset"),
        (Impure(), r"param_shape gives \(\d+,\), and then \(\d+,\)"),
        (Rotations((2,)), r"angles beyond param_shape \(2,\) are used: .* index 2 is out of bounds"),
        (Rotations((4,)), r"theta\[3\] has no effect; is param_shape \(4,\) too large"),
        (NotUnitary(), r"gate any on qubits \(0,\) is not unitary"),
        (Branching(), "recording the gates fails with TracerBoolConversionError"),
        (UnknownGate(), "recording the gates fails with AttributeError: no gate 'rzq'"),
        (Restless(), "computed twice, the states differ"),
        (OnlyTape(), "the engines disagree"),
        (Unnormalised(), r"the state has norm \d.\d+; allowed: 1"),
        (Unguarded(), "the state of a patch of zeros does not have norm 1"),
        (Blind(), "number 3 of the patch has no effect"),
        (Strings(("ZZZ",)), "observable 'ZZZ'; allowed: 4 of the letters"),
        (Strings(("ZZZQ",)), "observable 'ZZZQ'; allowed"),
        (Strings(()), r"observables are \(\); allowed: a tuple"),
        (Strings("ZZZZ"), "observables are 'ZZZZ'; allowed: a tuple"),
        (Miscounting(), "num_channels is 2, but decode gives 1 channels"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_a_broken_variant_is_refused(variant, message):
    check = next(check for base, check in CHECKS.items() if isinstance(variant, base))
    with pytest.raises(AssertionError, match=message):
        check(variant)


def test_a_sound_variant_of_ones_own_passes():
    check_ansatz(Rotations())
