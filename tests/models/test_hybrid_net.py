"""Networks with a backbone, a circuit and a head: what each stage makes, and the twin."""

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
from qconv.models.heads import LinearHead
from qconv.models.hybrid_net import HybridNet
from qconv.models.network import output_of
from qconv.models.squashed_dense import SquashedDense
from qconv.models.twin import classical_twin
from qconv.readout.pauli import PauliZ

KEY = jax.random.key(0)
IMAGES = jnp.asarray(np.random.default_rng(0).random((3, 4, 4, 1)), jnp.float32)
MODEL = HybridNet(
    nn.Conv(2, (2, 2)), SquashedDense(5), QuantumDense(Circuit(Angle(), Staggered(3), PauliZ())), LinearHead(2)
)


def test_the_stages_are_backbone_numbers_circuit_and_head() -> None:
    assert MODEL.stages() == ("backbone", "numbers", "quantum", "head")
    variables = MODEL.init(KEY, IMAGES)
    params = variables["params"]
    features = MODEL.backbone.apply({"params": params["backbone"]}, IMAGES)
    dense = jax.tree.map(np.asarray, params["numbers"]["Dense_0"])
    numbers = (1 + np.tanh(np.asarray(features).reshape(3, -1) @ dense["kernel"] + dense["bias"])) / 2
    np.testing.assert_allclose(output_of(MODEL, variables, IMAGES, stop=2), numbers, rtol=1e-5)
    measured = MODEL.quantum.apply({"params": params["quantum"]}, jnp.asarray(numbers))
    outputs = MODEL.head.apply({"params": params["head"]}, measured)
    np.testing.assert_allclose(output_of(MODEL, variables, IMAGES), np.asarray(outputs), rtol=1e-4, atol=1e-5)


def test_the_twin_replaces_the_circuit_alone() -> None:
    twin = classical_twin(MODEL)
    assert isinstance(twin.quantum, ClassicalDense) and twin == MODEL.clone(quantum=twin.quantum)
    own, other = (jax.eval_shape(model.init, KEY, IMAGES)["params"] for model in (MODEL, twin))
    for stage in ("backbone", "numbers", "head"):
        assert jax.tree.map(np.shape, own[stage]) == jax.tree.map(np.shape, other[stage])


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_numbers_are_in_the_unit_range_and_start_as_asked(distribution: Any) -> None:
    features = jnp.asarray(np.random.default_rng(1).normal(0, 100, (50, 400)), jnp.float32)
    layer = SquashedDense(50, distribution)
    numbers, variables = layer.init_with_output(KEY, features)
    numbers = np.asarray(numbers)
    assert numbers.shape == (50, 50) and numbers.min() >= 0 and numbers.max() <= 1
    dense = jax.tree.map(np.asarray, variables["params"]["Dense_0"])
    assert np.std(dense["kernel"]) == pytest.approx(0.05 / (1 if distribution == "normal" else np.sqrt(3)), rel=0.02)
    assert (np.abs(dense["bias"]).max() > 0) == (distribution == "uniform")
    of_nothing = np.asarray(layer.apply(variables, jnp.zeros((1, 400))))[0]
    np.testing.assert_allclose(of_nothing, (1 + np.tanh(dense["bias"])) / 2, rtol=1e-6)


def test_no_numbers_are_refused() -> None:
    with pytest.raises(InputError, match=r"^width = 0; allowed: at least 1$"):
        SquashedDense(0)
