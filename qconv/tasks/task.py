"""What a task is: what is asked of a network."""

from abc import ABC, abstractmethod

import numpy as np
from jaxtyping import Float

from qconv.data.dataset import Element
from qconv.errors import InputError
from qconv.tasks.answer import Answer, Subject
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

    def answers(self, outputs: Float[np.ndarray, "batch ..."], class_names: tuple[str, ...]) -> list[Answer]:
        """What outputs tell a person, image by image: `qconv predict` shows and writes it.

        Args:
            outputs: of a network.
            class_names: what the classes are called, by label; none where targets are real numbers.

        Raises:
            InputError: the task does not say.
        """
        raise self._silent("answers")

    def subject(self, outputs: Float[np.ndarray, "1 ..."], class_names: tuple[str, ...], target: str) -> Subject:
        """What of the outputs `qconv explain` explains.

        Args:
            outputs: of a network, for the image that is looked at.
            class_names: what the classes are called, by label; none where targets are real numbers.
            target: what is asked for, such as the name of a class; empty for what the network says.

        Raises:
            InputError: the task does not say, or there is no such target.
        """
        raise self._silent("subject")

    def _silent(self, method: str) -> InputError:
        return InputError(
            f"task = {type(self).__name__} does not say what its outputs mean; allowed: a task with the method {method}"
        )
