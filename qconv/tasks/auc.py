"""The area under the receiver operating characteristic, and classification that is compared by it."""

from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from qconv.tasks.classification import Accuracy, Classification
from qconv.tasks.losses import ClassLoss, CrossEntropy
from qconv.tasks.metric import Metric


@dataclass(frozen=True)
class AUC(Metric):
    """How often an image of a class has a higher score for it than an image of another class, as a mean over classes.

    It is the area under the receiver operating characteristic of each class against the rest: 1 where all images of a
    class come before all others, 0.5 by chance; equal scores count half. All images are ranked together, so it is
    exact, and there is none of training steps. A class that no image has, or all have, is left out.

    The number of an item is the area and how much the item moves it, so their mean is the area itself, and their spread
    gives its standard error as estimated by DeLong, DeLong and Clarke-Pearson.

    Source: Hanley and McNeil, Radiology 143, 29 (1982), for the area as a probability; Provost and Domingos, Machine
    Learning 52, 199 (2003), for one class against the rest, here with equal weights; DeLong, DeLong and Clarke-Pearson,
    Biometrics 44, 837 (1988), for what an item contributes.
    """

    name: ClassVar[str] = "AUC"
    needs_all: ClassVar[bool] = True

    loss: ClassLoss = CrossEntropy()  # noqa: RUF009 - a frozen dataclass
    """The loss, which says what outputs mean."""

    def per_item(self, outputs: Float[Array, "batch classes"], targets: Int[Array, " batch"]) -> Float[Array, " batch"]:
        """The area, and what each item contributes beyond it; NaN where no class has an area."""
        scores = self.loss.scores(outputs)
        members = targets[:, None] == jnp.arange(scores.shape[1])[None]
        return jnp.nanmean(jax.vmap(_influences, in_axes=1, out_axes=1)(scores, members), axis=1)


@dataclass(frozen=True)
class ClassificationByAUC(Classification):
    """Each image is of one class, and networks are compared by the area under the curve; the accuracy is beside it."""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What is reported beside the loss: the area under the curve and the accuracy."""
        return (AUC(self.loss), Accuracy())


def _influences(scores: Float[Array, " batch"], members: Array) -> Float[Array, " batch"]:
    """Of one class, the area and what each item contributes beyond it; NaN where all items are of one side."""
    order = jnp.argsort(scores)
    both = jnp.stack([members, ~members], axis=1)
    first = jnp.concatenate([jnp.zeros((1, 2), jnp.int32), jnp.cumsum(both[order], axis=0, dtype=jnp.int32)])
    # How many of each side have lower scores, and equal ones as half.
    lower, upper = (jnp.searchsorted(scores[order], scores, side=side) for side in ("left", "right"))
    below = (first[lower] + first[upper]).astype(scores.dtype) / 2
    inside, outside = first[-1].astype(scores.dtype)
    # Of a member the share of others below it, of another item the share of members above it.
    place = jnp.where(members, below[:, 1] / outside, 1 - below[:, 0] / inside)
    area = jnp.sum(jnp.where(members, place, 0)) / inside
    return area + len(scores) / jnp.where(members, inside, outside) * (place - area)
