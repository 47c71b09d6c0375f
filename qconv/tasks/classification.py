"""One class for each image."""

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from qconv.data.dataset import Element
from qconv.errors import InputError
from qconv.tasks.answer import Answer, Subject, label_of
from qconv.tasks.confusion import Confusion
from qconv.tasks.evidence import Evidence
from qconv.tasks.losses import ClassLoss, CrossEntropy, mean_of_item
from qconv.tasks.metric import Metric
from qconv.tasks.mistakes import Mistakes
from qconv.tasks.plane_scores import PlaneScores
from qconv.tasks.task import Task

_NEXT = 2
"""Classes that are shown beside the one that a network says."""


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
        """Which classes are taken for which, and which images; and of points of a plane, what is said of each."""
        return (Confusion(), Mistakes(self.loss), PlaneScores(self.loss))

    def answers(self, outputs: Float[np.ndarray, "batch classes"], class_names: tuple[str, ...]) -> list[Answer]:
        """The class with the largest output and its score, then the next ones; of all classes where values are wanted.

        Scores are what the loss understands outputs as, such as probabilities.
        """
        found, scores = [], np.asarray(self.loss.scores(jnp.asarray(outputs)))
        for own, (best, *others) in zip(scores, np.argsort(-outputs, axis=1), strict=True):
            said = {"class": class_names[best]}
            following = ", ".join(f"{class_names[label]} {own[label]:.4f}" for label in others[:_NEXT])
            by_class = {f"score of {name}": float(score) for name, score in zip(class_names, own, strict=True)}
            words = said | {"score": f"{own[best]:.4f}", "next": following}
            found.append(Answer(words, said | {"score": float(own[best])} | by_class))
        return found

    def subject(self, outputs: Float[np.ndarray, "1 classes"], class_names: tuple[str, ...], target: str) -> Subject:
        """The output of a class, by its name or label; by default of the class that the network says.

        It is the output itself and no probability, which hardly changes where the network is sure.

        Raises:
            InputError: there is no such class.
        """
        label = label_of(target, class_names) if target else int(outputs[0].argmax())
        if label is None:
            raise InputError(f"target = {target!r}; allowed: {', '.join(class_names)}")
        return Subject(f"the output of class {class_names[label]}", lambda images, outputs: outputs[:, label])

    def output_shape(self, element: Element) -> tuple[int, ...]:
        """The shape of the output: one number for each class."""
        if element.num_classes is None or element.targets:
            raise InputError(
                f"the targets have shape {element.targets} and num_classes = {element.num_classes}; allowed for "
                "Classification: one label for each image"
            )
        return (element.num_classes,)
