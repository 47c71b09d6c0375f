"""Columns that are split over devices."""

import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AbstractMesh, AxisType, NamedSharding, PartitionSpec

from qconv.simulate.evaluation import devices_of, in_chunks

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
from qconv.simulate.evaluation import devices_of
from qconv.simulate.expectations import expectations

engine = sys.argv[1]
tensorcircuit._CHUNK_BYTES = 2**21  # so few patches would be a single chunk
circuit = Circuit(ansatz=HardwareEfficient(2, ("ry",)))
theta = jnp.asarray(np.random.default_rng(0).uniform(-3, 3, (2, 4, 1)), jnp.float32)
patches = jnp.asarray(np.random.default_rng(1).random((6002, 4)), jnp.float32)
gradient = jax.grad(lambda theta, patches: jnp.mean(jnp.square(expectations(circuit, theta, patches, engine))))
mesh = jax.make_mesh((2,), ("batch",), axis_types=(AxisType.Auto,), devices=jax.devices()[:2])  # of four
everywhere, split = NamedSharding(mesh, PartitionSpec()), NamedSharding(mesh, PartitionSpec("batch"))
arguments = jax.device_put(theta, everywhere), jax.device_put(patches, split)
compiled = jax.jit(gradient, out_shardings=everywhere).lower(*arguments).compile()
np.testing.assert_allclose(compiled(*arguments), gradient(theta, patches), atol=1e-6)
exchanged = Counter(re.findall(r" (all-to-all|all-gather|collective-permute|all-reduce|while)\\(", compiled.as_text()))
assert set(exchanged) == {"all-reduce", "while"}, exchanged

assert (devices_of(patches), devices_of(arguments[1]), jax.device_count()) == (1, 2, 4)
some = jax.jit(lambda theta, patches: gradient(theta, patches[:6001]))  # as many as cannot be split evenly
np.testing.assert_allclose(some(*arguments), some(theta, patches), atol=1e-6)
np.testing.assert_allclose(some(theta, patches), jax.grad(
    lambda theta: jnp.mean(jnp.square(expectations(circuit, theta, patches[:6001], "unitary"))))(theta), atol=1e-6)
"""


@pytest.mark.parametrize("engine", ["halves", "statevector"])
def test_devices_exchange_gradients_and_no_columns(engine):
    """In halves, several terms are put beside each other; there are enough columns for several chunks."""
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, engine], env=environment, capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stderr


def test_devices_are_those_of_the_mesh_that_an_array_is_on():
    mesh = AbstractMesh((4,), ("batch",), axis_types=(AxisType.Auto,))
    split = jax.ShapeDtypeStruct((8, 3), np.float32, sharding=NamedSharding(mesh, PartitionSpec("batch")))
    found = []
    jax.eval_shape(lambda array: found.extend([devices_of(array), devices_of(array.T[:, :5])]), split)
    jax.eval_shape(lambda array: found.append(devices_of(array)), jnp.zeros(3))
    assert found == [4, 4, 1]
    assert devices_of(jnp.zeros(3)) == devices_of(np.zeros(3)) == 1


def test_what_one_device_has_of_a_mapped_array_is_not_split_again():
    mesh = jax.make_mesh((1,), ("batch",), axis_types=(AxisType.Auto,))
    found = []

    def own(array: jax.Array) -> jax.Array:
        found.append((jax.typeof(array).sharding.mesh.axis_types, devices_of(array)))
        return array

    specs = PartitionSpec("batch")
    jax.jit(jax.shard_map(own, mesh=mesh, in_specs=specs, out_specs=specs))(jnp.zeros(3))
    assert found == [((AxisType.Manual,), 1)]


@pytest.mark.parametrize("count", [1023, 1024, 3 * 1024])
@pytest.mark.parametrize("chunk", [1024, 10_000])
def test_no_chunk_has_rows_of_whole_pages(count, chunk):
    """Rows of 1,024 numbers of four bytes would all share a few lines of cache; what fills them up changes nothing."""
    columns = jnp.asarray(np.random.default_rng(0).uniform(-1, 1, (3, count)), jnp.float32)
    widths = []

    def function(chunk: jax.Array) -> jax.Array:
        widths.append(chunk.shape[1])
        return jnp.sqrt(1 + chunk[:2] * chunk[1:])

    def loss(function, columns):
        return (jnp.sin(jnp.arange(2 * count, dtype=jnp.float32)).reshape(2, count) * function(columns)).sum()

    chunked = in_chunks(function, columns, chunk)
    assert widths and all(width % 1024 for width in widths)
    np.testing.assert_array_equal(chunked, function(columns))
    own, plain = (
        jax.grad(lambda columns, f=f: loss(f, columns))(columns)
        for f in (lambda columns: in_chunks(function, columns, chunk), function)
    )
    np.testing.assert_allclose(own, plain, atol=1e-6)
