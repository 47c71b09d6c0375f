"""What encodings make of NaN, of infinity, and of numbers whose squares are beyond the precision."""

import math
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.identity import Identity
from qconv.circuit.circuit import Circuit
from qconv.diagnostics.expressibility import expressibility
from qconv.encoding.amplitude import Amplitude
from qconv.encoding.angle import Angle
from qconv.encoding.base import Encoding
from qconv.encoding.basis import Basis
from qconv.encoding.frqi import FRQI
from qconv.encoding.hybrid import HybridDirect
from qconv.encoding.neqr import NEQR
from qconv.readout.most_probable import MostProbableWeight
from qconv.readout.pauli import PauliXYZ
from qconv.readout.probabilities import Probabilities
from qconv.simulate.choose import EngineName
from qconv.simulate.expectations import expectations
from qconv.simulate.states import states
from tests.oracle import assert_close
from tests.variants import catalogue

HALF_TURNS = np.array([[0.3, 0.1, 0.9, 0.6], [0.2, np.nan, 0.7, 0.5], [0.8, 0.4, 0.0, 0.5]], np.float32)
"""The second patch has a NaN."""


def state(encoding: Encoding, patch, dtype=np.float32) -> jax.Array:
    with jax.numpy_dtype_promotion("strict"):
        return states(Circuit(encoding, Identity()), jnp.zeros(0, dtype), jnp.asarray(patch, dtype)[None])[0]


@pytest.mark.parametrize("size", [3e38, 1e19, 1e4, 1.0, 1e-5])
@pytest.mark.parametrize("qubits", [2, 10])
def test_amplitudes_of_any_size_are_the_same_direction(size, qubits):
    """The squares of 2e19 are beyond float32."""
    found = state(Amplitude(qubits), np.array([0.6, 0.8, -0.0, 1.0]) * size)
    assert_close(found[:4], np.array([0.6, 0.8, 0, 1]) / math.sqrt(2), atol=2e-7)
    assert not found[4:].any()


def test_a_full_register_of_the_largest_numbers():
    assert_close(state(Amplitude(), np.full(1024, np.finfo(np.float32).max)), np.full(1024, 1 / 32), atol=1e-8)


@pytest.mark.parametrize("size", [1e-6, 1e-12, 1e-20, 1e-30])
def test_tiny_numbers_above_epsilon_have_a_direction(size):
    """And those below it are dark. The squares of 1e-23 are 0 in float32."""
    patch = np.array([0.3, 0.4, 0.0, 0.0]) * size
    assert_close(state(Amplitude(epsilon=0.4 * size), patch), [0.6, 0.8, 0, 0], atol=2e-7)
    np.testing.assert_array_equal(state(Amplitude(epsilon=0.6 * size), patch), [1, 0, 0, 0])


def test_blocks_of_any_size_are_the_same_directions():
    found = state(HybridDirect(), [3e19, 4e19, 0, 0, 0.3, 0.4, 0, 0])
    assert_close(found, np.kron([0.6, 0.8, 0, 0], [0.6, 0.8, 0, 0]), atol=2e-7)


@pytest.mark.parametrize("size", [1e300, 1e-200, 1.0])
def test_first_and_second_derivatives_are_those_of_the_closed_form(x64, size):
    """The probabilities depend on the direction alone: each derivative falls by the size of the patch."""
    circuit = Circuit(Amplitude(epsilon=1e-250), HardwareEfficient(0), Probabilities())
    theta, patch = jnp.zeros(circuit.param_shape(4)), jnp.array([0.1, -0.7, 0.4, 0.2])

    def probabilities(patch):
        return expectations(circuit, theta, patch[None] * size)[0]

    def closed_form(patch):
        return patch**2 / jnp.sum(patch**2)

    assert_close(probabilities(patch), closed_form(patch), atol=1e-15)
    for derivative in (jax.jacrev, jax.jacfwd, jax.hessian):
        assert_close(derivative(probabilities)(patch), derivative(closed_form)(patch), atol=1e-13)


