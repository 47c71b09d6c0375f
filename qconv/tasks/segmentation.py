"""One class for each pixel."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int
from PIL import Image

from qconv.data.dataset import Element
from qconv.errors import InputError
from qconv.figure import colors_of_classes
from qconv.tasks.answer import Answer, Subject, label_of
from qconv.tasks.evidence import Evidence
from qconv.tasks.losses import ClassLoss, CrossEntropy
from qconv.tasks.masks import Masks
from qconv.tasks.metric import Metric
from qconv.tasks.overlap import Dice, MeanIoU, PooledDice, PooledMeanIoU
from qconv.tasks.task import Task

_SHOWN = 3
"""Classes that a table shows of a mask, those with most pixels."""


@dataclass(frozen=True)
class Segmentation(Task):
    """Each pixel is of one class, that of its place in the mask. A network has one output for each pixel and class."""

    loss: ClassLoss = CrossEntropy()  # noqa: RUF009 - a frozen dataclass
    """What is minimised, such as `WeightedCrossEntropy` where some pixels count more than others."""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Dice and intersection over union, each as a mean over images and pooled over all pixels."""
        return (Dice(), PooledDice(), MeanIoU(), PooledMeanIoU())

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Images beside their true and predicted masks."""
        return (Masks(),)

    def answers(
        self, outputs: Float[np.ndarray, "batch height width classes"], class_names: tuple[str, ...]
    ) -> list[Answer]:
        """Masks, and which part of the pixels each class has.

        A mask of two classes is black and white; one of more has the classes as values, and a palette that shows them.
        """
        found = []
        for labels in outputs.argmax(-1):
            parts = np.bincount(labels.ravel(), minlength=len(class_names)) / labels.size
            largest = [label for label in np.argsort(-parts, kind="stable") if parts[label]][:_SHOWN]
            words = {"found": ", ".join(f"{class_names[label]} {parts[label]:.1%}" for label in largest)}
            values = {f"part of {name}": float(part) for name, part in zip(class_names, parts, strict=True)}
            found.append(Answer(words, values, _mask(labels, len(class_names))))
        return found

    def subject(
        self, outputs: Float[np.ndarray, "1 height width classes"], class_names: tuple[str, ...], target: str
    ) -> Subject:
        """The outputs of a class, summed over the pixels that the network gives to it; of no pixel, over all.

        By default those of the foreground, of each pixel its own class.

        Raises:
            InputError: there is no such class.
        """
        labels = outputs[0].argmax(-1)
        label = label_of(target, class_names) if target else None
        if target and label is None:
            raise InputError(f"target = {target!r}; allowed: {', '.join(class_names)}")
        where = labels > 0 if label is None else labels == label
        where = where if where.any() else np.ones_like(where)
        chosen = np.eye(len(class_names), dtype=outputs.dtype)[labels if label is None else np.full_like(labels, label)]
        weights = (chosen * where[..., None])[None]
        what = "the foreground" if label is None else f"class {class_names[label]}"
        return Subject(
            f"the outputs of {what}, over {where.sum():,} pixels",
            lambda images, outputs: jnp.sum(outputs * weights, axis=(1, 2, 3)),
        )

    def output_shape(self, element: Element) -> tuple[int, ...]:
        """The shape of the output: one number for each pixel and class."""
        if element.num_classes is None or element.num_classes < 2 or element.targets != element.inputs[:2]:
            raise InputError(
                f"images of shape {element.inputs} have targets of shape {element.targets} and num_classes = "
                f"{element.num_classes}; allowed for Segmentation: a mask of the image's height and width with at "
                "least 2 classes"
            )
        return (*element.targets, element.num_classes)


def _mask(labels: Int[np.ndarray, "height width"], classes: int) -> Image.Image:
    """A mask as a picture."""
    if classes == 2:
        return Image.fromarray(labels.astype(np.uint8) * 255)
    if classes > 256:  # more than a palette has
        return Image.fromarray(labels.astype(np.uint16))
    picture = Image.frombytes("P", labels.shape[::-1], labels.astype(np.uint8).tobytes())
    picture.putpalette(colors_of_classes(classes).astype(np.uint8).ravel().tolist())
    return picture
