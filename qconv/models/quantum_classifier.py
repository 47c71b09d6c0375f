"""One circuit for a whole image, and a head or none."""

import flax.linen as nn
from jaxtyping import Array, Float

from qconv.layers.classical_dense import ClassicalDense
from qconv.layers.quantum_dense import QuantumDense
from qconv.models.base import ImageModel


class QuantumClassifier(ImageModel):
    """A register that encodes the whole image, such as a QCNN's, then a head.

    The networks of Hur, Kim and Park, Quantum Machine Intelligence 4:3 (2022), and of Cong, Choi and Lukin, "Quantum
    convolutional neural networks", Nature Physics 15, 1273 (2019), measure the class itself: with `LogProbabilities`
    and `OneScore` as the head, which have no parameters.
    """

    dense: nn.Module
    """The first layer: a `QuantumDense`, or a classical layer."""
    head: nn.Module
    """From its output to logits; called as `head(features, train=...)`."""

    def features(self, images: Float[Array, "batch height width channels"]) -> Float[Array, "batch ..."]:
        """What is measured."""
        return self.dense(images)

    def classify(self, features: Float[Array, "batch ..."], *, train: bool = False) -> Float[Array, "batch classes"]:
        """The head's logits."""
        return self.head(features, train=train)

    @nn.nowrap
    def frozen_features(self) -> bool:
        """Whether the first layer is a `QuantumDense`, or its twin, that is not trainable."""
        return isinstance(self.dense, QuantumDense | ClassicalDense) and not self.dense.trainable
