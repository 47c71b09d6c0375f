"""Encodings against closed forms."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.identity import Identity
from qconv.circuit.circuit import Circuit
from qconv.encoding.amplitude import Amplitude
from qconv.encoding.angle import Angle
from qconv.encoding.base import Encoding
from qconv.encoding.basis import Basis
from qconv.errors import InputError
from qconv.readout.probabilities import Probabilities
from qconv.simulate.expectations import expectations
from qconv.simulate.states import states
from tests.oracle import assert_close, kron

PATCH = np.array([0.0, 0.3, 1.0])


def state(encoding: Encoding, patch: np.ndarray) -> jax.Array:
    patches = jnp.asarray(patch)[None]
    return states(Circuit(encoding, Identity()), jnp.zeros(0, patches.dtype), patches)[0]


@pytest.mark.parametrize(
    ("axis", "qubit"),
    [
        ("X", lambda angle: (np.cos(angle / 2), -1j * np.sin(angle / 2))),
        ("Y", lambda angle: (np.cos(angle / 2), np.sin(angle / 2))),
        ("Z", lambda angle: (np.exp(-0.5j * angle) / np.sqrt(2), np.exp(0.5j * angle) / np.sqrt(2))),
    ],
)
@pytest.mark.parametrize("scale", [math.pi, -0.7])
def test_angle_is_a_rotation_of_each_qubit(x64, axis, qubit, scale):
    encoding = Angle(axis, scale)
    expected = kron(*(np.array(qubit(scale * pixel)) for pixel in PATCH))
    assert_close(state(encoding, PATCH), expected, atol=1e-15)
    assert jnp.isrealobj(state(encoding, PATCH)) == (axis == "Y")
    assert encoding.num_qubits(3) == 3


def test_basis_gives_exact_bits():
    patch = np.array([0.5, 0.51, 0.0, 1.0], np.float32)  # at the threshold: 0
    np.testing.assert_array_equal(state(Basis(), patch), np.eye(16)[0b0101])
    np.testing.assert_array_equal(state(Basis(threshold=-1.0), patch), np.eye(16)[0b1111])
    assert jnp.isrealobj(state(Basis(), patch))
    assert Basis().num_qubits(4) == 4


@pytest.mark.parametrize(("size", "qubits"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (12, 4)])
def test_amplitude_is_the_normalised_patch(x64, size, qubits):
    patch = np.linspace(0.2, 1, size)
    expected = np.zeros(2**qubits)
    expected[:size] = patch / math.sqrt(sum(patch**2))
    assert Amplitude().num_qubits(size) == qubits
    assert_close(state(Amplitude(), patch), expected, atol=1e-15)
    assert_close(state(Amplitude(qubits + 1), patch), np.append(expected, 0 * expected), atol=1e-15)


@pytest.mark.parametrize("engine", ["unitary", "statevector"])
@pytest.mark.parametrize("pixel", [0.0, 1e-30, 1e-40, 4e-7])
def test_dark_patches_are_the_ground_state_with_zero_gradient(engine, pixel):
    circuit = Circuit(Amplitude(), HardwareEfficient(depth=0), Probabilities())
    theta = jnp.zeros(circuit.param_shape(4))

    def probabilities(patches):
        return expectations(circuit, theta, patches, engine)

    patches = jnp.full((2, 4), pixel, jnp.float32)
    outputs, pullback = jax.vjp(probabilities, patches)
    np.testing.assert_array_equal(outputs, [[1, 0, 0, 0]] * 2)
    np.testing.assert_array_equal(pullback(jnp.arange(8.0).reshape(2, 4))[0], np.zeros((2, 4)))


@pytest.mark.parametrize("epsilon", [0.1, 0.4])
def test_amplitude_has_a_direction_from_epsilon_on(epsilon):
    bright = state(Amplitude(epsilon=epsilon), np.array([0.0, 0.2], np.float32))
    assert_close(bright, [0, 1] if epsilon < 0.2 else [1, 0], atol=1e-7)


def test_gradient_of_amplitude_is_that_of_the_closed_form(x64):
    circuit = Circuit(Amplitude(), HardwareEfficient(depth=0), Probabilities())
    theta, patches = jnp.zeros(circuit.param_shape(3)), jnp.array([[0.1, 0.7, 0.4]])
    expected = jax.jacobian(lambda p: p**2 / jnp.sum(p**2))(patches[0])
    found = jax.jacobian(lambda p: expectations(circuit, theta, p)[0, :3])(patches)[:, 0]
    assert_close(found, expected, atol=1e-14)


def test_gradient_of_basis_is_zero():
    circuit = Circuit(Basis(), HardwareEfficient(depth=1))
    theta = jnp.ones(circuit.param_shape(2))
    gradient = jax.grad(lambda p: expectations(circuit, theta, p).sum())(jnp.array([[0.2, 0.7]]))
    np.testing.assert_array_equal(gradient, np.zeros((1, 2)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Angle(scale=math.nan), "scale = nan; allowed"),
        (lambda: Angle(scale=math.inf), "scale = inf; allowed"),
        (lambda: Basis(threshold=math.nan), "threshold = nan; allowed"),
        (lambda: Amplitude(0), "qubits = 0; allowed: at least 1"),
        (lambda: Amplitude(epsilon=0.0), "epsilon = 0.0; allowed: more than 0"),
        (lambda: Amplitude(epsilon=math.nan), "epsilon = nan; allowed"),
        (lambda: Amplitude(2).num_qubits(5), "qubits = 2 hold 4 amplitudes, but a patch has 5 numbers; .* least 3"),
    ],
)
def test_what_is_not_allowed_is_said(make, message):
    with pytest.raises(InputError, match=message):
        make()
