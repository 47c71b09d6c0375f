"""What a task is: what is asked of a network."""

from abc import ABC, abstractmethod

from qconv.data.dataset import Element
from qconv.tasks.evidence import Evidence
from qconv.tasks.losses import Loss
from qconv.tasks.metric import Metric


class Task(ABC):
    """What is minimised, what is reported, and what is drawn. Subclasses are frozen dataclasses."""

    @property
    @abstractmethod
    def loss(self) -> Loss:
        """What is minimised; a field of the subclass."""

    @property
    @abstractmethod
    def metrics(self) -> tuple[Metric, ...]:
        """What is reported beside the loss. The first one is the headline: networks are compared by it."""

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What is drawn of the outputs."""
        return ()

    @abstractmethod
    def output_shape(self, element: Element) -> tuple[int, ...]:
        """Shape of a network's output for one item.

        Raises:
            InputError: the data have no such targets.
        """
