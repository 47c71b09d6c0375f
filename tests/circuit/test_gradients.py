"""Gradients against the parameter-shift rule and central differences of the dense oracle."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.encoding.amplitude import Amplitude
from qconv.encoding.angle import Angle
from qconv.encoding.base import Encoding
from qconv.readout.pauli import PauliStrings
from qconv.simulate.choose import EngineName
from qconv.simulate.expectations import expectations
from tests import oracle
from tests.oracle import assert_close
from tests.variants import TABLE, Gates

ENGINES = [name for name in get_args(EngineName) if name != "lookup"]  # that one has no gradient in the patches
READOUT = PauliStrings(("ZII", "XYI", "YZX"))
WEIGHTS = np.array([0.7, -1.1, 0.4])
SQRT2 = math.sqrt(2)
# Derivative = sum of factor * f(angle + shift). Generators with eigenvalues one apart take two terms; those of
# controlled rotations (-1/2, 0, 1/2) four: Anselmetti et al., New J. Phys. 23, 113010 (2021), eq. 5.
TWO_TERMS = {math.pi / 2: 0.5, -math.pi / 2: -0.5}
FOUR_TERMS = {
    sign * shift: sign * factor
    for sign in (1, -1)
    for shift, factor in ((math.pi / 2, (SQRT2 + 1) / (4 * SQRT2)), (3 * math.pi / 2, -(SQRT2 - 1) / (4 * SQRT2)))
}
STEP = 1e-3
DIFFERENCES = {
    sign * steps * STEP: sign * factor / STEP for sign in (1, -1) for steps, factor in ((1, 2 / 3), (2, -1 / 12))
}


def rule(gate: str, angle: int) -> dict[float, float]:
    """The rule for one of a gate's angles: shifts, and factors."""
    if gate in ("crx", "cry", "crz", "orx", "ory", "orz") or (gate == "cu" and angle == 0):
        return FOUR_TERMS
    return DIFFERENCES if gate in ("iswap", "r", "cr", "exp", "exp1") else TWO_TERMS


def loss(circuit: Circuit, theta: np.ndarray, patch: np.ndarray) -> float:
    """A weighted sum of the oracle's expectations."""
    return (oracle.expectations(circuit, theta, jnp.asarray(patch)[None]) @ WEIGHTS).item()


def shifted(function: Callable[[np.ndarray], float], point: np.ndarray, index: int, terms: dict[float, float]) -> float:
    return sum(factor * function(point + shift * np.eye(len(point))[index]) for shift, factor in terms.items())


def expected_gradient(encoding: Encoding, ansatz: Gates, theta: np.ndarray, patch: np.ndarray) -> np.ndarray:
    """Each occurrence of an angle is shifted on its own; those of a shared angle add up."""
    indices = [index for _, _, indices in ansatz.gates for index in indices]
    rules = [rule(name, angle) for name, _, indices in ansatz.gates for angle in range(len(indices))]
    numbers = iter(range(len(indices)))
    gates = tuple((name, qubits, tuple(next(numbers) for _ in own)) for name, qubits, own in ansatz.gates)
    apart = Circuit(encoding, Gates(gates, len(indices)), READOUT)
    gradient = np.zeros(ansatz.num_params)
    for occurrence, (index, terms) in enumerate(zip(indices, rules, strict=True)):
        gradient[index] += shifted(lambda angles: loss(apart, angles, patch), theta[indices], occurrence, terms)
    return gradient


START = (("ry", (0,), (0,)), ("rx", (1,), (1,)), ("ry", (2,), (2,)), ("cnot", (0, 1), ()), ("cnot", (1, 2), ()))
"""Shares angles 0 to 2 with the gates under test, and brings every qubit into superposition."""
EXACT = ["rx", "ry", "rz", "rxx", "ryy", "rzz", "phase", "cphase", "u", "cu"]
EXACT += ["crx", "cry", "crz", "orx", "ory", "orz"]
OTHERS = ["iswap", "r", "cr", "exp", "exp1"]
THETA, PATCH = np.array([0.4, -1.2, 2.3]), np.array([0.2, 0.7, 0.45])


def with_gates(names: list[str]) -> Gates:
    gates = [(name, (1, 2, 0)[: TABLE[name][0]], (0, 1, 2)[: len(TABLE[name][1])]) for name in names]
    return Gates((*START, *gates), 3)


@dataclass(frozen=True)
class Entangling(Encoding):
    """An encoding of a user's own, whose gates share pixels."""

    def num_qubits(self, patch_size):
        return 3

    def __call__(self, circuit, patch):
        circuit.rx(0, theta=patch[0] ** 2)
        circuit.crz(0, 1, theta=patch[0] * patch[1])
        circuit.rxx(1, 2, theta=patch[2])


ENTANGLED = [name for name in ENGINES if name not in ("halves", "heisenberg")]  # those need independent qubits


@pytest.mark.parametrize(
    ("names", "atol", "encoding", "patch_atol", "engine"),
    [pytest.param(EXACT, 1e-13, Angle("Z", -1.3), 1e-13, name, id=f"exact-{name}") for name in ENGINES]
    + [
        pytest.param(OTHERS, 1e-9, Amplitude(3), 1e-9, name, id=f"differences-{name}", marks=pytest.mark.slow)
        for name in ENTANGLED
    ]
    + [pytest.param(["rzz", "ry"], 1e-13, Entangling(), 1e-9, name, id=f"entangling-{name}") for name in ENTANGLED],
)
def test_gradients(x64, names, atol, encoding, patch_atol, engine):
    ansatz = with_gates(names)
    circuit = Circuit(encoding, ansatz, READOUT)

    def weighted(theta: jax.Array, patch: jax.Array) -> jax.Array:
        return (expectations(circuit, theta, patch[None], engine) @ WEIGHTS)[0]

    of_theta, of_patch = jax.grad(weighted, (0, 1))(jnp.asarray(THETA), jnp.asarray(PATCH))
    expected = expected_gradient(encoding, ansatz, THETA, PATCH)
    assert np.abs(expected).min() > 1e-5  # no angle is dead, so no error hides
    assert_close(of_theta, expected, atol=atol)

    terms = DIFFERENCES
    if isinstance(encoding, Angle):
        terms = {shift / encoding.scale: factor * encoding.scale for shift, factor in TWO_TERMS.items()}
    expected = [shifted(lambda patch: loss(circuit, THETA, patch), PATCH, pixel, terms) for pixel in range(3)]
    assert np.abs(expected).min() > 1e-5
    assert_close(of_patch, expected, atol=patch_atol)


def test_gradient_in_closed_form(x64):
    """d/dx and d/dtheta of cos(pi x + theta)."""
    circuit = Circuit(Angle(), HardwareEfficient(1, ("ry",)))
    gradient = jax.grad(lambda t, x: expectations(circuit, t, x).sum(), (0, 1))
    theta, x = jnp.full((1, 1, 1), 0.7), jnp.array([[0.3]])
    slope = -np.sin(0.3 * np.pi + 0.7)
    for found, expected in zip(gradient(theta, x), (slope, np.pi * slope), strict=True):
        assert_close(found.item(), expected, atol=1e-14)
