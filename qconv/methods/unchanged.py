"""Images as they are given."""

from dataclasses import dataclass
from typing import ClassVar

from qconv.data.dataset import Source
from qconv.experiment.rivals import FittedMethod, Method
from qconv.tasks.task import Task


@dataclass(frozen=True)
class Unchanged(Method):
    """Images as they are given, with their noise: what any restoration starts from."""

    name: ClassVar[str] = "unchanged"
    folder: ClassVar[str] = "unchanged"

    def fitted(self, train: Source, task: Task, seed: int) -> FittedMethod:
        """Nothing is fitted."""
        return FittedMethod(lambda images: images)
