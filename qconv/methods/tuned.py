"""Filters with a strength that is chosen on training images."""

from abc import abstractmethod
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from qconv.bounds import require, require_at_least
from qconv.data.dataset import Source
from qconv.experiment.rivals import FittedMethod, Method
from qconv.tasks.task import Task

Image = Float[np.ndarray, "height width channels"]


@dataclass(frozen=True)
class TunedFilter(Method):
    """A filter of images: the strength with the best mean of the headline metric over training images is taken.

    A subclass says what the filter is, and in which unit its strength is.
    """

    strengths: tuple[float, ...]
    """Strengths that are tried."""
    num_images: int = 20
    """Training images that they are tried on, evenly chosen; all, where there are fewer."""

    def __post_init__(self) -> None:
        require(self, "strengths", len(self.strengths) > 0 and min(self.strengths) > 0, "one or more, more than 0")
        require_at_least(self, 1, "num_images")

    @abstractmethod
    def filtered(self, image: Image, strength: float, noise: float) -> Image:
        """An image, filtered.

        Args:
            image: that is to be restored.
            strength: one of `strengths`.
            noise: standard deviation of the noise, as the training images have it.
        """

    def fitted(self, train: Source, task: Task, seed: int) -> FittedMethod:
        """The filter with the best strength."""
        rows = np.unique(np.linspace(0, len(train) - 1, min(self.num_images, len(train))).astype(int))
        images, targets = train[rows]
        noise, metric = float(np.std(images - targets)), task.metrics[0]

        def outputs(strength: float, images: Float[np.ndarray, "batch ..."]) -> Float[np.ndarray, "batch ..."]:
            return np.stack([self.filtered(image, strength, noise) for image in images])

        def worth(strength: float) -> float:
            mean = float(metric.per_item(jnp.asarray(outputs(strength, images)), jnp.asarray(targets)).mean())
            return mean if metric.higher_is_better else -mean

        best = max(self.strengths, key=worth)
        said = (
            f"strength {best:g} of {min(self.strengths):g} to {max(self.strengths):g}, by {len(rows)} training images"
        )
        return FittedMethod(lambda images: outputs(best, images), num_parameters=1, settings=said)
