"""The quantum dense layer, its twin, and a QCNN inside jit, vmap, grad and a sharded step."""

import os
import subprocess
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.basic_entangler import BasicEntangler
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.hur_convolution import HurConvolution
from qconv.ansatz.qcnn import QCNN
from qconv.circuit.circuit import Circuit
from qconv.encoding.angle import Angle
from qconv.errors import InputError
from qconv.layers.quantum_conv import QuantumConv
from qconv.layers.quantum_dense import QuantumDense
from qconv.models.heads import LinearHead, LogProbabilities
from qconv.models.network import num_frozen_stages
from qconv.models.quantum_calls import trace
from qconv.models.quantum_classifier import QuantumClassifier
from qconv.models.twin import classical_twin
from qconv.readout.pauli import PauliZ
from qconv.readout.probabilities import Probabilities
from qconv.simulate.device import Device
from qconv.simulate.expectations import expectations
from tests import oracle

KEY = jax.random.key(0)
IMAGES = jnp.asarray(np.random.default_rng(0).uniform(size=(3, 2, 2, 1)), jnp.float32)
IDENTITY = Circuit(Angle(), BasicEntangler(0), PauliZ())
NETWORK = Circuit(Angle(), QCNN(HurConvolution(1)), Probabilities())


def test_an_identity_circuit_gives_cosines_row_by_row():
    layer = QuantumDense(IDENTITY)
    outputs: Any = layer.apply({}, IMAGES)
    np.testing.assert_allclose(outputs, np.cos(np.pi * np.asarray(IMAGES).reshape(3, 4)), atol=1e-6)
    np.testing.assert_array_equal(layer.apply({}, IMAGES.reshape(3, 4)), outputs)


def test_each_feature_is_a_circuit_with_angles_of_its_own():
    layer = QuantumDense(NETWORK, features=2)
    outputs, variables = layer.init_with_output(KEY, IMAGES)
    theta = variables["params"]["theta"]
    assert theta.shape == (2, 1, 8) and outputs.shape == (3, 4)
    for feature in range(2):
        expected = expectations(NETWORK, theta[feature, 0], IMAGES.reshape(3, 4), "unitary")
        np.testing.assert_allclose(outputs[:, 2 * feature : 2 * feature + 2], expected, atol=1e-6)
    np.testing.assert_allclose(outputs.reshape(3, 2, 2).sum(2), 1, atol=1e-6)


def test_it_is_a_convolution_whose_window_is_the_image():
    circuit = Circuit(Angle(), BasicEntangler(1), PauliZ())
    convolution = QuantumConv(circuit, features=2, kernel_size=2, padding="VALID")
    variables = convolution.init(KEY, IMAGES)
    outputs: Any = convolution.apply(variables, IMAGES)
    dense: Any = QuantumDense(circuit, features=2).apply(variables, IMAGES)
    np.testing.assert_allclose(dense, outputs[:, 0, 0], atol=1e-6)


def test_normal_angles():
    layer = QuantumDense(NETWORK, features=200, angle_range=0.5, angle_distribution="normal", device=Device("fused"))
    drawn = np.asarray(jax.jit(lambda: layer.init(KEY, IMAGES)["params"]["theta"])())
    assert abs(drawn.mean()) < 4 * 0.5 / np.sqrt(drawn.size) and abs(drawn.std() - 0.5) < 0.05
    assert np.abs(drawn).max() > 1  # uniform ones end at the range


def test_frozen_angles_are_not_parameters():
    model = QuantumClassifier(dense=QuantumDense(NETWORK, trainable=False), head=LinearHead(2))
    trained = model.clone(dense=QuantumDense(NETWORK))
    for network in (trained, classical_twin(trained)):
        assert num_frozen_stages(network, IMAGES.shape[1:], IMAGES.dtype) == 0
    for network in (model, classical_twin(model)):
        assert num_frozen_stages(network, IMAGES.shape[1:], IMAGES.dtype) == 1
        variables = network.init(KEY, IMAGES)
        assert set(variables["params"]) == {"head"} and "dense" in variables["frozen"]


