"""Products of cosines are what the published circuit computes: against it, and both against the dense oracle."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.basic_entangler import BasicEntangler
from qconv.circuit.circuit import Circuit
from qconv.encoding.angle import Angle
from qconv.errors import InputError
from qconv.layers.cosine_products import CosineProducts
from qconv.layers.quantum_dense import QuantumDense
from qconv.readout.pauli import PauliZ
from tests.oracle import Dense, assert_close

KEY = jax.random.key(0)
CIRCUIT = Circuit(Angle("X", scale=1.0), BasicEntangler(depth=1), PauliZ())
SPREADS: list[dict[str, Any]] = [{}, {"angle_range": 0.5, "angle_distribution": "normal"}]


def numbers(count: int) -> Any:
    """Far beyond a turn, as what a network makes may be."""
    return jnp.asarray(5 * np.random.default_rng(0).normal(size=(7, count)), jnp.float32)


def by_the_oracle(vector: np.ndarray, angles: np.ndarray) -> list[float]:
    """The circuit gate by gate, as published."""
    count = len(vector)
    register = Dense(count)
    for qubit in range(count):
        register.rx(qubit, theta=vector[qubit])
    for qubit in range(count):
        register.rx(qubit, theta=angles[qubit])
    for qubit in range(count):
        register.cnot(qubit, (qubit + 1) % count)
    return [register.expectation("I" * q + "Z" + "I" * (count - 1 - q)) for q in range(count)]


@pytest.mark.parametrize("count", [3, 6])
def test_circuit_and_cosines_are_what_the_oracle_says(count: int) -> None:
    inputs = numbers(count)
    outputs, variables = jax.jit(CosineProducts(2).init_with_output)(KEY, inputs)
    theta = np.asarray(variables["params"]["theta"], np.float64)
    assert theta.shape == (2, 1, 1, count)
    expected = [[by_the_oracle(own, row) for row in theta[:, 0, 0]] for own in np.asarray(inputs, np.float64)]
    assert_close(outputs, np.reshape(expected, (7, 2 * count)), 1e-5)
    assert_close(jax.jit(QuantumDense(CIRCUIT, 2).apply)(variables, inputs), outputs, 1e-5)


@pytest.mark.parametrize("fields", SPREADS)
def test_parameters_and_gradients_are_those_of_the_circuit(fields: dict[str, Any]) -> None:
    inputs = numbers(6)
    layers = QuantumDense(CIRCUIT, 3, **fields), CosineProducts(3, **fields)
    circuit, cosines = (jax.jit(layer.init)(KEY, inputs) for layer in layers)
    np.testing.assert_array_equal(circuit["params"]["theta"], cosines["params"]["theta"])

    def loss(layer: Any) -> Any:
        return jax.jit(jax.grad(lambda variables, own: jnp.sum(layer.apply(variables, own) ** 2), argnums=(0, 1)))

    found, expected = (loss(layer)(circuit, inputs) for layer in layers)
    jax.tree.map(lambda a, b: assert_close(a, b, 1e-4), found, expected)


@pytest.mark.parametrize("fields", [{"features": 0}, {"angle_range": -1.0}])
def test_fields_that_make_no_sense(fields: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="allowed"):
        CosineProducts(**fields)
