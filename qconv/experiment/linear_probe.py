"""The linear probe: how far a single dense layer gets."""

from dataclasses import dataclass
from typing import ClassVar

import flax.linen as nn

from qconv.errors import InputError
from qconv.experiment.rivals import Rival
from qconv.models.heads import LinearHead
from qconv.models.networks import ClassicalNet
from qconv.models.quantum_calls import Traced


@dataclass(frozen=True)
class LinearProbe(Rival):
    """One dense layer from the numbers of an item to the outputs, trained as the network is.

    Where items are features of a frozen network, it says what of the result is theirs: Alain and Bengio,
    "Understanding intermediate layers using linear classifier probes", ICLR workshop (2017).
    """

    name: ClassVar[str] = "linear probe"
    folder: ClassVar[str] = "linear"

    def network(self, model: nn.Module, traced: Traced) -> nn.Module | None:
        """A dense layer with as many outputs; none for a network whose outputs are no vector for each item."""
        shape = traced.outputs.shape
        return ClassicalNet(LinearHead(shape[1])) if len(shape) == 2 else None

    def check(self, model: nn.Module, traced: Traced, rival: Traced | None) -> None:
        """Refuses a network whose outputs are no vector for each item."""
        if rival is None:
            raise InputError(
                f"the network gives outputs of shape {traced.outputs.shape[1:]} for each image; allowed for a linear "
                "probe: one vector, such as logits"
            )