def test_factors_of_the_data_are_a_parameter():
    circuit = Circuit(Angle(), HardwareEfficient(1), trainable_scaling=True)
    layer = QuantumDense(circuit, features=2)
    variables = layer.init(KEY, IMAGES)
    theta, ones = variables["params"]["theta"], variables["params"]["scaling"]
    np.testing.assert_array_equal(ones, np.ones((2, 1, 1, 4)))
    scaling = jnp.linspace(0.5, 1.5, ones.size).reshape(ones.shape)
    outputs: Any = layer.apply({"params": {"theta": theta, "scaling": scaling}}, IMAGES)
    patches = IMAGES.reshape(3, 4)
    each = [oracle.expectations(circuit, theta[f, 0], patches, scaling[f, 0]) for f in range(2)]
    np.testing.assert_allclose(outputs, np.concatenate(each, axis=1), atol=3e-6)


def test_the_twin_has_no_more_parameters_where_one_hidden_unit_allows_it():
    circuit = Circuit(Angle(), QCNN(), Probabilities())
    images = jnp.ones((2, 1, 8, 1))
    model = QuantumClassifier(dense=QuantumDense(circuit), head=LogProbabilities())
    twin = classical_twin(model)
    sizes = []
    for network in (model, twin):
        shapes = jax.eval_shape(lambda network=network: network.init(KEY, images))
        sizes.append(sum(leaf.size for leaf in jax.tree.leaves(shapes)))
    assert sizes == [51, 8 * 4 + 4 + 4 * 2 + 2]
    logits: Any = twin.apply(twin.init(KEY, images), images)
    np.testing.assert_allclose(np.exp(logits).sum(1), 1, atol=1e-6)
    (call,) = trace(model, (1, 8, 1)).calls
    assert call.in_features == 8 and call.layer.window(8) == "8 numbers"


def test_no_head_is_the_cross_entropy_of_the_measured_qubit():
    head: Any = LogProbabilities(num_classes=3)
    probabilities = jnp.asarray([[0.5, 0.25, 0.25, 0.0], [0.0, 1.0, 0.0, 0.0]])
    logits = head.apply({}, probabilities)
    np.testing.assert_allclose(logits[0], np.log([0.5, 0.25, 0.25]), atol=1e-6)
    gradient = jax.grad(lambda p: jax.nn.log_softmax(head.apply({}, p))[1, 1])(probabilities)
    assert np.isfinite(gradient).all()
    with pytest.raises(InputError, match=r"epsilon = 0.0; allowed"):
        LogProbabilities(epsilon=0.0)


def test_jit_vmap_and_grad_agree():
    theta = jnp.asarray(np.random.default_rng(1).uniform(-3, 3, (2, 8)), jnp.float32)
    patches = IMAGES.reshape(3, 4)

    def loss(angles: jax.Array) -> jax.Array:
        return expectations(NETWORK, angles, patches, "fused")[:, 0].sum()

    together = jax.jit(jax.vmap(jax.grad(loss)))(theta)
    for angles, gradient in zip(theta, together, strict=True):
        np.testing.assert_allclose(jax.grad(loss)(angles), gradient, atol=1e-5)


@pytest.mark.slow
def test_a_sharded_step_is_the_same_step():
    """Gradients of a batch split over four devices are those of one device."""
    program = """
import jax, jax.numpy as jnp, numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec as P
from tests.layers.test_quantum_dense import NETWORK, KEY
from qconv.layers.quantum_dense import QuantumDense
layer, images = QuantumDense(NETWORK), jnp.asarray(np.random.default_rng(0).uniform(size=(8, 2, 2, 1)), jnp.float32)
variables = layer.init(KEY, images)
mesh = Mesh(np.array(jax.devices()), ("batch",))
step = jax.grad(lambda v, x: jnp.log(layer.apply(v, x)[:, 0]).mean())
alone = jax.jit(step)(variables, images)
rows, everywhere = NamedSharding(mesh, P("batch")), NamedSharding(mesh, P())
split = jax.jit(step, in_shardings=(everywhere, rows), out_shardings=everywhere)(variables, images)
assert len(jax.devices()) == 4
np.testing.assert_allclose(alone["params"]["theta"], split["params"]["theta"], atol=1e-6)
"""
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=4"}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"features": 0}, "features = 0; allowed: at least 1"),
        ({"angle_range": -1.0}, "angle_range = -1.0; allowed: 0 or more radians"),
    ],
)
def test_what_is_not_allowed_is_said(fields, message):
    with pytest.raises(InputError, match=message):
        QuantumDense(**fields)
