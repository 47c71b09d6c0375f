"""Effective dimension: models whose Fisher information is known, and one of the dense oracle."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.base import Ansatz
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.diagnostics import states as module
from qconv.diagnostics.effective_dimension import effective_dimension, fisher_information, normalised, spectrum
from tests import oracle
from tests.diagnostics.test_gradients import EVERY_KIND
from tests.oracle import assert_close


class Turns(HardwareEfficient):
    """RY on each qubit, and nothing else."""

    def __call__(self, circuit, theta):
        for qubit in range(circuit.num_qubits):
            circuit.ry(qubit, theta=theta[0, qubit, 0])


def sampled(ansatz: Ansatz, num_qubits: int, angles: int = 5, patches: int = 4) -> np.ndarray:
    circuit = Circuit(ansatz=ansatz)
    shape = (angles, *circuit.param_shape(num_qubits))
    thetas = jax.random.uniform(jax.random.key(0), shape, minval=-math.pi, maxval=math.pi)
    return fisher_information(circuit, thetas, jax.random.uniform(jax.random.key(1), (patches, num_qubits)))


def test_independent_angles_have_fisher_information_1() -> None:
    """p(1) = sin^2 of half the angle, whose Fisher information is 1 wherever it is."""
    fisher = sampled(Turns(1, ("ry",)), 3)
    assert_close(fisher, np.broadcast_to(np.eye(3), (5, 3, 3)), atol=1e-4)
    kappa = 1000 / (2 * math.pi * math.log(1000))
    assert_close(effective_dimension(fisher, 1000), math.log(1 + kappa) / math.log(kappa), atol=1e-4)
    assert_close(spectrum(fisher), np.ones((5, 3)), atol=1e-4)


def test_angles_without_effect_do_not_count() -> None:
    """An RZ at the end changes phases only: half of the eigenvalues are 0, the others 2 on average."""
    fisher = sampled(HardwareEfficient(1, ("ry", "rz"), "cz"), 2)
    kappa = 0.5 * 500 / (2 * math.pi * math.log(500))
    assert_close(effective_dimension(fisher, 500, 0.5), math.log(1 + 2 * kappa) / math.log(kappa) / 2, atol=1e-4)
    assert_close(spectrum(fisher), np.tile([2, 2, 0, 0], (5, 1)), atol=1e-4)


def test_no_effect_at_all() -> None:
    fisher = sampled(HardwareEfficient(1, ("rz",), "cz"), 2)
    assert_close(normalised(fisher), 0, atol=0)
    assert effective_dimension(fisher, 1000) == 0


def test_no_overflow_with_many_angles() -> None:
    fisher = np.broadcast_to(np.eye(2000), (2, 2000, 2000))
    assert 1 < effective_dimension(fisher, 10**6) < 1.1


def test_fisher_information_of_the_oracle(x64: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CHUNK_BYTES", 2**11)  # several chunks, of patches too
    rng = np.random.default_rng(0)
    thetas, patches, step = rng.normal(size=(3, 3)), rng.random((5, 3)), 1e-4
    circuit = Circuit(ansatz=EVERY_KIND)
    found = fisher_information(circuit, jnp.asarray(thetas), jnp.asarray(patches))

    def probabilities(theta: np.ndarray, patch: np.ndarray) -> np.ndarray:
        register = oracle.Dense(3)
        circuit.encoding(register, jnp.asarray(patch))
        EVERY_KIND(register, theta)
        return np.abs(register.state) ** 2

    for theta, fisher in zip(thetas, found, strict=True):
        expected = np.zeros((3, 3))
        for patch in patches:
            slopes = np.stack(
                [
                    (probabilities(theta + shift, patch) - probabilities(theta - shift, patch)) / (2 * step)
                    for shift in step * np.eye(3)
                ]
            )
            expected += slopes / probabilities(theta, patch) @ slopes.T / len(patches)
        assert_close(fisher, expected, atol=1e-6)
