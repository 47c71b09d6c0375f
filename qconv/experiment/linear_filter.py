"""A linear filter as a rival."""

from dataclasses import dataclass
from typing import ClassVar

import flax.linen as nn

from qconv.experiment.rivals import Rival
from qconv.models.networks import ClassicalNet
from qconv.models.quantum_calls import Traced
from qconv.patches import Size, pair


@dataclass(frozen=True)
class LinearFilter(Rival):
    """A single convolution from the image to the outputs: what a linear function of a pixel's surroundings can tell."""

    name: ClassVar[str] = "linear filter"
    folder: ClassVar[str] = "linear"

    kernel_size: Size = 3
    """Height and width of the window."""

    def __post_init__(self) -> None:
        pair("kernel_size", self.kernel_size)

    def network(self, model: nn.Module, traced: Traced) -> nn.Module:
        """The convolution, with as many outputs for each pixel as the network."""
        return ClassicalNet(nn.Conv(traced.outputs.shape[-1], pair("kernel_size", self.kernel_size)))

    def check(self, model: nn.Module, traced: Traced, rival: Traced | None) -> None:
        """Refuses nothing: the task refuses outputs that are no maps."""
