"""Expressibility: closed forms, Haar-random states, and the single-qubit circuits of the paper."""

from dataclasses import dataclass

import jax
import numpy as np
import pytest
from scipy.integrate import quad

from qconv.ansatz.base import Ansatz
from qconv.circuit.circuit import Circuit
from qconv.diagnostics.diagnosis import Diagnosis, diagnose_circuit
from qconv.diagnostics.expressibility import expressibility, fidelities, haar_floor, haar_log_probabilities
from qconv.diagnostics.sampling import Sampling
from tests.oracle import assert_close


def haar_states(count: int, num_qubits: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    states = rng.normal(size=(2, count, 2**num_qubits)).T @ [1, 1j]
    return (states / np.linalg.norm(states, axis=0)).T.astype(np.complex64)


@pytest.mark.parametrize("num_qubits", [1, 2, 4])
def test_bins_hold_the_integral_of_the_density(num_qubits: int) -> None:
    size = 2**num_qubits
    parts = [quad(lambda f: (size - 1) * (1 - f) ** (size - 2), b / 10, (b + 1) / 10)[0] for b in range(10)]
    assert_close(np.exp(haar_log_probabilities(num_qubits, 10)), parts, atol=1e-12)


def test_the_logarithms_do_not_underflow() -> None:
    assert np.isfinite(haar_log_probabilities(12, 75)).all()


@pytest.mark.parametrize(("num_qubits", "bins"), [(1, 75), (4, 75), (3, 10)])
def test_always_the_same_state(num_qubits: int, bins: int) -> None:
    assert_close(expressibility(np.ones(100), num_qubits, bins), (2**num_qubits - 1) * np.log(bins), atol=1e-9)


def test_haar_random_states_are_at_the_floor() -> None:
    sample = fidelities(jax.numpy.asarray(haar_states(5000, 4, 0)), jax.numpy.asarray(haar_states(5000, 4, 1)))
    overlaps = np.abs(np.sum(haar_states(5000, 4, 0).conj() * haar_states(5000, 4, 1), axis=1)) ** 2
    assert_close(sample, overlaps, atol=1e-6)
    floor = haar_floor(4, 5000, 75, seed=0)
    assert 0.002 < floor < 0.005
    assert abs(expressibility(np.asarray(sample), 4, 75) - floor) < 0.002


def test_the_floor_of_one_qubit_is_that_of_a_chi_squared() -> None:
    """All 75 bins are hit, so twice the sample times the divergence has 74 degrees of freedom."""
    assert_close(haar_floor(1, 5000, 75, seed=1), 74 / 10_000, atol=4e-4)


@dataclass(frozen=True)
class OneQubit(Ansatz):
    """The circuits of Sim et al., figure 1: H, then the rotations."""

    rotations: tuple[str, ...] = ()

    def param_shape(self, num_qubits):
        return (len(self.rotations),)

    def __call__(self, circuit, theta):
        if self.rotations:
            circuit.h(0)
        for index, rotation in enumerate(self.rotations):
            getattr(circuit, rotation)(0, theta=theta[index])


def diagnosed(ansatz: Ansatz) -> Diagnosis:
    sampling = Sampling(gradients=2, fisher_angles=1, fisher_patches=1)
    return diagnose_circuit(Circuit(ansatz=ansatz), jax.numpy.zeros((1, 1)), 1000, sampling, seed=0)


@pytest.mark.parametrize(
    ("rotations", "published", "atol"), [((), np.log(75), 1e-9), (("rz",), 0.22, 0.03), (("rz", "rx"), 0.02, 0.01)]
)
def test_single_qubit_circuits_of_the_paper(rotations: tuple[str, ...], published: float, atol: float) -> None:
    diagnosis = diagnosed(OneQubit(rotations))
    assert_close(diagnosis.ansatz.expressibility, published, atol=atol)
    assert (diagnosis.spectrum is None) == (not rotations)
    assert diagnosis.num_angles == len(rotations)
