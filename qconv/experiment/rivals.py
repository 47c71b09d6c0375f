"""What a rival is: a network that an experiment's own one is compared with."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import flax.linen as nn

from qconv.models.quantum_calls import Traced
from qconv.models.twin import check_twin, classical_twin


class Rival(ABC):
    """A network that is trained beside the experiment's own: same data, task, procedure, seed and order of images.

    Subclasses are frozen dataclasses.
    """

    name: ClassVar[str]
    """In tables and pictures."""
    folder: ClassVar[str]
    """In the run directory."""

    @abstractmethod
    def network(self, model: nn.Module, traced: Traced) -> nn.Module | None:
        """The rival of a network; None where it has none.

        Args:
            model: the experiment's own network.
            traced: what a pass of it shows.
        """

    @abstractmethod
    def check(self, model: nn.Module, traced: Traced, input_shape: tuple[int, ...]) -> None:
        """Refuses a network that the rival cannot be compared with.

        Args:
            model: the experiment's own network.
            traced: what a pass of it shows.
            input_shape: of one item.

        Raises:
            InputError: so.
        """


@dataclass(frozen=True)
class Twin(Rival):
    """The same network with a classical layer in the place of each quantum layer."""

    name: ClassVar[str] = "classical twin"
    folder: ClassVar[str] = "twin"

    def network(self, model: nn.Module, traced: Traced) -> nn.Module | None:
        """The classical twin of a network with quantum layers."""
        return classical_twin(model) if traced.calls else None

    def check(self, model: nn.Module, traced: Traced, input_shape: tuple[int, ...]) -> None:
        """Refuses a network of which a circuit stays; see `check_twin`."""
        check_twin(model, traced, input_shape)
