"""The U-Net: shapes, sizes that do not fit, twins, and gradients that reach the angles."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.encoding.angle import Angle
from qconv.errors import InputError
from qconv.layers.classical_conv import ClassicalConv
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.network import num_frozen_stages
from qconv.models.quantum_calls import trace
from qconv.models.quanv_unet import QuanvUNet
from qconv.models.twin import classical_twin

KEY = jax.random.key(0)
CONV = QuantumConv(Circuit(Angle(), HardwareEfficient(1)), channels="concatenate")
IMAGES = jnp.asarray(np.random.default_rng(0).random((2, 8, 12, 1)), jnp.float32)
PLACES = {"first": QuanvUNet(CONV), "bottleneck": QuanvUNet(None, CONV), "both": QuanvUNet(CONV, CONV.clone())}


def small(net: QuanvUNet, **changes) -> QuanvUNet:
    return net.clone(features=(4, 8, 8), num_outputs=3, **changes)


@pytest.mark.parametrize("skips", [True, False])
@pytest.mark.parametrize("place", PLACES)
def test_the_gradient_reaches_all_parameters_and_the_twin_has_the_same_shapes(place, skips):
    net = small(PLACES[place], skips=skips)
    twin = classical_twin(net)
    variables = net.init(KEY, IMAGES)

    def loss(params):
        return jnp.square(jnp.asarray(net.apply({"params": params}, IMAGES))).mean()

    gradient = jax.grad(loss)(variables["params"])
    angles = [leaf for path, leaf in jax.tree_util.tree_leaves_with_path(gradient) if "theta" in str(path)]
    assert len(angles) == (2 if place == "both" else 1)
    assert all(np.abs(leaf).max() > 1e-6 for leaf in angles)
    found, other = trace(net, IMAGES.shape[1:]), trace(twin, IMAGES.shape[1:])
    assert found.outputs.shape == other.outputs.shape == (1, 8, 12, 3)
    assert len(found.calls) == len(angles) and not other.runs_circuits
    assert {type(layer) for layer in (twin.first, twin.bottleneck)} - {type(None)} == {ClassicalConv}


def test_without_skips_everything_passes_the_bottleneck():
    """Where the bottleneck is cut, a network with skips still sees the image, and one without sees nothing."""

    class Cut(QuantumConv):
        def __call__(self, images):
            return 0 * images

    for skips in (True, False):
        net = small(QuanvUNet(None, Cut()), skips=skips, group_size=0)
        variables = net.init(KEY, IMAGES)
        outputs = [jnp.asarray(net.apply(variables, images)) for images in (IMAGES, 1 - IMAGES)]
        differ = np.ptp(outputs[0] - outputs[1])
        assert (differ > 1e-3) == skips


def test_the_bottleneck_encodes_numbers_in_the_unit_interval():
    seen = []

    class Seeing(QuantumConv):
        def __call__(self, images):
            seen.append(images)
            return images

    net = small(QuanvUNet(None, Seeing()))
    net.apply(net.init(KEY, IMAGES), 1000 * IMAGES)
    assert seen[-1].shape == (2, 2, 3, 4) and 0 <= seen[-1].min() <= seen[-1].max() <= 1


def test_defaults_have_thirty_thousand_parameters():
    assert 29_000 < trace(QuanvUNet(), (32, 32, 3)).num_trained_parameters < 31_000


def test_a_first_layer_that_is_not_trained_is_computed_once():
    assert num_frozen_stages(small(QuanvUNet(CONV.clone(trainable=False))), (8, 8, 1), np.float32) == 1
    assert num_frozen_stages(small(QuanvUNet()), (8, 8, 1), np.float32) == 0


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match=r"images of 8x10 pixels are halved 2 times; allowed: .* multiples of 4"):
        QuanvUNet().init(KEY, IMAGES[:, :, :10])
    strides = small(QuanvUNet(None, CONV.clone(strides=2)))
    with pytest.raises(InputError, match="bottleneck makes 1x2 pixels of 2x3; allowed: a layer that keeps"):
        strides.init(KEY, IMAGES)
    for wrong, message in (
        (lambda: QuanvUNet(features=(8,)), r"features = \(8,\); allowed: at least two levels"),
        (lambda: QuanvUNet(features=(8, 18)), "allowed: multiples of group_size = 4"),
        (lambda: QuanvUNet(num_outputs=0), "num_outputs = 0; allowed: at least 1"),
    ):
        with pytest.raises(InputError, match=message):
            wrong()