@pytest.mark.parametrize("encoding", [Amplitude(), HybridDirect()], ids=str)
@pytest.mark.parametrize("size", [0.0, 1e-40, 1e-8])
def test_dark_patches_have_no_derivative_of_any_order(encoding, size):
    def first(patch):
        return state(encoding, patch)[0]

    patch = jnp.full(8, size, jnp.float32)
    for derivative in (jax.grad, jax.jacfwd, jax.hessian):
        found = jax.jit(derivative(first))(patch)
        np.testing.assert_array_equal(found, np.zeros_like(found))


@pytest.mark.parametrize("encoding", [Amplitude(), HybridDirect()], ids=str)
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_a_direction_of_nan_or_infinity_is_nan(encoding, number):
    found = state(encoding, [number, 4, 0, 0, 0, 0, 0, 0]).reshape(-1, 4)
    assert np.isnan(found).all()


def test_a_nan_is_no_grey_value():
    """Amplitudes of other pixels stay; those of this one are NaN, none of them a number."""
    for encoding in (NEQR(2), FRQI(), FRQI("arcsin")):
        of_pixels = state(encoding, [0.2, np.nan, 0.7, 0.5]).reshape(-1, 4)
        np.testing.assert_array_equal(np.isnan(of_pixels).all(0), [False, True, False, False])
        np.testing.assert_array_equal(np.isnan(of_pixels).any(0), [False, True, False, False])


def check_nan_stays(circuit: Circuit, engine: EngineName) -> None:
    """All that is measured of a patch with a NaN is NaN; other patches give what they give without it."""
    theta = jnp.full(circuit.param_shape(4), 0.4, jnp.float32)
    found = np.asarray(expectations(circuit, theta, jnp.asarray(HALF_TURNS), engine))
    assert np.isnan(found[1]).all(), circuit
    without = expectations(circuit, theta, jnp.asarray(HALF_TURNS[[0, 2, 2]]), engine)
    assert_close(found[[0, 2]], without[:2], atol=1e-6)


@pytest.mark.parametrize("encoding", catalogue(Encoding), ids=str)
def test_a_nan_stays_a_nan_whatever_encodes_it(encoding):
    if isinstance(encoding, NEQR):
        encoding = replace(encoding, bits=2)
    check_nan_stays(Circuit(encoding, HardwareEfficient(1, ("ry",)), PauliXYZ()), "unitary")


@pytest.mark.parametrize(
    ("engine", "encoding"),
    [
        ("statevector", Basis()),
        ("statevector", Amplitude()),
        ("fused", Amplitude()),
        *((engine, encoding) for engine in ("fused", "halves", "heisenberg") for encoding in (Angle(), Basis())),
        ("lookup", Basis()),
    ],
    ids=str,
)
def test_a_nan_stays_a_nan_whatever_evaluates_it(engine, encoding):
    check_nan_stays(Circuit(encoding, HardwareEfficient(1, ("ry",)), PauliXYZ()), engine)


def test_the_most_probable_outcome_of_nan_is_nan():
    for engine in ("lookup", "unitary"):
        check_nan_stays(Circuit(Basis(), HardwareEfficient(1, ("ry",)), MostProbableWeight()), engine)


def test_the_gradient_of_a_patch_beside_one_with_a_nan_is_right():
    circuit = Circuit(Angle(), HardwareEfficient(0))
    theta = jnp.zeros(circuit.param_shape(4))
    gradient = jax.grad(lambda p: expectations(circuit, theta, p)[jnp.array([0, 2])].sum())(jnp.asarray(HALF_TURNS))
    assert_close(gradient[0], -np.pi * np.sin(np.pi * HALF_TURNS[0]), atol=3e-6)


def test_a_fidelity_of_nan_is_in_no_bin():
    assert math.isnan(expressibility(np.array([0.2, np.nan, 0.4]), 2, 10))
    assert math.isfinite(expressibility(np.array([0.2, 0.4]), 2, 10))
