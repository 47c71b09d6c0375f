"""What holds for every layer, twin, filter, head and network: empty batches, and training in Flax NNX."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

import qconv.layers
import qconv.models
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.circuit.tree import Tree
from qconv.encoding.amplitude import Amplitude
from qconv.encoding.angle import Angle
from qconv.encoding.basis import Basis
from qconv.layers.circuit_layer import CircuitLayer
from qconv.layers.classical_conv import ClassicalConv
from qconv.layers.classical_dense import ClassicalDense
from qconv.layers.classical_tree import ClassicalTree
from qconv.layers.classical_twin import ClassicalTwin
from qconv.layers.conv_filter import ConvFilter
from qconv.layers.cosine_products import CosineProducts
from qconv.layers.fourier_filter import FourierFilter
from qconv.layers.quantum_conv import QuantumConv
from qconv.layers.quantum_dense import QuantumDense
from qconv.layers.quantum_layer import QuantumLayer
from qconv.layers.quantum_tree import QuantumTree
from qconv.models.conv_norm import ConvNorm
from qconv.models.dncnn import DnCNN
from qconv.models.dressed_net import DressedNet
from qconv.models.first_stages import FirstStages
from qconv.models.fused import Fused
from qconv.models.heads import ConvHead, LinearHead, LogProbabilities
from qconv.models.hybrid_net import HybridNet
from qconv.models.kernel_machine import KernelMachine
from qconv.models.network import Network
from qconv.models.networks import BackboneNet, ClassicalNet, QuantumClassifier, QuanvNet, TreeNet
from qconv.models.pretrained import Pretrained
from qconv.models.quantum_vit import QuantumViT
from qconv.models.quanv_unet import QuanvUNet
from qconv.models.resnet import ResidualBlock, ResNet
from qconv.models.small_cnn import SmallCNN
from qconv.models.squashed_dense import SquashedDense
from qconv.models.transformer import EncoderBlock, PatchTokens
from qconv.models.twin import WithTwin, classical_twin
from qconv.models.vit import ViT
from qconv.readout.probabilities import Probabilities
from qconv.simulate.device import Device

IMAGE = (2, 2, 1)
CIRCUIT = Circuit(Angle(), HardwareEfficient(1))
CONV = QuantumConv(CIRCUIT)
DENSE = QuantumDense(CIRCUIT)
TREE = QuantumTree(Tree(ansatz=HardwareEfficient(1)), features=2)
SCALED = Circuit(Angle(), HardwareEfficient(1), reuploads=1, trainable_scaling=True)
MEASURED = QuantumDense(Circuit(Angle(), HardwareEfficient(1), Probabilities()))

# Normed bits are -1 and 1, which times pi would leave some angles without a gradient.
OF_TOKENS = QuantumDense(Circuit(Angle(scale=1.0), HardwareEfficient(1)))
VIT = QuantumViT(OF_TOKENS.clone(features=3), OF_TOKENS, OF_TOKENS, patch=1, width=4, depth=1, num_classes=2)

MODULES: list[tuple[nn.Module, tuple[int, ...]]] = [
    *((layer, IMAGE) for layer in (CONV, DENSE, TREE, MEASURED)),
    *((layer.twin(), IMAGE) for layer in (CONV, DENSE, TREE, MEASURED)),
    *((layer.clone(trainable=False), IMAGE) for layer in (CONV, DENSE)),
    *((layer.clone(trainable=False).twin(), IMAGE) for layer in (CONV, DENSE)),
    (CONV.clone(circuit=SCALED, features=2), IMAGE),
    *((CONV.clone(channels=channels), (2, 2, 2)) for channels in ("sum", "concatenate")),
    (CONV.clone(channels="concatenate").twin(), (2, 2, 2)),
    (TREE.clone(read=2, tree=Tree(ansatz=HardwareEfficient(1), shared=False)), (4, 3, 1)),
    (TREE.clone(read=2, tree=Tree(ansatz=HardwareEfficient(1), shared=False)).twin(), (4, 3, 1)),
    *((ConvFilter(trainable=trainable), IMAGE) for trainable in (True, False)),
    (FourierFilter(), IMAGE),
    *((CosineProducts(features), IMAGE) for features in (1, 2)),
    *((head, IMAGE) for head in (LinearHead(2), ConvHead(2, (3,), 4))),
    (ConvHead(2, (3,), 4, dropout=0.5), IMAGE),
    (LogProbabilities(), (4,)),
    (ClassicalNet(LinearHead(2)), IMAGE),
    (DressedNet(DENSE), IMAGE),
    *((SquashedDense(distribution=distribution), IMAGE) for distribution in ("normal", "uniform")),
    (HybridNet(nn.Conv(2, (2, 2)), SquashedDense(3), DENSE, LinearHead(2)), IMAGE),
    *((DnCNN(beside, depth=3, features=2), IMAGE) for beside in (None, CONV)),
    (QuantumClassifier(MEASURED, LogProbabilities()), IMAGE),
    (QuanvNet(CONV, LinearHead(2)), IMAGE),
    (TreeNet(TREE, LinearHead(2)), IMAGE),
    # Of 4x4 bits many windows are alike, and which of equal values is the largest would be a matter of rounding.
    (QuanvUNet(CONV, features=(2, 4), group_size=2), (4, 6, 2)),
    (QuanvUNet(None, nn.Conv(2, (1, 1)), features=(2, 4), group_size=0, skips=False), (4, 4, 1)),
    (PatchTokens(1, 3), IMAGE),
    (EncoderBlock(OF_TOKENS.clone(features=3), OF_TOKENS, None, 2, 2), (3, 4)),
    *((vit, IMAGE) for vit in (VIT, classical_twin(VIT))),
    (ConvNorm(2, strides=2), IMAGE),
    *((ResidualBlock(2, strides, bottleneck), IMAGE) for strides, bottleneck in ((1, False), (2, True))),
    (SmallCNN((2, 3)), IMAGE),
    (ResNet((1, 1), 2), IMAGE),
    (ResNet((1,), 2, "bottleneck", "large"), (4, 5, 1)),
    *((ViT(1, 4, 1, 2, 3, pooling), IMAGE) for pooling in ("token", "mean")),
    (BackboneNet(SmallCNN((2,)), LinearHead(2)), IMAGE),
    (FirstStages(QuanvNet(CONV, LinearHead(2)), "head"), IMAGE),
    (Fused((DENSE, SmallCNN((2,)))), IMAGE),
]
"""Every class, as often as there are other parameters, with the shape of one input."""
ENGINES: list[tuple[nn.Module, tuple[int, ...]]] = [
    *(
        (DENSE.clone(device=Device(engine)), (4,))
        for engine in ("statevector", "unitary", "fused", "halves", "heisenberg")
    ),
    (QuantumDense(Circuit(Basis(), HardwareEfficient(1)), device=Device("lookup")), (4,)),
    (QuantumDense(Circuit(Amplitude(), HardwareEfficient(1))), (4,)),
]


def names(modules: list[tuple[nn.Module, tuple[int, ...]]]) -> list[str]:
    return [f"{number} {type(module).__name__}" for number, (module, _) in enumerate(modules)]


def modules() -> Iterator[type[nn.Module]]:
    """All classes of layers, heads and networks of the library."""
    for package in (qconv.layers, qconv.models):
        for found in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            for value in vars(importlib.import_module(found.name)).values():
                if isinstance(value, type) and issubclass(value, nn.Module) and value.__module__ == found.name:
                    yield value


def test_no_class_is_left_out() -> None:
    bases = {QuantumLayer, CircuitLayer, ClassicalTwin, Network, WithTwin}
    wrapped = {Pretrained}  # what it holds is another of these, and a file
    fitted = {KernelMachine}  # its outputs are 0 before it is; see tests/procedures/test_kernel_fit.py
    assert set(modules()) - bases - wrapped - fitted == {type(module) for module, _ in MODULES}
    assert {ClassicalConv, ClassicalDense, ClassicalTree} < set(modules())


@pytest.mark.parametrize(("module", "shape"), MODULES + ENGINES, ids=names(MODULES + ENGINES))
def test_an_empty_batch_has_empty_outputs_and_no_gradient(module: nn.Module, shape: tuple[int, ...]) -> None:
    none = jnp.zeros((0, *shape))
    shapes = jax.eval_shape(module.init, jax.random.key(0), jnp.zeros((3, *shape)))
    assert jax.tree.map(jnp.shape, jax.eval_shape(module.init, jax.random.key(0), none)) == (
        jax.tree.map(jnp.shape, shapes)
    )
    variables = jax.tree.map(lambda leaf: jnp.full(leaf.shape, 0.3, leaf.dtype), shapes)

    def outputs(variables: Any, images: Any) -> Any:
        return module.apply(variables, images)

    expected = jax.eval_shape(outputs, variables, jnp.zeros((3, *shape)))
    assert outputs(variables, none).shape == (0, *expected.shape[1:])

    @jax.jit
    def gradient(variables: Any, images: Any) -> Any:
        return jax.value_and_grad(lambda *own: jnp.sum(outputs(*own) ** 2), argnums=(0, 1))(variables, images)

    value, (by_variables, by_images) = gradient(variables, none)
    assert value == 0 and by_images.shape == none.shape
    assert all(np.all(np.asarray(leaf) == 0) for leaf in jax.tree.leaves(by_variables))


@pytest.mark.parametrize(("module", "shape"), MODULES, ids=names(MODULES))
def test_three_steps_of_adam_in_nnx_are_those_in_linen(module: nn.Module, shape: tuple[int, ...]) -> None:
    images = jnp.asarray(np.random.default_rng(0).integers(0, 2, (2, *shape)), jnp.float32)  # bits, for `Basis`

    def loss(outputs: Any) -> Any:
        return jnp.sum((outputs - 0.3) ** 2)

    @nnx.jit  # quicker than one operation after the other
    def create() -> Any:
        return nnx.bridge.lazy_init(nnx.bridge.ToNNX(module, rngs=nnx.Rngs(0)), images)

    wrapped = create()
    params: Any = jax.tree.map(jnp.array, nnx.to_pure_dict(nnx.state(wrapped, nnx.Param)))
    variables = jax.eval_shape(module.init, jax.random.key(0), images)
    assert jax.tree.map(jnp.shape, params) == jax.tree.map(jnp.shape, variables.get("params", {}))
    transformation = optax.adam(0.1)
    optimizer = nnx.Optimizer(wrapped, transformation, wrt=nnx.Param)

    @nnx.jit
    def step(wrapped: Any, optimizer: Any) -> Any:
        value, gradients = nnx.value_and_grad(lambda own: loss(own(images)))(wrapped)
        optimizer.update(wrapped, gradients)
        return value

    found = [float(step(wrapped, optimizer)) for _ in range(3)]
    assert np.isfinite(found).all()
    if "frozen" in variables:  # drawn from another key there
        return

    @jax.jit
    def linen(params: Any, state: Any) -> Any:
        rest = module.init(jax.random.key(0), images)  # statistics of batches, which start alike
        value, gradients = jax.value_and_grad(lambda own: loss(module.apply({**rest, "params": own}, images)))(params)
        updates, state = transformation.update(gradients, state, params)
        return value, optax.apply_updates(params, updates), state

    state, expected = transformation.init(params), []
    for _ in range(3):
        value, params, state = linen(params, state)
        expected.append(float(value))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
