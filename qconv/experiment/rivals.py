"""What a rival is: a network, or a classical method, that an experiment's own network is compared with."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import flax.linen as nn
import numpy as np
from jaxtyping import Float

from qconv.data.dataset import Source
from qconv.errors import InputError
from qconv.models.quantum_calls import Traced
from qconv.models.twin import classical_twin
from qconv.tasks.task import Task


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


class FittedMethod(NamedTuple):
    """A classical method that has seen the training items."""

    outputs: Callable[[Float[np.ndarray, "batch ..."]], Float[np.ndarray, "batch ..."]]
    """From images to what the task asks for, as a network's outputs."""
    num_parameters: int = 0
    """Fitted numbers."""
    settings: str = ""
    """What was chosen on the training items, in words."""


class Method(Rival):
    """A classical method: it is no network and takes no steps, but is fitted once to the same training items.

    Its outputs for the held-out items are judged by the same task, item by item, so it stands in summaries, pictures
    and tables beside the networks. Subclasses are frozen dataclasses.
    """

    def network(self, model: nn.Module, traced: Traced) -> None:
        """No network: there is nothing to train by steps."""

    def check(self, model: nn.Module, traced: Traced, rival: Traced | None) -> None:
        """Refuses nothing: any network can be compared with a method for the same task."""

    @abstractmethod
    def fitted(self, train: Source, task: Task, seed: int) -> FittedMethod:
        """The method, fitted.

        Args:
            train: the training items as they are read, not drawn anew; held-out items are never seen.
            task: by whose headline metric settings are chosen.
            seed: of the run; fixes all that is random.

        Raises:
            InputError: the method cannot take these items.
        """
