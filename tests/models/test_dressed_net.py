"""Dressed circuits against the dense oracle, gate by gate as published, and the networks that replace them."""

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
    params = dict(jax.jit(dressed.init)(KEY, images)["params"])
    params.pop("quantum", None)
    values = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(params)])
    assert len(values) > 400 and abs(values.std() / 1e-3 - 1) < 0.15 and abs(values.mean()) < 1e-3 / 5


def test_the_twin_has_a_classical_layer_in_place_of_the_circuit() -> None:
    twin = classical_twin(MODEL)
    assert isinstance(twin, DressedNet) and isinstance(twin.quantum, ClassicalDense) and twin.width == 5
    logits, variables = jax.eval_shape(twin.init_with_output, KEY, POINTS)
    assert logits.shape == (4, 2)
    shapes = jax.tree.map(np.shape, variables["params"])
    own = jax.tree.map(np.shape, jax.eval_shape(MODEL.init, KEY, POINTS)["params"])
    assert (shapes["before"], shapes["after"]) == (own["before"], own["after"])


@pytest.mark.parametrize("fields", [{"width": 0}, {"weight_std": 0.0}])
def test_fields_that_make_no_sense(fields: dict) -> None:
    with pytest.raises(InputError, match="allowed"):
        MODEL.clone(**fields)
