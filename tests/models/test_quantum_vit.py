"""The vision transformer with circuits: its published size, what they compute, its twin, and the classical one."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.quantum_vit_digits import experiment
from qconv.errors import InputError
from qconv.layers.classical_twin import ClassicalTwin
from qconv.layers.cosine_products import CosineProducts
from qconv.models.network import num_frozen_stages, output_of
from qconv.models.quantum_calls import trace
from qconv.models.quantum_vit import QuantumViT
from qconv.models.transformer import EncoderBlock, PatchTokens
from qconv.models.twin import classical_twin
from tests.oracle import assert_close

KEY = jax.random.key(0)
MODEL: Any = experiment.model
SMALL = MODEL.clone(depth=2)
IMAGES = jnp.asarray(np.random.default_rng(0).random((3, 28, 28, 1)), jnp.float32)
DENSE = QuantumViT(nn.Dense(18), nn.Dense(6))


@pytest.fixture(scope="module")
def variables() -> Any:
    return jax.jit(SMALL.init)(KEY, IMAGES)


def test_it_has_the_published_number_of_parameters() -> None:
    traced = trace(MODEL, (28, 28, 1))
    assert traced.num_trained_parameters == traced.num_parameters == 1672
    assert traced.num_quantum_parameters == 4 * (4 * 6 + 3)
    assert traced.outputs.shape == (1, 10)


def test_with_dense_layers_it_is_a_classical_transformer() -> None:
    """Each with a bias, and nothing in the place of the hidden circuit."""
    block = 3 * (6 * 6 + 6) + 6 * 6 + 6 + (6 * 3 + 3) + (3 * 6 + 6) + 2 * 12
    traced = trace(DENSE, (28, 28, 1))
    assert traced.num_parameters == 196 * 6 + 6 + 4 * 6 + 4 * block + 12 + 70 == 2236
    assert not traced.calls


def test_each_block_calls_circuits_of_its_own_on_all_tokens_at_once() -> None:
    calls = trace(MODEL, (28, 28, 1)).calls
    names = ("projections", "mixing", "hidden")
    assert [call.path for call in calls] == [(f"blocks_{k}", name) for k in range(4) for name in names]
    assert {call.patches for call in calls} == {4} and [call.in_features for call in calls[:3]] == [6, 6, 3]


def test_cosines_make_of_images_what_the_circuits_do(variables: Any) -> None:
    cosines = QuantumViT(CosineProducts(3), CosineProducts(), CosineProducts(), depth=2)
    expected = jax.jit(SMALL.apply)(variables, IMAGES)
    assert_close(jax.jit(cosines.apply)(variables, IMAGES), expected, 1e-5)
    assert float(jnp.std(expected, axis=0).min()) > 1e-3  # they are not all the same


def test_the_twin_calls_no_quantum_layer() -> None:
    twin = classical_twin(MODEL)
    traced = trace(twin, (28, 28, 1))
    assert not traced.calls and not traced.runs_circuits
    layers = (twin.projections, twin.mixing, twin.hidden)
    assert all(isinstance(layer, ClassicalTwin) for layer in layers)
    # Of a single unit between six numbers and six, fewer than which it cannot have.
    assert traced.num_parameters == 1672 + 4 * ((7 + 2 * 18 + 7 + 2 * 6 + 4 + 2 * 3) - 27)


def test_stages_one_by_one_are_the_network(variables: Any) -> None:
    features = jax.jit(lambda images: output_of(SMALL, variables, images, stop=2))(IMAGES)
    assert features.shape == (3, 6) and num_frozen_stages(MODEL, (28, 28, 1), np.float32) == 0
    assert_close(output_of(SMALL, variables, features, start=2), jax.jit(SMALL.apply)(variables, IMAGES), 1e-5)


def test_tokens_are_the_patches_row_by_row() -> None:
    layer = PatchTokens(14, 6)
    tokens, made = layer.init_with_output(KEY, IMAGES)
    kernel = np.asarray(made["params"]["embedding"]["kernel"]).reshape(196, 6)
    positions = np.asarray(made["params"]["positions"])
    patches = [IMAGES[:, i : i + 14, j : j + 14].reshape(3, 196) for i in (0, 14) for j in (0, 14)]
    assert_close(tokens, np.stack([np.asarray(p) @ kernel for p in patches], axis=1) + positions, 1e-5)


def test_a_block_is_attention_and_two_dense_layers() -> None:
    """Against NumPy, with dense layers in the place of the circuits."""
    block = EncoderBlock(nn.Dense(12), nn.Dense(4), nn.Dense(3), num_heads=2, hidden_width=3)
    tokens = np.random.default_rng(1).normal(size=(2, 5, 4))
    found, made = block.init_with_output(KEY, jnp.asarray(tokens, jnp.float32))
    params = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), made["params"])

    def dense(name: str, values: np.ndarray) -> np.ndarray:
        return values @ params[name]["kernel"] + params[name]["bias"]

    def norm(values: np.ndarray) -> np.ndarray:
        return (values - values.mean(-1, keepdims=True)) / np.sqrt(values.var(-1, keepdims=True) + 1e-6)

    query, key, value = np.split(dense("projections", norm(tokens)), 3, axis=-1)
    collected = np.zeros_like(tokens)
    for head in (slice(0, 2), slice(2, 4)):
        weights = np.exp(query[..., head] @ key[..., head].swapaxes(1, 2) / np.sqrt(2))
        collected[..., head] = weights / weights.sum(-1, keepdims=True) @ value[..., head]
    tokens = tokens + dense("mixing", collected)
    hidden = dense("hidden", dense("to_hidden", norm(tokens)))
    gelu = hidden / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (hidden + 0.044715 * hidden**3)))
    assert_close(found, tokens + dense("from_hidden", gelu), 1e-5)


def test_dropout_is_on_in_training_only(variables: Any) -> None:
    def outputs(seed: int, train: bool) -> Any:
        return jax.jit(lambda own: SMALL.apply(own, IMAGES, train=train, rngs={"dropout": jax.random.key(seed)}))(
            variables
        )

    assert_close(outputs(0, False), outputs(1, False), 0)
    assert float(jnp.abs(outputs(0, True) - outputs(1, True)).max()) > 1e-2


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"patch": 13}, r"^patch = 13; allowed: what divides the height and the width of images of 28x28 pixels"),
        ({"num_heads": 4}, r"^num_heads = 4; allowed: what divides the 6 numbers of a token"),
        ({"depth": 0}, r"^depth = 0; allowed: at least 1"),
        ({"dropout": 1.0}, r"^dropout = 1.0; allowed: 0 to less than 1"),
        (
            {"projections": nn.Dense(6)},
            r"^projections makes \(6,\) of the 6 numbers of a token; allowed: 18 numbers",
        ),
        ({"mixing": nn.Dense(7)}, r"^mixing makes \(7,\) of the 6 numbers of a token; allowed: 6 numbers"),
        ({"hidden": nn.Dense(4)}, r"^hidden makes \(4,\) of the 3 numbers of a token; allowed: 3 numbers"),
    ],
)
def test_what_does_not_fit_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        jax.eval_shape(DENSE.clone(**fields).init, KEY, IMAGES)
