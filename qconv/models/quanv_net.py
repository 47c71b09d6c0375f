"""A convolution, quantum or not, and a classical head."""

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
