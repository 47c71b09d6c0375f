"""One circuit for a whole image, and a head or none."""

import flax.linen as nn

from qconv.models.network import Network


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
