"""One class for each image."""

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from qconv.data.dataset import Element
from qconv.errors import InputError
from qconv.tasks.confusion import Confusion
from qconv.tasks.evidence import Evidence
from qconv.tasks.losses import ClassLoss, CrossEntropy, mean_of_item
from qconv.tasks.metric import Metric
from qconv.tasks.plane_scores import PlaneScores
from qconv.tasks.task import Task


@dataclass(frozen=True)
class Accuracy(Metric):
    """The share of images whose largest output is that of their label; of a mask, of its pixels."""

    name: ClassVar[str] = "accuracy"

    def per_item(
        self, outputs: Float[Array, "batch *pixels classes"], targets: Int[Array, "batch *pixels"]
    ) -> Float[Array, " batch"]:
        """The accuracy of each item: 1 where its class is right, and 0 where it is not; of a mask a share."""
        return mean_of_item((jnp.argmax(outputs, axis=-1) == targets).astype(outputs.dtype))


@dataclass(frozen=True)
class Classification(Task):
    """Each image is of one class: its label. A network has one output for each class."""

    loss: ClassLoss = CrossEntropy()  # noqa: RUF009 - a frozen dataclass
    """What is minimised."""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What is reported beside the loss: the accuracy."""
        return (Accuracy(),)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Which classes are taken for which; and where images are points of a plane, what is said of each."""
        return (Confusion(), PlaneScores(self.loss))

    def output_shape(self, element: Element) -> tuple[int, ...]:
        """The shape of the output: one number for each class."""
        if element.num_classes is None or element.targets:
            raise InputError(
                f"the targets have shape {element.targets} and num_classes = {element.num_classes}; allowed for "
                "Classification: one label for each image"
            )
        return (element.num_classes,)
