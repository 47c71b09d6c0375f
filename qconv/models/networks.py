"""The networks of most experiments: a first layer, quantum or not, and a classical head."""

import flax.linen as nn

from qconv.models.network import Network


class QuanvNet(Network):
    """Quantum convolution, then a classical head.

    The network of Henderson et al., "Quanvolutional neural networks", Quantum Machine Intelligence 2:2 (2020), where
    the convolution is random and fixed; here it is trained, unless `conv.trainable` is off.
    """

    conv: nn.Module
    """The first layer: a `QuantumConv`, or a classical layer."""
    head: nn.Module
    """From its output to those of the network."""


class QuantumClassifier(Network):
    """A register that encodes the whole image, such as a QCNN's, then a head.

    The networks of Hur, Kim and Park, Quantum Machine Intelligence 4:3 (2022), and of Cong, Choi and Lukin, "Quantum
    convolutional neural networks", Nature Physics 15, 1273 (2019), measure the class itself: their heads have no
    parameters. That of the former is `LogProbabilities`.
    """

    dense: nn.Module
    """The first layer: a `QuantumDense`, or a classical layer."""
    head: nn.Module
    """From its output to those of the network."""


class TreeNet(Network):
    """A quantum convolutional network at the resolution of the image, then a classical head on what it measures."""

    tree: nn.Module
    """From images to numbers: a `QuantumTree`, or a classical layer."""
    head: nn.Module
    """From its output to those of the network."""


class BackboneNet(Network):
    """A classical network that makes features, and a head: what features are learned by, for others to use."""

    backbone: nn.Module
    """From images to features, such as `SmallCNN`."""
    head: nn.Module
    """From features to outputs."""


class ClassicalNet(Network):
    """No quantum layer: the head sees the images. A control for tables."""

    head: nn.Module
    """From images to outputs."""
