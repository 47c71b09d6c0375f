"""One class for each pixel."""

from dataclasses import dataclass

from qconv.data.dataset import Element
from qconv.errors import InputError
from qconv.tasks.evidence import Evidence
from qconv.tasks.losses import ClassLoss, CrossEntropy
from qconv.tasks.masks import Masks
from qconv.tasks.metric import Metric
from qconv.tasks.overlap import Dice, MeanIoU, PooledDice, PooledMeanIoU
from qconv.tasks.task import Task


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

    def output_shape(self, element: Element) -> tuple[int, ...]:
        """The shape of the output: one number for each pixel and class."""
        if element.num_classes is None or element.num_classes < 2 or element.targets != element.inputs[:2]:
            raise InputError(
                f"images of shape {element.inputs} have targets of shape {element.targets} and num_classes = "
                f"{element.num_classes}; allowed for Segmentation: a mask of the image's height and width with at "
                "least 2 classes"
            )
        return (*element.targets, element.num_classes)
