"""The classical twin of a quantum dense layer."""

import math
from typing import Any

import flax.linen as nn
import jax
from jaxtyping import Array, Float

from qconv.circuit.circuit import check_floating
from qconv.layers.classical_twin import ClassicalTwin
from qconv.patches import flattened
from qconv.readout.probabilities import Probabilities


class ClassicalDense(ClassicalTwin):
    """Two dense layers with tanh between them, and the outputs of a quantum dense layer.

    The hidden layer is as wide as the quantum layer's number of angles allows, at least 1: then the twin has no more
    parameters, or the report says so. Tanh, because with ReLU and so few units some seeds never leave chance: one of
    five on MNIST's 0 and 1, counted on a validation part of the training images, and none with tanh. Where the quantum
    layer measures probabilities, a softmax makes the outputs of each circuit's place such. Where the quantum layer is
    not trained, neither is its twin: its weights are in the collection `frozen`.
    """

    @nn.compact
    def __call__(self, inputs: Float[Array, "batch ..."]) -> Float[Array, "batch out"]:
        """Outputs of each input, as many as the quantum layer has."""
        check_floating(inputs=inputs)
        layer: Any = self.like
        vectors = flattened(inputs)
        numbers = vectors.shape[1]
        outputs = layer.num_channels(numbers)
        budget = layer.features * math.prod(layer.circuit.param_shape(numbers))
        hidden = max(1, (budget - outputs) // (numbers + 1 + outputs))
        network: Any = nn.Sequential(
            [nn.Dense(hidden), nn.tanh, nn.Dense(outputs)],
            parent=self if layer.trainable else None,
        )
        if layer.trainable:
            values = network(vectors)
        else:
            weights = self.variable("frozen", "dense", lambda: network.init(self.make_rng("params"), vectors)["params"])
            values = network.apply({"params": weights.value}, vectors)
        if isinstance(layer.circuit.readout, Probabilities):
            return jax.nn.softmax(values.reshape(len(inputs), layer.features, outputs // layer.features)).reshape(
                values.shape
            )
        return values
