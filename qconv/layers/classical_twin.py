"""What the classical twins of quantum layers have in common."""

import flax.linen as nn

from qconv.layers.quantum_layer import QuantumLayer


class ClassicalTwin(nn.Module):
    """A classical layer in the place of a quantum layer, whose sizes it looks up there and which it never calls."""

    like: QuantumLayer
    """The quantum layer whose place it takes."""
