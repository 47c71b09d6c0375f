"""Backbones: how many parameters they have, what they make of images, and which images they refuse."""

import math
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.encoding.angle import Angle
from qconv.errors import InputError
from qconv.layers.classical_conv import ClassicalConv
from qconv.layers.classical_dense import ClassicalDense
from qconv.layers.quantum_conv import QuantumConv
from qconv.layers.quantum_dense import QuantumDense
from qconv.models.conv_norm import ConvNorm
from qconv.models.fused import Fused
from qconv.models.heads import LinearHead
from qconv.models.hybrid_net import HybridNet
from qconv.models.network import changing_collections, num_frozen_stages, output_of, trained_output
from qconv.models.networks import QuanvNet
from qconv.models.quantum_calls import trace
from qconv.models.resnet import ResidualBlock, ResNet
from qconv.models.small_cnn import SmallCNN
from qconv.models.squashed_dense import SquashedDense
from qconv.models.twin import classical_twin
from qconv.models.vit import ViT

KEY = jax.random.key(0)
DENSE = QuantumDense(Circuit(Angle(), HardwareEfficient(1)))
CONV = QuantumConv(Circuit(Angle(), HardwareEfficient(1)), strides=2)


def images(*shape: int) -> Any:
    return jnp.asarray(np.random.default_rng(0).random(shape), jnp.float32)


def vit_parameters(pixels: int, tokens: int, width: int, depth: int, hidden: int) -> int:
    """Patches and positions; in each block two norms, query, key, value and mixing, and two dense layers; a norm."""
    dense = 4 * (width * width + width) + width * hidden + hidden + hidden * width + width
    return (pixels * width + width) + tokens * width + depth * (2 * 2 * width + dense) + 2 * width


SIZES = {
    "SmallCNN": (SmallCNN(), (28, 28, 1), 64, 9 * (16 + 16 * 32 + 32 * 64) + 2 * (16 + 32 + 64)),
    # PyTorch's, 11,689,512 and so on, without its last layer from 512 or 2,048 features to 1,000 logits
    "ResNet-18": (ResNet((2, 2, 2, 2), 64, stem="large"), (224, 224, 3), 512, 11_689_512 - 513_000),
    "ResNet-34": (ResNet((3, 4, 6, 3), 64, stem="large"), (224, 224, 3), 512, 21_797_672 - 513_000),
    "ResNet-50": (ResNet((3, 4, 6, 3), 64, "bottleneck", "large"), (224, 224, 3), 2048, 25_557_032 - 2_049_000),
    "ResNet-8 for small images": (
        ResNet(),
        (28, 28, 1),
        64,
        9 * (16 + 2 * 16**2 + 16 * 32 + 32**2 + 32 * 64 + 64**2)  # 3x3 convolutions
        + (16 * 32 + 32 * 64)  # of 1x1
        + 2 * (3 * 16 + 3 * 32 + 3 * 64),  # normalisations
    ),
    "ViT-Base": (
        ViT(16, 768, 12, 12, 3072),
        (224, 224, 3),
        768,
        vit_parameters(16 * 16 * 3, 196, 768, 12, 3072) + 768,
    ),
    "ViT with a mean": (ViT(7, 12, 2, 3, 5, "mean"), (28, 28, 1), 12, vit_parameters(49, 16, 12, 2, 5)),
}


@pytest.mark.parametrize("name", SIZES)
def test_features_and_parameters_are_as_many_as_counted_by_hand(name: str) -> None:
    network, shape, features, parameters = SIZES[name]
    inputs = jax.ShapeDtypeStruct((2, *shape), jnp.float32)
    outputs, variables = jax.eval_shape(network.init_with_output, KEY, inputs)
    assert outputs.shape == (2, features)
    assert sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(variables["params"])) == parameters
    assert changing_collections(variables) == ([] if name.startswith("ViT") else ["batch_stats"])


def test_the_published_vision_transformer_has_86_million_parameters() -> None:
    """Table 1 of the paper; its class token has a position of its own, 768 numbers, which only adds to the token."""
    assert vit_parameters(768, 197, 768, 12, 3072) + 768 == 85_798_656


def test_strides_and_padding_are_those_of_pytorch() -> None:
    """The window of 3 around every second pixel from the first on; 'SAME' would take the others of an even size."""
    layer, inputs = ConvNorm(1, strides=2), images(2, 4, 6, 1)
    variables = layer.init(KEY, inputs)
    kernel = jnp.zeros((3, 3, 1, 1)).at[1, 1].set(1)
    variables = {**variables, "params": {**variables["params"], "Conv_0": {"kernel": kernel}}}
    np.testing.assert_allclose(output_of(layer, variables, inputs), np.asarray(inputs)[:, ::2, ::2], rtol=1e-4)


