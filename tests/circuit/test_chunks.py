"""Columns that are split over devices."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import re
import sys
from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.simulate import tensorcircuit
from qconv.simulate.expectations import expectations

engine = sys.argv[1]
tensorcircuit._CHUNK_BYTES = 2**21  # so few patches would be a single chunk
circuit = Circuit(ansatz=HardwareEfficient(2, ("ry",)))
theta = jnp.asarray(np.random.default_rng(0).uniform(-3, 3, (2, 4, 1)), jnp.float32)
patches = jnp.asarray(np.random.default_rng(1).random((6002, 4)), jnp.float32)
gradient = jax.grad(lambda theta, patches: jnp.mean(jnp.square(expectations(circuit, theta, patches, engine))))
alone = gradient(theta, patches[:6001])  # as many as cannot be split evenly
np.testing.assert_allclose(alone, jax.grad(
    lambda theta: jnp.mean(jnp.square(expectations(circuit, theta, patches[:6001], "unitary"))))(theta), atol=1e-6)

mesh = jax.make_mesh((2,), ("batch",), axis_types=(AxisType.Auto,))
everywhere, split = NamedSharding(mesh, PartitionSpec()), NamedSharding(mesh, PartitionSpec("batch"))
arguments = jax.device_put(theta, everywhere), jax.device_put(patches, split)
compiled = jax.jit(gradient, out_shardings=everywhere).lower(*arguments).compile()
np.testing.assert_allclose(compiled(*arguments), gradient(theta, patches), atol=1e-6)
exchanged = Counter(re.findall(r" (all-to-all|all-gather|collective-permute|all-reduce|while)\\(", compiled.as_text()))
assert set(exchanged) == {"all-reduce", "while"}, exchanged
"""


@pytest.mark.parametrize("engine", ["halves", "statevector"])
def test_devices_exchange_gradients_and_no_columns(engine):
    """In halves, several terms are put beside each other; there are enough columns for several chunks."""
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=2", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, engine], env=environment, capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stderr
