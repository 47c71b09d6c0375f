"""Measurements of circuits against closed forms and the dense oracle."""

import math
from dataclasses import dataclass

import jax
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.identity import Identity
from qconv.ansatz.sim import SimCircuit
from qconv.errors import InputError
from qconv.experiment.spec import from_json, to_json
from qconv.measurements.base import Measured, Measurement
from qconv.measurements.entanglement import EntanglingCapability
from qconv.measurements.expressibility import Expressibility
from qconv.measurements.gradient_variance import GradientVariance
from qconv.measurements.log_slope import LogSlope
from qconv.measurements.random_states import random_states
from qconv.readout.probabilities import Probabilities
from tests import oracle
from tests.oracle import assert_close

RY = HardwareEfficient(1, ("ry",), "cz", "chain")


def test_random_states_are_those_of_the_oracle(x64: None) -> None:
    ansatz = SimCircuit(19, 1)
    found = np.asarray(random_states(ansatz, 3, 4, 5))
    thetas = jax.random.uniform(jax.random.key(5), (4, 9), minval=-math.pi, maxval=math.pi)
    for theta, state in zip(thetas, found, strict=True):
        register = oracle.Dense(3)
        ansatz(register, theta)
        assert_close(state, register.state, atol=1e-12)


def test_circuits_whose_entanglement_is_known() -> None:
    for circuit, expected in ((1, (0, 4)), (9, (1, 2))):
        found = EntanglingCapability(0, SimCircuit(circuit), 2, 50).measure()
        assert found[:2] == pytest.approx(expected, abs=1e-12) and found.per_item is None


def test_entanglement_of_two_rotations_and_a_cz() -> None:
    """CZ on cos a|0> + sin a|1> and the same with b: Q = (sin 2a sin 2b)^2 with 2a, 2b the angles, of mean 1/4.

    Its square has mean (3/8)^2: five standard errors of 4,000 states.
    """
    found = EntanglingCapability(ansatz=RY, num_qubits=2, samples=4000, seed=1).measure().value
    assert_close(found, 1 / 4, atol=5 * math.sqrt(((3 / 8) ** 2 - 1 / 16) / 4000))


def test_a_circuit_that_does_nothing_is_not_expressive() -> None:
    found = Expressibility(ansatz=Identity(), num_qubits=2, pairs=10).measure()
    assert found.num_parameters == 0
    assert_close(found.value, 3 * math.log(75), atol=1e-9)


def test_the_seed_is_that_of_the_angles() -> None:
    values = [EntanglingCapability(seed, SimCircuit(2), 2, 50).measure().value for seed in (0, 0, 1)]
    assert values[0] == values[1] != values[2]


@pytest.mark.parametrize("num_qubits", [1, 3])
def test_variance_of_the_gradient_of_product_states(num_qubits: int) -> None:
    """The probability of 0...0 after RY on each qubit is the product of cos^2(theta_q / 2).

    Its derivative by one angle has the variance (1/8) (3/8)^(n - 1), since cos^4 has mean 3/8.
    """
    samples = 3000
    spec = GradientVariance(0, HardwareEfficient(1, ("ry",), "cz"), num_qubits, Zeros(), samples)
    found = spec.measure()
    assert found.num_parameters == num_qubits
    expected = 1 / 8 * (3 / 8) ** (num_qubits - 1)
    # Squares have mean fourth powers (3/128) (35/128)^(n - 1), of one angle; averaging over angles only helps.
    fourth = 3 / 128 * (35 / 128) ** (num_qubits - 1)
    assert_close(found.value, expected, atol=5 * math.sqrt((fourth - expected**2) / samples))


@dataclass(frozen=True)
class Zeros(Probabilities):
    """The first outcome alone."""

    def observables(self, num_qubits):
        return super().observables(num_qubits)[:1]


@dataclass(frozen=True)
class Known(Measurement):
    value: float = 1.0

    def measure(self) -> Measured:
        return Measured(self.value)


def test_slope_of_a_power_of_two() -> None:
    points = tuple(Known(value=5 * 2 ** (-1.5 * n)) for n in (2, 3, 7))
    assert LogSlope(points=points, at=(2.0, 3.0, 7.0)).measure().value == pytest.approx(-1.5)
    with pytest.raises(InputError, match=r"values = \[0.0, 1.0\]; allowed: more than 0"):
        LogSlope(points=(Known(value=0.0), Known()), at=(1.0, 2.0)).measure()
    for at in ((1.0,), (1.0, 1.0)):
        with pytest.raises(InputError, match="allowed: as many, at two or more places"):
            LogSlope(points=(Known(), Known()), at=at)


def test_a_measurement_is_a_spec() -> None:
    points = (GradientVariance(), GradientVariance(num_qubits=5))
    for spec in (Expressibility(), EntanglingCapability(), LogSlope(points=points, at=(4.0, 5.0))):
        assert from_json(to_json(spec)) == spec


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (Expressibility, {"num_qubits": 0}, "num_qubits = 0; allowed: 1 to 20"),
        (Expressibility, {"bins": 1}, "bins = 1; allowed: at least 2"),
        (EntanglingCapability, {"samples": 1}, "samples = 1; allowed: at least 2"),
        (GradientVariance, {"num_qubits": 21}, "num_qubits = 21; allowed: 1 to 20"),
    ],
)
def test_what_cannot_be_measured(kind: type, values: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        kind(**values)
