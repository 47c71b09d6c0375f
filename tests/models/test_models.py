"""Networks and heads."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.encoding.angle import Angle
from qconv.errors import InputError
from qconv.fields import fields
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.heads import ConvHead, LinearHead
from qconv.models.networks import QuanvNet

KEY = jax.random.key(0)
CONV = QuantumConv(Circuit(Angle(), HardwareEfficient(1, ("ry",))), features=2, strides=2)


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
    features = model.apply(variables, images, stop=1)
    np.testing.assert_array_equal(model.apply(variables, features, start=1), logits)
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
        (lambda: LinearHead(num_classes=0), "num_classes = 0"),
    ):
        with pytest.raises(InputError, match=f"{field}; allowed: at least 1"):
            wrong()
