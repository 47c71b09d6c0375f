"""A classical network alone."""

import flax.linen as nn

from qconv.models.network import Network


class ClassicalNet(Network):
    """No quantum layer: the head sees the images. A control for tables."""

    head: nn.Module
    """From images to outputs."""
