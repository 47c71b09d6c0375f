"""Networks as stages: which are called, what they are told, and how many of them can be computed once for all items."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.identity import Identity
from qconv.circuit.circuit import Circuit
from qconv.encoding.angle import Angle
from qconv.layers.quantum_conv import QuantumConv
from qconv.layers.quantum_dense import QuantumDense
from qconv.models.dressed_net import DressedNet
from qconv.models.heads import ConvHead, LinearHead
from qconv.models.network import Network, changing_collections, num_frozen_stages, output_of, trained_output
from qconv.models.networks import ClassicalNet, QuantumClassifier, QuanvNet, TreeNet
from qconv.models.twin import classical_twin

KEY = jax.random.key(0)
SHAPE = (4, 4, 1)
IMAGES = jnp.asarray(np.random.default_rng(0).random((3, *SHAPE)), jnp.float32)
CONV = QuantumConv(Circuit(Angle(), HardwareEfficient(1, ("ry",))), strides=2)
FROZEN = CONV.clone(trainable=False)
HEAD = LinearHead(2)


class Halves(nn.Module):
    """Nothing that is trained."""

    def __call__(self, images: Any) -> Any:
        return images / 2


class Told(nn.Module):
    """Is told whether it is being trained."""

    def __call__(self, images: Any, *, train: bool = False) -> Any:
        return images + (100 if train else 0)


class Writing(nn.Module):
    """Keeps what it has seen."""

    collection: str = "seen"

    @nn.compact
    def __call__(self, images: Any) -> Any:
        self.variable(self.collection, "mean", lambda: jnp.zeros(())).value = images.mean()
        return images


class Normalised(nn.Module):
    """Batch normalisation."""

    @nn.compact
    def __call__(self, images: Any, *, train: bool = False) -> Any:
        return nn.BatchNorm(use_running_average=not train)(images)


class Four(Network):
    """Stages with a number between them."""

    one: nn.Module
    two: nn.Module
    width: int
    three: nn.Module
    four: nn.Module


def four(*stages: nn.Module) -> Four:
    one, two, three = stages
    return Four(one, two, 7, three, HEAD)


FROZEN_STAGES = {
    "a circuit that is trained": (QuanvNet(CONV, HEAD), 0),
    "a circuit that is not": (QuanvNet(FROZEN, HEAD), 1),
    "its twin": (classical_twin(QuanvNet(FROZEN, HEAD)), 1),
    "the twin of one that is trained": (classical_twin(QuanvNet(CONV, HEAD)), 0),
    "a circuit without angles": (QuanvNet(CONV.clone(circuit=Circuit(Angle(), Identity())), HEAD), 1),
    "a classical layer": (QuanvNet(nn.Conv(1, (2, 2)), HEAD), 0),
    "a register that is not trained": (QuantumClassifier(QuantumDense(Circuit(), trainable=False), HEAD), 1),
    "a tree in name only": (TreeNet(Halves(), HEAD), 1),
    "the last stage never counts": (ClassicalNet(Halves()), 0),
    "nor does it behind others": (QuanvNet(Halves(), Halves()), 1),
    "several": (four(Halves(), FROZEN, Halves()), 3),
    "up to one that is trained": (four(Halves(), CONV, Halves()), 1),
    "up to one that is told": (four(Halves(), Told(), Halves()), 1),
    "up to dropout": (four(Halves(), ConvHead(2, (), 4, dropout=0.5), Halves()), 1),
    "up to batch normalisation": (four(FROZEN, Normalised(), Halves()), 1),
    "up to one that writes": (four(Halves(), Halves(), Writing()), 2),
    "but not up to one that is frozen": (four(Halves(), Writing("frozen"), Halves()), 3),
    "a layer of Flax without parameters, which is told": (QuanvNet(nn.Dropout(0.5, deterministic=True), HEAD), 1),
    "a dressed circuit": (DressedNet(QuantumDense(Circuit(), trainable=False)), 0),
    "no stages at all": (Told(), 0),
}


@pytest.mark.parametrize("name", FROZEN_STAGES)
def test_stages_that_neither_learn_nor_change_are_frozen_up_to_the_first_other_one(name: str) -> None:
    network, expected = FROZEN_STAGES[name]
    assert num_frozen_stages(network, SHAPE, np.dtype(np.float32)) == expected


def test_modules_are_stages_in_the_order_of_the_fields() -> None:
    assert four(Halves(), Told(), Halves()).stages() == ("one", "two", "three", "four")
    assert ClassicalNet(HEAD).stages() == ("head",)
    assert QuanvNet(CONV, HEAD).stages() == ("conv", "head")


def test_only_stages_that_ask_are_told_whether_they_are_trained() -> None:
    network = Four(Halves(), Told(), 7, Halves(), Told())
    np.testing.assert_array_equal(network.apply({}, IMAGES), IMAGES / 4)
    np.testing.assert_array_equal(network.apply({}, IMAGES, train=True), (IMAGES / 2 + 100) / 2 + 100)
    np.testing.assert_array_equal(network.apply({}, IMAGES, train=True, start=2), IMAGES / 2 + 100)
    np.testing.assert_array_equal(network.apply({}, IMAGES, train=True, start=1, stop=3), (IMAGES + 100) / 2)


@pytest.mark.parametrize("split", range(1, 4))
def test_stages_one_part_after_the_other_are_the_network(split: int) -> None:
    network = four(FROZEN, Normalised(), ConvHead(3, (), 4))
    variables = network.init(KEY, IMAGES)
    whole = output_of(network, variables, IMAGES)
    features = output_of(network, variables, IMAGES, stop=split)
    np.testing.assert_array_equal(output_of(network, variables, features, start=split), whole)


def test_a_part_of_a_network_trains_as_in_the_whole() -> None:
    network = four(FROZEN, Normalised(), ConvHead(3, (), 4, dropout=0.5))
    variables, rngs = network.init(KEY, IMAGES), {"dropout": jax.random.key(1)}
    features = output_of(network, variables, IMAGES, stop=1)
    whole, part = (
        trained_output(network, variables, inputs, rngs, start=start) for inputs, start in ((IMAGES, 0), (features, 1))
    )
    jax.tree.map(np.testing.assert_array_equal, whole, part)
    assert set(whole[1]) == {"batch_stats"} == set(changing_collections(variables))


def test_any_module_of_flax_is_a_network() -> None:
    network = Told()
    np.testing.assert_array_equal(output_of(network, {}, IMAGES), IMAGES)
    trained, written = trained_output(network, {}, IMAGES, {})
    np.testing.assert_array_equal(trained, IMAGES + 100)
    assert written == {}
