"""The image that another one was made of, such as one without noise."""

from dataclasses import dataclass

from qconv.data.dataset import Element
from qconv.errors import InputError
from qconv.tasks.evidence import Evidence
from qconv.tasks.image_quality import PSNR, SSIM
from qconv.tasks.losses import Loss, MeanSquaredError
from qconv.tasks.metric import Metric
from qconv.tasks.restored import Restored
from qconv.tasks.task import Task


@dataclass(frozen=True)
class Restoration(Task):
    """Each image is to be restored: its target is an image in [0, 1], as is the output of a network."""

    loss: Loss = MeanSquaredError()  # noqa: RUF009 - a frozen dataclass
    """What is minimised."""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Peak signal-to-noise ratio and structural similarity, each the mean over images."""
        return (PSNR(), SSIM())

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Images beside what they were made of and what is restored."""
        return (Restored(),)

    def output_shape(self, element: Element) -> tuple[int, ...]:
        """The shape of the output: that of the target."""
        if element.num_classes is not None or len(element.targets) != 3 or min(element.targets[:2]) < SSIM.WINDOW:
            raise InputError(
                f"the targets have shape {element.targets} and num_classes = {element.num_classes}; allowed for "
                f"Restoration: images of at least {SSIM.WINDOW}x{SSIM.WINDOW} pixels, such as those of Noisy"
            )
        return element.targets
