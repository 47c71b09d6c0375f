"""The image that another one was made of, such as one without noise."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from PIL import Image

from qconv.data.dataset import Element
from qconv.errors import InputError
from qconv.tasks.answer import Answer, Subject
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

    def answers(
        self, outputs: Float[np.ndarray, "batch height width channels"], class_names: tuple[str, ...]
    ) -> list[Answer]:
        """The restored images, cut off at black and white, and how bright they are, where white is 1."""
        found = []
        for image in outputs:
            bright = {"mean": float(image.mean()), "darkest": float(image.min()), "brightest": float(image.max())}
            pixels = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
            picture = Image.fromarray(pixels if pixels.shape[-1] == 3 else pixels[..., 0])
            words = {name: f"{value:.3f}" for name, value in bright.items()}
            found.append(Answer(words, bright, picture if pixels.shape[-1] in (1, 3) else None))
        return found

    def subject(
        self,
        outputs: Float[np.ndarray, "1 height width channels"],
        class_names: tuple[str, ...],
        target: str,
    ) -> Subject:
        """How much is changed: the sum of the squared differences between the output and the image.

        Raises:
            InputError: a target, of which there is none; or, when it is computed, outputs of another shape than images.
        """
        if target:
            raise InputError(f"target = {target!r}; allowed: none, since what is restored has no classes")

        def changed(
            images: Float[Array, "batch height width channels"], outputs: Float[Array, "batch ..."]
        ) -> Float[Array, " batch"]:
            if images.shape != outputs.shape:
                raise InputError(
                    f"images of shape {images.shape[1:]} become {outputs.shape[1:]}; allowed where a change is to be "
                    "explained: the same shape"
                )
            return jnp.sum(jnp.square(outputs - images), axis=(1, 2, 3))

        return Subject("the squared change of the image", changed)

    def output_shape(self, element: Element) -> tuple[int, ...]:
        """The shape of the output: that of the target."""
        if element.num_classes is not None or len(element.targets) != 3 or min(element.targets[:2]) < SSIM.WINDOW:
            raise InputError(
                f"the targets have shape {element.targets} and num_classes = {element.num_classes}; allowed for "
                f"Restoration: images of at least {SSIM.WINDOW}x{SSIM.WINDOW} pixels, such as those of Noisy"
            )
        return element.targets
