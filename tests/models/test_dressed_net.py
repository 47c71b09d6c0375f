"""Dressed circuits against the dense oracle, gate by gate as published, and the networks that replace them."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.staggered import Staggered
from qconv.circuit.circuit import Circuit
from qconv.encoding.angle import Angle
from qconv.errors import InputError
from qconv.layers.classical_dense import ClassicalDense
from qconv.layers.quantum_dense import QuantumDense
from qconv.models.dressed_net import DressedNet
from qconv.models.heads import ConvHead, TanhHead
from qconv.models.twin import classical_twin
from qconv.readout.pauli import PauliZ
from tests.oracle import Dense, assert_close

KEY = jax.random.key(0)
MODEL = DressedNet(QuantumDense(Circuit(Angle(), Staggered(3), PauliZ())), width=5, weight_std=0.7)
POINTS = jnp.asarray(np.random.default_rng(0).normal(size=(4, 1, 2, 1)), jnp.float32)


def test_the_circuit_is_the_published_one() -> None:
    logits, variables = jax.jit(MODEL.init_with_output)(KEY, POINTS)
    params = jax.tree.map(np.asarray, variables["params"])
    theta = params["quantum"]["theta"][0, 0]
    assert theta.shape == (3, 5)
    for point, own in zip(np.asarray(POINTS).reshape(4, 2), np.asarray(logits), strict=True):
        numbers = np.tanh(point @ params["before"]["kernel"] + params["before"]["bias"])
        register = Dense(5)
        for qubit in range(5):
            register.h(qubit)
            register.ry(qubit, theta=numbers[qubit] * np.pi / 2)
        for layer in theta:
            for pair in ((0, 1), (2, 3), (1, 2), (3, 4)):
                register.cnot(*pair)
            for qubit in range(5):
                register.ry(qubit, theta=layer[qubit])
        measured = [register.expectation("I" * q + "Z" + "I" * (4 - q)) for q in range(5)]
        assert_close(own, measured @ params["after"]["kernel"] + params["after"]["bias"], 1e-5)


def test_first_weights_have_the_spread_that_is_asked_for() -> None:
    images = jnp.ones((2, 1, 50, 1))
    dressed = DressedNet(nn.Dense(9), width=9, weight_std=1e-3)
    for model, expected in ((dressed, 1e-3), (TanhHead(2, (20,), 0.3), 0.3)):
        params = dict(jax.jit(model.init)(KEY, images)["params"])
        params.pop("quantum", None)
        values = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(params)])
        assert len(values) > 400 and abs(values.std() / expected - 1) < 0.15 and abs(values.mean()) < expected / 5


def test_the_twin_has_a_classical_layer_in_place_of_the_circuit() -> None:
    twin = classical_twin(MODEL)
    assert isinstance(twin, DressedNet) and isinstance(twin.quantum, ClassicalDense) and twin.width == 5
    logits, variables = jax.eval_shape(twin.init_with_output, KEY, POINTS)
    assert logits.shape == (4, 2)
    shapes = jax.tree.map(np.shape, variables["params"])
    own = jax.tree.map(np.shape, jax.eval_shape(MODEL.init, KEY, POINTS)["params"])
    assert (shapes["before"], shapes["after"]) == (own["before"], own["after"])


def test_the_classical_network_of_the_paper() -> None:
    head = TanhHead(2, (5, 5), 0.5)
    logits, variables = jax.jit(head.init_with_output)(KEY, POINTS)
    layers = [jax.tree.map(np.asarray, variables["params"][f"Dense_{index}"]) for index in range(3)]
    hidden = np.asarray(POINTS).reshape(4, 2)
    for index, layer in enumerate(layers):
        hidden = hidden @ layer["kernel"] + layer["bias"]
        hidden = np.tanh(hidden) if index < 2 else hidden
    assert_close(logits, hidden, 1e-6)
    assert sum(leaf.size for leaf in jax.tree.leaves(variables)) == 57


@pytest.mark.parametrize("fields", [{"width": 0}, {"weight_std": 0.0}])
def test_fields_that_make_no_sense(fields: dict) -> None:
    with pytest.raises(InputError, match="allowed"):
        MODEL.clone(**fields)


@pytest.mark.parametrize(("kernel", "relu"), [((2, 6), False), ((5, 5), True), ((3, 3), False)])
def test_convolutions_of_small_images_are_those_of_flax(kernel: tuple[int, int], relu: bool) -> None:
    images = jnp.asarray(np.random.default_rng(1).normal(size=(3, 4, 3, 2)), jnp.float32)
    head = ConvHead(2, features=(4,), hidden=5, kernel_size=kernel, relu=relu)

    def expected(params: Any) -> jax.Array:
        convolved = jnp.asarray(nn.Conv(4, kernel).apply({"params": params["Conv_0"]}, images))
        values = nn.relu(convolved) if relu else convolved
        pooled = nn.max_pool(values, (2, 2), (2, 2), "SAME").reshape(3, -1)
        hidden = nn.relu(jnp.asarray(nn.Dense(5).apply({"params": params["Dense_0"]}, pooled)))
        return jnp.asarray(nn.Dense(2).apply({"params": params["Dense_1"]}, hidden))

    logits, variables = jax.jit(head.init_with_output)(KEY, images)
    assert_close(logits, jax.jit(expected)(variables["params"]), 1e-5)
