"""The layer, its twin, what is diagnosed of it, and eight devices."""

import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.strongly_entangling import StronglyEntangling
from qconv.circuit.tree import Tree
from qconv.diagnostics.signal import signal
from qconv.encoding.basis import Basis
from qconv.errors import InputError
from qconv.layers.quantum_tree import QuantumTree
from qconv.models.heads import LinearHead
from qconv.models.networks import TreeNet
from qconv.models.quantum_calls import trace
from qconv.models.twin import classical_twin
from qconv.readout.most_probable import MostProbableWeight
from qconv.report.diagnostics import diagnosis_figure, signal_table
from qconv.simulate.pauli_tree import maps
from tests import oracle

LAYER = QuantumTree(Tree(ansatz=HardwareEfficient(1)), features=2, read=2, angle_range=0.5)
IMAGES = jnp.asarray(np.random.default_rng(0).random((3, 4, 3, 1)), jnp.float32)


def num_parameters(params: Any) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(params))


def test_outputs_are_the_levels_one_after_the_other() -> None:
    outputs, variables = LAYER.init_with_output(jax.random.key(0), IMAGES)
    assert list(variables["params"]["theta"]) == ["level0", "level1"]
    theta = tuple(variables["params"]["theta"].values())
    assert [own.shape for own in theta] == [(2, 1, 1, 4, 2)] * 2
    assert all(float(jnp.abs(own).max()) < 0.5 for own in theta) and not np.array_equal(*theta)
    first, root = maps(LAYER.tree, theta, IMAGES, 2)
    assert first.shape == (3, 2, 2, 6) and root.shape == (3, 1, 1, 6)
    np.testing.assert_array_equal(outputs, np.concatenate([first.reshape(3, 24), root.reshape(3, 6)], axis=1))
    assert trace(LAYER, (4, 3, 1)).num_quantum_parameters == num_parameters(variables["params"]) == 32


def test_an_ansatz_without_angles_needs_no_parameters() -> None:
    layer = LAYER.clone(tree=Tree(ansatz=HardwareEfficient(0)), read=1)
    outputs, variables = layer.init_with_output(jax.random.key(0), IMAGES)
    assert "params" not in variables
    # The first qubit of each block is kept as it is: in the end the top left pixel, which is in the image here.
    corner = IMAGES[:, 0, 0, 0] * np.pi
    expected = jnp.stack([jnp.sin(corner), 0 * corner, jnp.cos(corner)] * 2, axis=1)
    oracle.assert_close(outputs, expected, 1e-6)


@pytest.mark.parametrize("shared", [True, False])
def test_the_twin_has_the_wiring_and_no_more_weights(shared: bool) -> None:
    layer = LAYER.clone(tree=Tree(ansatz=StronglyEntangling(3), shared=shared))
    model = TreeNet(layer, LinearHead(3))
    twin = classical_twin(model)
    assert trace(twin, (4, 3, 1)).calls == []
    ours, theirs = (jax.eval_shape(m.init, jax.random.key(0), IMAGES)["params"] for m in (model, twin))
    assert num_parameters(theirs) <= num_parameters(ours)
    # 12 weights a channel: as many as 36 angles give three channels of; the first level has 4 a channel.
    blocks = (1, 1) if shared else (2, 2)
    assert theirs["tree"]["level0"].shape == (2, *blocks, 2, 2, 1, 3)
    assert theirs["tree"]["level1"].shape == (2, 1, 1, 2, 2, 3, 3)
    variables = jax.tree.map(jnp.ones_like, twin.tree.init(jax.random.key(0), IMAGES))
    outputs = twin.tree.apply(variables, IMAGES)
    blocks_ = jnp.pad(IMAGES[..., 0], ((0, 0), (0, 0), (0, 1))).reshape(3, 2, 2, 2, 2).sum((2, 4))
    expected = jnp.concatenate(
        [jnp.repeat(blocks_.reshape(3, 4), 6, 1), jnp.repeat(3 * blocks_.sum((1, 2))[:, None], 6, 1)], 1
    )
    oracle.assert_close(outputs, expected, 1e-5)


def test_the_signal_is_the_deviation_from_the_mean_image() -> None:
    found = signal(LAYER, IMAGES, seed=0)
    assert found.num_sites == (4, 1) and list(found.deviations) == ["within 0.5", "uniform"]
    several = LAYER.clone(features=32, read=1)
    theta = several.first_angles(jax.random.key(0), (4, 3, 1), 0.5)
    root = np.asarray(maps(several.tree, theta, IMAGES)[0]).reshape(3, 32, 3)
    oracle.assert_close(found.deviations["within 0.5"][1], np.sqrt(root.var(axis=0).mean(axis=0)), 1e-6)
    same = signal(LAYER, jnp.repeat(IMAGES[:1], 3, 0), seed=0)
    assert max(rows.max() for rows in same.deviations.values()) < 1e-6
    figure = diagnosis_figure({}, {"tree": found})
    assert [ax.get_title() for ax in figure.axes[:2]] == ["signal, angles within 0.5", "signal, angles uniform"]
    assert signal_table(found)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: QuantumTree(features=0), "features = 0; allowed: at least 1"),
        (lambda: QuantumTree(read=0), "read = 0; allowed: at least 1"),
        (lambda: QuantumTree(angle_range=-1.0), r"angle_range = -1.0; allowed"),
        (lambda: QuantumTree(Tree(readout=MostProbableWeight())), "readout = MostProbableWeight; allowed"),
        (lambda: LAYER.clone(read=3).init(jax.random.key(0), IMAGES), r"read = 3; allowed: 1 .. 2"),
        (lambda: LAYER.init(jax.random.key(0), jnp.zeros((1, 4, 4, 3))), "blocks have 12 qubits"),
    ],
)
def test_what_is_not_allowed(make, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


def test_pixels_may_be_bits() -> None:
    layer = LAYER.clone(tree=replace(LAYER.tree, encoding=Basis()), read=1)
    outputs, _ = layer.init_with_output(jax.random.key(0), jnp.round(IMAGES))
    assert outputs.shape == (3, 6)


EIGHT = """
import jax, jax.numpy as jnp, numpy as np
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.tree import Tree
from qconv.layers.quantum_tree import QuantumTree
layer = QuantumTree(Tree(ansatz=HardwareEfficient(1)), features=2, read=2)
images = jnp.asarray(np.random.default_rng(0).random((16, 4, 4, 1)), jnp.float32)
variables = layer.init(jax.random.key(0), images)
gradient = jax.value_and_grad(lambda v, x: jnp.mean(jnp.square(layer.apply(v, x) - 0.3)))
alone = jax.jit(gradient)(variables, images)
mesh = jax.make_mesh((8,), ("batch",), axis_types=(AxisType.Auto,))
spread = jax.device_put(images, NamedSharding(mesh, PartitionSpec("batch")))
everywhere = NamedSharding(mesh, PartitionSpec())
found = jax.jit(gradient, out_shardings=everywhere)(jax.device_put(variables, everywhere), spread)
for a, b in zip(jax.tree.leaves(alone), jax.tree.leaves(found), strict=True):
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)
    assert len(b.devices()) == 8
"""


@pytest.mark.slow
def test_eight_devices_compute_what_one_does() -> None:
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=8", "JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", EIGHT], env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
