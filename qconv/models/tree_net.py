"""A tree over the whole image, quantum or not, and a classical head."""

import flax.linen as nn

from qconv.models.network import Network


class TreeNet(Network):
    """A quantum convolutional network at the resolution of the image, then a classical head on what it measures."""

    tree: nn.Module
    """From images to numbers: a `QuantumTree`, or a classical layer."""
    head: nn.Module
    """From its output to those of the network."""
