"""Networks that leave it to the data how many classes there are."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import pytest

from qconv.data.synthetic import Synthetic
from qconv.errors import InputError
from qconv.experiment.arms import arms
from qconv.experiment.experiment import Experiment
from qconv.experiment.spec import from_json, run_id, to_json
from qconv.layers.quantum_conv import QuantumConv
from qconv.layers.quantum_dense import QuantumDense
from qconv.models.dressed_net import DressedNet
from qconv.models.heads import ConvHead, LinearHead, LogProbabilities
from qconv.models.networks import QuanvNet
from qconv.models.num_classes import with_num_classes
from qconv.models.quantum_vit import QuantumViT
from tests.variants import Made

OPEN = QuanvNet(QuantumConv(strides=2), LinearHead(None))


@pytest.mark.parametrize("head", [LinearHead, ConvHead, LogProbabilities])
def test_what_is_left_open_is_filled_in_however_deep(head: type) -> None:
    assert with_num_classes(head(None), 7) == head(7) and with_num_classes(head(3), 7) == head(3)
    model = QuanvNet(nn.Sequential((head(None), nn.Dense(2))), head(None))
    assert with_num_classes(model, 7) == QuanvNet(nn.Sequential((head(7), nn.Dense(2))), head(7))


def test_a_network_that_says_it_is_the_same_object() -> None:
    model = QuanvNet(QuantumConv(), LinearHead(3))
    assert with_num_classes(model, 7) is model


def test_a_module_within_one_that_leaves_it_open_is_filled_in_too() -> None:
    model = DressedNet(LinearHead(None), num_classes=None)
    assert with_num_classes(model, 5) == DressedNet(LinearHead(5), num_classes=5)
    vit = QuantumViT(nn.Dense(18), nn.Dense(6), num_classes=None)
    assert with_num_classes(vit, 5) == vit.clone(num_classes=5)


def test_a_network_and_its_twin_have_as_many_outputs_as_the_data_have_classes() -> None:
    for classes in (2, 5):
        experiment = Experiment(Synthetic(num_classes=classes), OPEN)
        assert experiment.model.head.num_classes is None
        quantum, twin = arms(experiment)
        assert quantum.network == experiment.network == OPEN.clone(head=LinearHead(classes))
        assert quantum.traced.outputs.shape == twin.traced.outputs.shape == (1, classes)


def test_it_is_another_spec_than_that_with_the_number() -> None:
    experiment = Experiment(Synthetic(num_classes=4), OPEN)
    assert from_json(to_json(experiment)) == experiment
    assert run_id(experiment) != run_id(dataclasses.replace(experiment, model=experiment.network))


def test_where_nobody_knows_it_that_is_said() -> None:
    with pytest.raises(InputError, match=r"^num_classes of LinearHead = None; allowed for data without classes: a num"):
        arms(Experiment(Made(((4, 4, 1), (2,), None), 8, 4), OPEN))
    vit = QuantumViT(nn.Dense(18), nn.Dense(6), patch=2, num_classes=None)
    for head in (LinearHead(None), ConvHead(None), DressedNet(QuantumDense(), num_classes=None), vit):
        with pytest.raises(InputError, match=r"^num_classes of \w+ = None; allowed outside of an experiment: a number"):
            jax.eval_shape(head.init, jax.random.key(0), jnp.zeros((1, 4, 4, 1)))
    with pytest.raises(InputError, match=r"^num_classes = 0; allowed: at least 1, or None$"):
        LinearHead(0)
