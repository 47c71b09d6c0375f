"""More than 32,768 patches at once, where jax 0.10.2 computes wrong numbers (jax-ml/jax#39103)."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.encoding.amplitude import Amplitude
from qconv.encoding.angle import Angle
from qconv.encoding.basis import Basis
from qconv.simulate.choose import choose_engine
from qconv.simulate.expectations import expectations
from tests import oracle
from tests.oracle import assert_close

COUNT, CHUNK = 40_000, 1_000


@pytest.mark.parametrize(
    ("encoding", "engine"), [(Angle(), "heisenberg"), (Amplitude(), "unitary"), (Basis(), "lookup")], ids=str
)
def test_values_and_gradients_are_those_of_small_chunks(encoding, engine):
    circuit = Circuit(encoding, HardwareEfficient(2, ("ry", "rz")))
    assert choose_engine(circuit, 4) == engine
    rng = np.random.default_rng(0)
    theta = jnp.asarray(rng.uniform(-3, 3, circuit.param_shape(4)), jnp.float32)
    patches = jnp.asarray(rng.random((COUNT, 4)), jnp.float32)
    weights = jnp.asarray(rng.normal(size=(COUNT, circuit.num_channels(4))), jnp.float32)

    @jax.jit
    def run(patches, weights):
        values, pullback = jax.vjp(lambda t, p: expectations(circuit, t, p), theta, patches)
        return values, *pullback(weights)

    values, of_theta, of_patches = run(patches, weights)
    chunks = [slice(start, start + CHUNK) for start in range(0, COUNT, CHUNK)]
    parts = [run(patches[rows], weights[rows]) for rows in chunks]
    assert_close(values, np.concatenate([part[0] for part in parts]), atol=1e-6)
    assert_close(of_patches, np.concatenate([part[2] for part in parts]), atol=2e-5)
    # 40,000 numbers of size 1 and of both signs add up to about 200. Each addition rounds that by up to 200 * 2^-25 in
    # either direction, so all of them together by about 200 * 200 * 2^-25 = 1e-3.
    assert_close(of_theta, np.sum([np.asarray(part[1], np.float64) for part in parts], axis=0), atol=2e-3)
    last = np.arange(COUNT - 3, COUNT)
    assert_close(values[last], oracle.expectations(circuit, theta, patches[last]), atol=2e-6)
