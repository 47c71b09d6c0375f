"""A part of a network as a network of its own."""

import flax.linen as nn
from jaxtyping import Array, Float

from qconv.bounds import require
from qconv.models.network import Network


class FirstStages(nn.Module):
    """The stages of a network before one of them: what makes its features, where that is the head."""

    network: Network
    """The whole network; stages that are left out have no parameters here."""
    stop: str
    """The first stage that is left out, by its name."""

    def __post_init__(self) -> None:
        super().__post_init__()
        allowed = self.network.stages()[1:]
        known = f"a stage of {type(self.network).__name__} behind the first: {', '.join(map(repr, allowed)) or 'none'}"
        require(self, "stop", self.stop in allowed, known)

    def __call__(self, inputs: Float[Array, "batch ..."], *, train: bool = False) -> Float[Array, "batch ..."]:
        """What the last stage of these makes of the inputs."""
        return self.network(inputs, train=train, stop=self.network.stages().index(self.stop))
