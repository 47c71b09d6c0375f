"""States and gradients of many circuits: closed forms, the dense oracle, and the layer's own expectations."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.diagnostics import states as module
from qconv.diagnostics.gradients import gradient_variance, gradients
from qconv.diagnostics.states import after_ansatz, encoded
from qconv.encoding.amplitude import Amplitude
from qconv.encoding.angle import Angle
from qconv.readout.pauli import PauliStrings
from qconv.simulate.expectations import expectations
from tests import oracle
from tests.oracle import assert_close
from tests.variants import Gates

EVERY_KIND = Gates(
    (
        ("ry", (2,), (0,)),
        ("cnot", (2, 0), ()),
        ("rxx", (0, 2), (1,)),
        ("toffoli", (1, 2, 0), ()),
        ("cy", (2, 1), ()),
        ("u", (1,), (2, 0, 1)),
        ("swap", (0, 1), ()),
    ),
    3,
)


@pytest.mark.parametrize("encoding", [Angle("Z"), Amplitude(3)])
def test_states_are_those_of_the_oracle(x64: None, encoding: Angle | Amplitude) -> None:
    rng = np.random.default_rng(0)
    thetas, patches = rng.normal(size=(3, 3)), rng.random((3, 3))
    circuit = Circuit(encoding, EVERY_KIND)
    found = after_ansatz(circuit, jnp.asarray(thetas), encoded(circuit, jnp.asarray(patches)))
    for theta, patch, state in zip(thetas, patches, found, strict=True):
        register = oracle.Dense(3)
        encoding(register, jnp.asarray(patch))
        EVERY_KIND(register, theta)
        assert_close(state, register.state, atol=1e-12)


def test_gradients_are_those_of_the_layer(x64: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CHUNK_BYTES", 2**12)  # several chunks, the last one not full
    circuit = Circuit(Angle(), EVERY_KIND, PauliStrings(("ZII", "XYI", "IIY")))
    thetas, patches = jax.random.normal(jax.random.key(0), (7, 3)), jax.random.uniform(jax.random.key(1), (7, 3))
    found = gradients(circuit, thetas, patches)
    one = jax.jacrev(lambda theta, patch: expectations(circuit, theta, patch[None])[0])
    assert_close(found, jax.vmap(one)(thetas, patches), atol=1e-12)


def test_variance_of_one_rotation_is_a_half() -> None:
    """d<Z>/dtheta = -sin(theta + pi x), whose square has mean 1/2 over a turn."""
    circuit = Circuit(ansatz=HardwareEfficient(1, ("ry",)))
    count = 4000
    thetas = jax.random.uniform(jax.random.key(2), (count, 1, 1, 1), minval=-math.pi, maxval=math.pi)
    patches = jax.random.uniform(jax.random.key(3), (count, 1))
    sample = gradients(circuit, thetas, patches)
    assert_close(sample[:, 0, 0], -np.sin(np.asarray(thetas[:, 0, 0, 0] + np.pi * patches[:, 0])), atol=1e-6)
    # The square has variance 1/8: four standard errors.
    assert_close(gradient_variance(sample), [[0.5]], atol=4 * math.sqrt(1 / 8 / count))
