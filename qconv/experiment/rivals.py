"""What a rival is: a network that an experiment's own one is compared with."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import flax.linen as nn

from qconv.errors import InputError
from qconv.models.quantum_calls import Traced
from qconv.models.twin import classical_twin


class Rival(ABC):
    """A network that is trained beside the experiment's own: same data, task, procedure, seed and order of images.

    Subclasses are frozen dataclasses.
    """

    name: ClassVar[str]
    """What it is called in tables and pictures."""
    folder: ClassVar[str]
    """Its folder in the run directory."""

    @abstractmethod
    def network(self, model: nn.Module, traced: Traced) -> nn.Module | None:
        """The rival of a network; None where it has none.

        Args:
            model: the experiment's own network.
            traced: what a pass of it shows.
        """

    @abstractmethod
    def check(self, model: nn.Module, traced: Traced, rival: Traced | None) -> None:
        """Refuses a network that the rival cannot be compared with.

        Args:
            model: the experiment's own network.
            traced: what a pass of it shows.
            rival: what a pass of the rival shows; None where there is none.

        Raises:
            InputError: the network cannot be compared.
        """


@dataclass(frozen=True)
class Twin(Rival):
    """The classical twin: the network with a classical layer in the place of each quantum layer."""

    name: ClassVar[str] = "classical twin"
    folder: ClassVar[str] = "twin"

    def network(self, model: nn.Module, traced: Traced) -> nn.Module | None:
        """The classical twin of a network with quantum layers."""
        return classical_twin(model) if traced.calls else None

    def check(self, model: nn.Module, traced: Traced, rival: Traced | None) -> None:
        """Refuses a network of which a circuit stays in its twin, or whose circuits are in no quantum layer."""
        if rival and rival.calls:
            name = type(rival.calls[0].layer).__name__
            raise InputError(
                f"the network makes a {name} where it is called, so the classical twin would call it, too; make the "
                f"{name} a field of the network"
            )
        if (rival or traced).runs_circuits:
            raise InputError(
                f"the {'classical twin, as the network,' if rival else 'network'} runs a quantum circuit outside of a "
                "quantum layer; make it a QuantumLayer, which has a classical twin"
            )