def test_batches_are_normalised_in_training_and_remembered() -> None:
    layer, inputs = ConvNorm(3), images(8, 5, 5, 2)
    variables = layer.init(KEY, inputs)
    normed, written = trained_output(layer, variables, inputs, {})
    np.testing.assert_allclose(np.mean(normed, (0, 1, 2)), np.zeros(3), atol=1e-5)
    np.testing.assert_allclose(np.std(normed, (0, 1, 2)), np.ones(3), rtol=1e-3)
    filtered = nn.Conv(3, (3, 3), use_bias=False).apply({"params": variables["params"]["Conv_0"]}, inputs)
    mean = written["batch_stats"]["BatchNorm_0"]["mean"]
    np.testing.assert_allclose(mean, 0.1 * np.mean(np.asarray(filtered), (0, 1, 2)), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("bottleneck", [False, True])
def test_a_residual_block_starts_as_nothing_but_its_inputs(bottleneck: bool) -> None:
    maps = images(3, 4, 4, 8) - 0.5
    block = ResidualBlock(2 if bottleneck else 8, bottleneck=bottleneck)
    outputs, variables = block.init_with_output(KEY, maps)
    np.testing.assert_array_equal(outputs, nn.relu(maps))
    assert "shortcut" not in variables["params"]


def test_a_vision_transformer_knows_where_a_patch_was() -> None:
    """The mean of tokens would not, but for their positions; dropout acts in training only."""
    inputs = images(2, 4, 4, 1)
    swapped = jnp.concatenate([inputs[:, 2:], inputs[:, :2]], 1)
    network = ViT(2, 8, 1, 2, 4, "mean", dropout=0.5)
    variables = network.init(KEY, inputs)
    with_positions, without = variables, jax.tree.map(jnp.copy, variables)
    without["params"]["PatchTokens_0"]["positions"] *= 0
    for own, same in ((with_positions, False), (without, True)):
        one, other = (output_of(network, own, each) for each in (inputs, swapped))
        assert np.allclose(one, other, atol=1e-5) == same
    trained = [trained_output(network, variables, inputs, {"dropout": jax.random.key(k)})[0] for k in range(2)]
    assert not np.allclose(*trained)


@pytest.mark.parametrize(
    ("network", "shape", "message"),
    [
        (SmallCNN(), (3, 8, 1), r"^images have 3x8 pixels; allowed: at least 4x4, the strides of SmallCNN with fe"),
        (ResNet((1,) * 5), (15, 16, 1), r"^images have 15x16 pixels; allowed: at least 16x16, the strides of ResNet w"),
        (
            ResNet((2, 2, 2, 2), stem="large"),
            (28, 28, 1),
            r"at least 32x32, the strides of ResNet with depths = \(2, 2, 2, 2\) and stem = 'large'",
        ),
        (ViT(4), (28, 30, 1), r"^patch = 4; allowed: what divides the height and the width of images of 28x30 pixels"),
        (ViT(4, width=10), (28, 28, 1), r"^num_heads = 4; allowed: what divides the 10 numbers of a token"),
    ],
)
def test_images_that_do_not_fit_are_refused(network: nn.Module, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        jax.eval_shape(network.init, KEY, jax.ShapeDtypeStruct((1, *shape), jnp.float32))


@pytest.mark.parametrize(
    ("cls", "fields", "message"),
    [
        (SmallCNN, {"features": ()}, r"^features = \(\); allowed: at least one number$"),
        (SmallCNN, {"features": (8, 0)}, r"^features = \(8, 0\); allowed: at least 1$"),
        (ResNet, {"depths": ()}, r"^depths = \(\); allowed: at least one number$"),
        (ResNet, {"width": 0}, r"^width = 0; allowed: at least 1$"),
        (ConvNorm, {"features": 3, "kernel_size": 2}, r"^kernel_size = 2; allowed: odd numbers$"),
        (ViT, {"depth": 0}, r"^depth = 0; allowed: at least 1$"),
        (Fused, {"branches": ()}, r"^branches = \(\); allowed: at least one network$"),
    ],
)
def test_fields_that_make_no_sense(cls: Any, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        cls(**fields)


def test_fused_branches_are_side_by_side() -> None:
    inputs = images(3, 4, 4, 1)
    fused = Fused((SmallCNN((2, 3)), CONV, QuanvNet(CONV.clone(), LinearHead(5))))
    variables = fused.init(KEY, inputs)
    outputs = output_of(fused, variables, inputs)
    parts = [
        output_of(branch, {name: tree.get(f"branches_{index}", {}) for name, tree in variables.items()}, inputs)
        for index, branch in enumerate(fused.branches)
    ]
    np.testing.assert_allclose(outputs, np.concatenate([np.reshape(part, (3, -1)) for part in parts], 1), rtol=1e-5)
    assert outputs.shape == (3, 3 + 2 * 2 * 4 + 5)
    _, written = trained_output(fused, variables, inputs, {})
    assert set(written["batch_stats"]) == {"branches_0"}
    before = variables["batch_stats"]["branches_0"]["ConvNorm_0"]["BatchNorm_0"]["mean"]
    assert np.any(written["batch_stats"]["branches_0"]["ConvNorm_0"]["BatchNorm_0"]["mean"] != before)


def test_the_twin_replaces_quantum_branches_only() -> None:
    cnn, net = SmallCNN((2, 3)), QuanvNet(CONV.clone(), LinearHead(5))
    model = HybridNet(Fused((cnn, CONV, net)), SquashedDense(3), DENSE, LinearHead(2))
    twin = classical_twin(model)
    first, second, third = twin.backbone.branches
    assert first == cnn and isinstance(second, ClassicalConv) and isinstance(third.conv, ClassicalConv)
    assert third.head == net.head and isinstance(twin.quantum, ClassicalDense)
    own, other = trace(model, (4, 4, 1)), trace(twin, (4, 4, 1))
    assert [call.path for call in own.calls] == [
        ("backbone", "branches_1"),
        ("backbone", "branches_2", "conv"),
        ("quantum",),
    ]
    assert own.outputs == other.outputs and not other.calls and not other.runs_circuits


def test_fused_branches_that_are_all_frozen_are_computed_once() -> None:
    frozen = CONV.clone(trainable=False)
    for branches, expected in (((frozen, frozen), 1), ((frozen, CONV), 0), ((frozen, SmallCNN((2,))), 0)):
        network = HybridNet(Fused(branches), SquashedDense(3), DENSE, LinearHead(2))
        assert num_frozen_stages(network, (4, 4, 1), np.dtype(np.float32)) == expected
