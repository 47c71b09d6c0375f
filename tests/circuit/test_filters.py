"""Many circuits on the same patches, each with angles of its own: what belongs to the patches alone is shared."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.strongly_entangling import StronglyEntangling
from qconv.circuit.circuit import Circuit
from qconv.encoding.angle import Angle
from qconv.encoding.basis import Basis
from qconv.encoding.dense_angle import DenseAngle
from qconv.encoding.iqp import IQP
from qconv.layers.quantum_conv import QuantumConv
from qconv.readout.most_probable import MostProbableWeight
from qconv.readout.pauli import PauliXYZ, PauliZ
from qconv.readout.probabilities import Probabilities
from qconv.simulate import evaluation, product_table
from qconv.simulate.choose import ENGINES, choose_engine, costs, engine_named
from qconv.simulate.expectations import expectations, run_circuits
from qconv.simulate.product_table import gathered
from tests import oracle
from tests.oracle import assert_close

LAYERS = StronglyEntangling(2)
CIRCUITS = {
    "angles": (Circuit(Angle(), LAYERS), 4),
    "angles, complex": (Circuit(Angle("X"), LAYERS, PauliXYZ()), 3),
    "one qubit": (Circuit(Angle(), HardwareEfficient(1), PauliXYZ()), 1),
    "two angles a qubit": (Circuit(DenseAngle(), LAYERS, Probabilities()), 6),
    "IQP": (Circuit(IQP(), LAYERS, PauliXYZ()), 3),
    "bits": (Circuit(Basis(), LAYERS, Probabilities()), 3),
    "again": (Circuit(Angle(), LAYERS, reuploads=1), 2),
    "scaled": (Circuit(Angle(), LAYERS, trainable_scaling=True), 2),
}
CASES = [
    pytest.param(circuit, size, engine.name, id=f"{name}, {engine.name}")
    for name, (circuit, size) in CIRCUITS.items()
    for engine in ENGINES
    if engine.refusal(circuit, size) is None
]


def arrays(circuit: Circuit, size: int, filters: int, registers: int, patches: int) -> list[np.ndarray]:
    """Patches, angles and, if there are any, factors of all circuits."""
    rng = np.random.default_rng(0)
    inputs = rng.random((registers, patches, size))
    found = [np.round(inputs) if isinstance(circuit.encoding, Basis) else inputs]
    found.append(rng.uniform(-3, 3, (filters, registers, *circuit.param_shape(size))))
    if circuit.trainable_scaling:
        found.append(rng.uniform(0.5, 2, (filters, registers, *circuit.scaling_shape(size))))
    return [array.astype(np.float32) for array in found]


@pytest.mark.parametrize(("circuit", "size", "engine"), CASES)
def test_all_circuits_of_a_layer_equal_the_oracle(circuit: Circuit, size: int, engine: str) -> None:
    inputs, *params = arrays(circuit, size, filters=3, registers=2, patches=7)
    theta, *scaling = params = [jnp.asarray(param) for param in params]
    inputs = jnp.asarray(inputs)
    outputs = run_circuits(circuit, params, inputs, engine)
    expected = [
        [oracle.expectations(circuit, theta[f, r], inputs[r], scaling[0][f, r] if scaling else None) for f in range(3)]
        for r in range(2)
    ]
    assert_close(outputs, np.moveaxis(np.array(expected), 2, 0), atol=5e-6)


@pytest.mark.parametrize("engine", [engine.name for engine in ENGINES if engine.shares(Circuit(), 4)])
@pytest.mark.parametrize("in_chunks", [False, True])
def test_gradients_of_many_filters_are_those_of_each(
    engine: str, in_chunks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    circuit = Circuit(Basis() if engine == "lookup" else Angle(), LAYERS)
    inputs, theta = map(jnp.asarray, arrays(circuit, 4, filters=5, registers=3, patches=11))
    if in_chunks:  # of patches, and of what is built
        monkeypatch.setattr(product_table, "_CHUNK_BYTES", 2**12)
        monkeypatch.setattr(evaluation, "_BUILT_AT_ONCE", 20_000)
        jax.clear_caches()
    weights = jnp.asarray(np.random.default_rng(1).random((11, 3, 5, 4)), jnp.float32)

    def together(theta, inputs):
        return jnp.sum(weights * run_circuits(circuit, [theta], inputs, engine))

    def apart(theta, inputs):
        each = [[expectations(circuit, theta[f, r], inputs[r], "fused") for f in range(5)] for r in range(3)]
        return jnp.sum(weights * jnp.transpose(jnp.array(each), (2, 0, 1, 3)))

    wanted = 0 if engine == "lookup" else (0, 1)
    found, expected = (jax.jit(jax.grad(function, wanted))(theta, inputs) for function in (together, apart))
    jax.tree.map(lambda a, b: assert_close(a, b, atol=2e-5), found, expected)
    if in_chunks:
        jax.clear_caches()


def test_a_readout_decodes_each_filter() -> None:
    layer = QuantumConv(Circuit(Basis(), LAYERS, MostProbableWeight()), features=6, trainable=False, kernel_size=2)
    images = jnp.asarray(np.random.default_rng(0).integers(0, 2, (2, 4, 4, 1)), jnp.float32)
    variables = layer.init(jax.random.key(0), images)
    outputs: Any = layer.apply(variables, images)
    for number in range(6):
        own = {"frozen": {"theta": variables["frozen"]["theta"][number : number + 1]}}
        np.testing.assert_array_equal(outputs[..., number : number + 1], layer.clone(features=1).apply(own, images))


def test_layers_of_many_filters_are_mapped_and_differentiated_forwards() -> None:
    layer = QuantumConv(Circuit(Angle(), LAYERS, PauliZ()), features=3, strides=2)
    images = jnp.asarray(np.random.default_rng(0).random((4, 6, 6, 1)), jnp.float32)
    variables = layer.init(jax.random.key(0), images)
    apply = jax.jit(layer.apply)
    assert_close(jax.vmap(lambda image: layer.apply(variables, image))(images), apply(variables, images), atol=2e-6)
    tangents = jnp.ones_like(images)
    _, forwards = jax.jvp(lambda x: layer.apply(variables, x), (images,), (tangents,))
    step = 1e-2
    by_differences = (apply(variables, images + step) - apply(variables, images - step)) / (2 * step)
    assert_close(forwards, by_differences, atol=5e-3)  # the differences are as wrong as that: step^2 f''' / 6


def test_the_program_does_not_grow_with_the_number_of_filters() -> None:
    circuit, size = CIRCUITS["angles"]

    def equations(filters: int) -> int:
        inputs, theta = arrays(circuit, size, filters, registers=1, patches=50)
        program = jax.make_jaxpr(lambda t, x: run_circuits(circuit, [t], x, "heisenberg"))(theta, inputs)
        return str(program).count(" = ")

    assert equations(64) <= equations(16) < 1.2 * equations(1)


def test_costs_are_those_of_all_filters() -> None:
    circuit, size = CIRCUITS["angles"]
    for patches in (64, 10_000):
        one, many = (costs(circuit, size, patches, filters=filters) for filters in (1, 16))
        for name, cost in one.items():
            shared = engine_named(name).shares(circuit, size)
            ratio = many[name].seconds / cost.seconds
            assert (1 < ratio < 16) if shared else ratio == pytest.approx(16)
    # Few windows and one filter do not pay for a table; with more of either it does.
    assert choose_engine(circuit, size, patches=256) == "unitary"
    assert choose_engine(circuit, size, patches=256, filters=16) == "heisenberg"
    assert choose_engine(circuit, size, patches=4096) == "heisenberg"


def test_with_many_rows_more_qubits_are_gathered() -> None:
    assert [gathered(4, 3, rows) for rows in (1, 4, 64, 256)] == [2, 3, 4, 4]
    assert gathered(1, 3, 1) == 1
