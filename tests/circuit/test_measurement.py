"""Observables against matrices that are multiplied out, and how many numbers they take."""

import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.identity import Identity
from qconv.circuit.circuit import Circuit
from qconv.encoding.angle import Angle
from qconv.encoding.basis import Basis
from qconv.layers.quantum_dense import QuantumDense
from qconv.lowering import observables as lowered
from qconv.lowering.observables import bases
from qconv.readout.base import OPERATORS
from qconv.readout.most_probable import MostProbableWeight
from qconv.readout.pauli import AllZZ, NeighborZZ, PauliXYZ, PauliZ
from qconv.readout.probabilities import Probabilities
from qconv.simulate.choose import EngineName
from qconv.simulate.expectations import expectations
from tests import oracle
from tests.oracle import assert_close
from tests.variants import Joined

RNG = np.random.default_rng(0)
SETS = {
    "probabilities": Probabilities().observables(6),
    "in another order": Probabilities((4, 0, 2)).observables(6),
    "the last ones": Probabilities((3, 4, 5)).observables(6),
    "pairs": AllZZ().observables(6),
    "one of each": tuple("".join(row) for row in RNG.choice(list("IZ01"), (40, 6))),
    "with others": (*PauliZ().observables(6), *Probabilities().observables(6), *NeighborZZ().observables(6)),
    "twice": ("ZIIIII", "IIIIII", "ZIIIII"),
}


@pytest.mark.parametrize("limit", [1, 8, 200, 2**16])
@pytest.mark.parametrize("observables", SETS.values(), ids=SETS)
def test_sums_over_qubits_are_products_with_diagonals(x64, observables, limit, monkeypatch):
    """Whatever matrices are allowed: each qubit by itself, a few at once, all in one matrix."""
    monkeypatch.setattr(lowered, "_MATRIX", limit)
    (basis,) = bases(observables, np.dtype(np.float64))
    probabilities, names = RNG.random((64, 3)), RNG.permutation(64)
    diagonals = [oracle.kron(*(OPERATORS[letter].diagonal() for letter in string)) for string in observables]
    found = basis.of_probabilities(jnp.asarray(probabilities), names)
    assert_close(found, np.array(diagonals) @ probabilities[np.argsort(names)], atol=1e-13)


@pytest.mark.parametrize("readout", [Probabilities(), Probabilities(tuple(range(8))), AllZZ(), PauliXYZ()], ids=str)
@pytest.mark.parametrize("num_qubits", [16, 20])
def test_no_more_numbers_than_a_few_states(readout, num_qubits):
    for basis in bases(readout.observables(num_qubits), np.dtype(np.float32)):
        assert basis.numbers[1] <= 2 * 2**num_qubits


@pytest.mark.parametrize("engine", ["fused", "unitary", "halves", "heisenberg", "lookup", "statevector"])
def test_engines_measure_many_observables_as_the_oracle(x64, engine: EngineName, monkeypatch):
    """With a limit that none of them stays below."""
    monkeypatch.setattr(lowered, "_MATRIX", 2)
    readout = Joined((Probabilities(), PauliXYZ(), AllZZ(), Probabilities((3, 1))))
    circuit = Circuit(Basis() if engine == "lookup" else Angle("X"), HardwareEfficient(1, ("ry", "rz")), readout)
    theta = jnp.asarray(RNG.uniform(-3, 3, circuit.param_shape(4)))
    patches = jnp.asarray(RNG.random((3, 4)))
    with jax.disable_jit():
        found = expectations(circuit, theta, patches, engine)
    assert_close(found, oracle.expectations(circuit, theta, patches), atol=1e-13)


@pytest.mark.parametrize("readout", [Probabilities(), Probabilities((3, 12, 7)), MostProbableWeight()], ids=str)
def test_sixteen_qubits_are_read_in_milliseconds(readout):
    """A product state, whose probabilities are products. A matrix of observables would have 2^32 numbers."""
    layer = QuantumDense(Circuit(Angle(), Identity(), readout), trainable=False)
    x = jnp.asarray(RNG.random((1, 16)), jnp.float32)
    started = time.perf_counter()
    run = jax.jit(lambda x: layer.apply({}, x))
    found = run(x)[0]
    first = time.perf_counter() - started
    ones = np.sin(np.pi * np.asarray(x[0], float) / 2) ** 2
    if isinstance(readout, MostProbableWeight):
        assert found.tolist() == [(ones > 0.5).sum()]
    else:
        qubits = readout.qubits or range(16)
        expected = oracle.kron(*(np.array([1 - ones[qubit], ones[qubit]]) for qubit in qubits))
        assert_close(found, expected, atol=1e-6)
    times = []
    for _ in range(5):
        started = time.perf_counter()
        jax.block_until_ready(run(x))
        times.append(time.perf_counter() - started)
    assert min(times) < 0.05 and first < 20


def test_the_gradient_of_all_probabilities(x64):
    """Of sum_y a_y p_y, with a product state: each factor is differentiated."""
    circuit, num_qubits = Circuit(Angle(), HardwareEfficient(1, ("ry",), "none"), Probabilities()), 10
    theta, patch = RNG.uniform(-3, 3, (1, num_qubits, 1)), RNG.random((1, num_qubits))
    factors = RNG.random((num_qubits, 2))
    weights = oracle.kron(*factors)
    found = jax.grad(lambda t: weights @ expectations(circuit, t, jnp.asarray(patch), "fused")[0])(jnp.asarray(theta))
    angles = theta[0, :, 0] + np.pi * patch[0]
    values = factors[:, 0] * np.cos(angles / 2) ** 2 + factors[:, 1] * np.sin(angles / 2) ** 2
    slopes = (factors[:, 1] - factors[:, 0]) * np.sin(angles) / 2
    assert_close(found[0, :, 0], slopes * values.prod() / values, atol=1e-14)
