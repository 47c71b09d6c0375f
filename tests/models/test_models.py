"""Networks, their quantum layers, and their classical twins."""

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
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.base import called_quantum_layers, classical_twin, fields, quantum_layers
from qconv.models.heads import ConvHead, LinearHead, TanhHead
from qconv.models.quanv_net import QuanvNet

KEY = jax.random.key(0)
CONV = QuantumConv(Circuit(Angle(), HardwareEfficient(1, ("ry",))), features=2, strides=2)
SUM = CONV.clone(channels="sum", features=1)


class Sequence(nn.Module):
    """Layers in a tuple, the last called twice, beside one that is never called."""

    layers: tuple[nn.Module, ...]
    unused: nn.Module
    width: int = 3

    @nn.compact
    def __call__(self, images: jax.Array) -> jax.Array:
        hidden = images
        for layer in (*self.layers, self.layers[-1]):
            hidden = layer(hidden)
        return hidden


NESTED = QuanvNet(conv=Sequence((CONV, nn.Conv(4, (1, 1)), SUM, nn.Conv(4, (1, 1))), unused=CONV), head=LinearHead(3))


def test_quantum_layers_are_found_in_fields_tuples_and_modules():
    assert quantum_layers(NESTED) == [CONV, SUM, CONV]
    assert quantum_layers((NESTED, (CONV,), 3, "x")) == [CONV, SUM, CONV, CONV]
    assert quantum_layers(LinearHead()) == []


def test_called_layers_come_in_order_with_their_input_channels():
    found = called_quantum_layers(NESTED, (8, 8, 1))
    assert [(layer.features, layer.channels, channels) for layer, channels in found] == [
        (2, "joint", 1),
        (1, "sum", 4),
    ]


def test_the_twin_has_a_classical_layer_in_each_place_and_nothing_else_changed():
    twin = classical_twin(NESTED)
    assert quantum_layers(twin) == []
    assert twin.head == NESTED.head
    conv = twin.conv
    assert [type(layer) for layer in conv.layers] == [ClassicalConv, nn.Conv, ClassicalConv, nn.Conv]
    assert conv.layers[0].like == CONV and conv.layers[2].like == SUM and conv.layers[1] == NESTED.conv.layers[1]
    assert isinstance(conv.unused, ClassicalConv) and conv.width == 3
    images = jax.ShapeDtypeStruct((2, 8, 8, 1), np.dtype(np.float32))
    shapes = [
        jax.eval_shape(lambda x, model=model: model.init_with_output(KEY, x)[0], images).shape
        for model in (NESTED, twin)
    ]
    assert shapes == [(2, 3)] * 2


def test_a_model_without_quantum_layers_is_its_own_twin():
    head = LinearHead()
    assert classical_twin(head) is head
    assert classical_twin((head, 3)) == (head, 3)


def test_fields_leave_out_what_is_flaxs_own():
    assert fields(LinearHead(3)) == {"num_classes": 3, "distribution": "normal"}
    assert fields(Angle("X", 1.0)) == {"axis": "X", "scale": 1.0}


@pytest.mark.parametrize("head", [LinearHead(4), ConvHead(4, (3, 5), 6, dropout=0.5)], ids=["linear", "conv"])
def test_logits(head):
    model = QuanvNet(conv=CONV, head=head)
    images = jnp.asarray(np.random.default_rng(0).uniform(size=(3, 8, 6, 1)), np.float32)
    variables = model.init(KEY, images)
    logits = model.apply(variables, images)
    assert jnp.asarray(logits).shape == (3, 4)
    features = model.apply(variables, images, method="features")
    np.testing.assert_array_equal(model.apply(variables, features, method="classify"), logits)
    np.testing.assert_array_equal(features, CONV.apply({"params": variables["params"]["conv"]}, images))


def test_dropout_acts_in_training_only():
    head = ConvHead(4, (3,), 6, dropout=0.5)
    features = jnp.ones((3, 4, 4, 2))
    variables = head.init(KEY, features)
    runs = [
        jnp.asarray(head.apply(variables, features, train=True, rngs={"dropout": jax.random.key(k)})) for k in range(2)
    ]
    assert not np.array_equal(runs[0], runs[1])
    np.testing.assert_array_equal(head.apply(variables, features), head.apply(variables, features))
    with pytest.raises(InputError, match=r"dropout = 1.0; allowed"):
        ConvHead(dropout=1.0)
    for wrong, field in (
        (lambda: ConvHead(hidden=-1), "hidden = -1"),
        (lambda: ConvHead(features=(32, 0)), r"features = \(32, 0\)"),
        (lambda: ConvHead(kernel_size=(0, 3)), r"kernel_size = \(0, 3\)"),
        (lambda: TanhHead(hidden=(-1,)), r"hidden = \(-1,\)"),
        (lambda: LinearHead(num_classes=0), "num_classes = 0"),
    ):
        with pytest.raises(InputError, match=f"{field}; allowed: at least 1"):
            wrong()


def test_features_are_frozen_where_the_quantum_layer_is_not_trained():
    frozen = QuanvNet(conv=CONV.clone(trainable=False), head=LinearHead())
    assert frozen.frozen_features() and classical_twin(frozen).frozen_features()
    assert not QuanvNet(conv=CONV, head=LinearHead()).frozen_features()
    assert not QuanvNet(conv=nn.Conv(1, (2, 2)), head=LinearHead()).frozen_features()
