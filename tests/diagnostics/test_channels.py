"""Channels of layers that are left out, against a network that is computed by hand."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.diagnostics.channels import mean_outputs, outputs_without_channels
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.heads import LinearHead
from qconv.models.networks import QuanvNet
from qconv.models.twin import classical_twin

RNG = np.random.default_rng(0)
IMAGES = RNG.random((7, 4, 4, 1)).astype(np.float32)
CONV = QuantumConv(Circuit(ansatz=HardwareEfficient(depth=1)), features=2, kernel_size=(1, 2), strides=2)
NETWORK = QuanvNet(CONV, LinearHead(3))


@pytest.mark.parametrize("network", [NETWORK, classical_twin(NETWORK)], ids=["quantum", "twin"])
def test_a_channel_gives_way_to_its_mean(network: Any) -> None:
    variables = network.init(jax.random.key(1), jnp.asarray(IMAGES))
    path = ("conv",)
    layer, head = network.conv, network.head
    made: Any = np.asarray(layer.apply({"params": variables["params"]["conv"]}, jnp.asarray(IMAGES)))
    means = mean_outputs(network, variables, [IMAGES[:3], IMAGES[3:]], [path])
    np.testing.assert_allclose(means[path], made.mean(0), atol=1e-6)
    found = outputs_without_channels(network, variables, IMAGES[2], path, means[path])
    assert found.shape == (4, 3)
    for channel in range(4):
        maps = made[2:3].copy()
        maps[..., channel] = means[path][..., channel]
        wanted = head.apply({"params": variables["params"]["head"]}, jnp.asarray(maps))
        np.testing.assert_allclose(found[channel], wanted[0], atol=1e-5)
    whole = network.apply(variables, jnp.asarray(IMAGES[2:3]))
    assert np.abs(found - whole).max() > 1e-3


class Wrapped(nn.Module):
    """The layer deep in a module, and compiled there."""

    conv: nn.Module

    @nn.compact
    def __call__(self, images: Any) -> Any:
        return nn.jit(LinearHead)(3)(self.conv(images))


class Deep(nn.Module):
    inner: nn.Module

    def __call__(self, images: Any) -> Any:
        return self.inner(images)


def test_a_layer_deep_in_a_network_is_found_by_its_path() -> None:
    network = Deep(Wrapped(CONV))
    variables = network.init(jax.random.key(0), jnp.asarray(IMAGES))
    path = ("inner", "conv")
    means = mean_outputs(network, variables, [IMAGES], [path])
    found = outputs_without_channels(network, variables, IMAGES[0], path, 0 * means[path])
    made: Any = np.asarray(CONV.apply({"params": variables["params"]["inner"]["conv"]}, jnp.asarray(IMAGES[:1])))
    (head,) = [own for name, own in variables["params"]["inner"].items() if name != "conv"]
    for channel in range(4):
        maps = made.copy()
        maps[..., channel] = 0
        np.testing.assert_allclose(
            found[channel], LinearHead(3).apply({"params": head}, jnp.asarray(maps))[0], atol=1e-5
        )
