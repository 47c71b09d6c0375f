"""How well predicted masks cover true ones."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from qconv.tasks.metric import Metric


class Counts(NamedTuple):
    """Pixels of each class: of one image, or of all."""

    both: Any
    """Predicted and true ones: hits."""
    predicted: Any
    true: Any


class Overlap(Metric):
    """Predicted and true pixels of each class, compared; the mean over classes that are in either mask.

    So two masks without any such class, both empty, count 1. The mean over images gives each image the same weight,
    however few pixels of a class it has: one wrong pixel beside an empty mask counts 0. Pooled metrics count the pixels
    of all images first. The predicted class of a pixel is that of its largest output.
    """

    counts_background: ClassVar[bool]
    """Whether class 0 is one of the classes."""

    @abstractmethod
    def overlap(self, counts: Counts) -> Any:
        """The overlap of each class, which is in one of the masks at least."""

    def per_item(
        self, outputs: Float[Array, "batch *pixels classes"], targets: Int[Array, "batch *pixels"]
    ) -> Float[Array, " batch"]:
        """The overlap of each image."""
        return self._mean(_counts(outputs, targets), jnp)

    def _mean(self, counts: Counts, numpy: Any) -> Any:
        """The mean over the classes that are in either mask, in JAX's NumPy or NumPy's own."""
        counts = Counts(*(part[..., 0 if self.counts_background else 1 :] for part in counts))
        there = counts.predicted + counts.true > 0
        # Where a class is in neither mask, numbers that can be divided.
        shares = self.overlap(Counts(*(numpy.where(there, part, 1) for part in counts)))
        number = there.sum(-1)
        return numpy.where(number > 0, (shares * there).sum(-1) / numpy.maximum(number, 1), 1)


class Pooled(Overlap):
    """The overlap over the pixels of all images together. Networks are compared image by image all the same."""

    def sums(
        self,
        outputs: Float[Array, "batch *pixels classes"],
        targets: Int[Array, "batch *pixels"],
        weights: Float[Array, " batch"],
    ) -> Any:
        """Pixels of each class over all images."""
        return jax.tree.map(lambda part: weights @ part, _counts(outputs, targets))

    def value(self, sums: Any, count: float) -> float:
        """The overlap of these pixels."""
        return float(self._mean(Counts(*map(np.asarray, sums)), np))


class _Dice(Overlap):
    counts_background: ClassVar[bool] = False

    def overlap(self, counts: Counts) -> Any:
        """Twice the hits over the pixels of both masks."""
        return 2 * counts.both / (counts.predicted + counts.true)


class _IoU(Overlap):
    counts_background: ClassVar[bool] = True

    def overlap(self, counts: Counts) -> Any:
        """Hits over pixels that are in one of the masks."""
        return counts.both / (counts.predicted + counts.true - counts.both)


@dataclass(frozen=True)
class Dice(_Dice):
    """The Dice coefficient of each image, 2 |A and B| / (|A| + |B|), as a mean over images; class 0 is background.

    Source: Dice, "Measures of the amount of ecologic association between species", Ecology 26, 297 (1945).
    """

    name: ClassVar[str] = "Dice"


@dataclass(frozen=True)
class PooledDice(_Dice, Pooled):
    """The Dice coefficient over the pixels of all images together; see `Dice`."""

    name: ClassVar[str] = "pooled Dice"


@dataclass(frozen=True)
class MeanIoU(_IoU):
    """The intersection over union of each image, |A and B| / |A or B|, as a mean over classes and then over images.

    All classes count, the background too. Source: Jaccard, "The distribution of the flora in the alpine zone", New
    Phytologist 11, 37 (1912).
    """

    name: ClassVar[str] = "mIoU"


@dataclass(frozen=True)
class PooledMeanIoU(_IoU, Pooled):
    """The intersection over union over the pixels of all images together, as a mean over classes; see `MeanIoU`."""

    name: ClassVar[str] = "pooled mIoU"


def _counts(outputs: Float[Array, "batch *pixels classes"], targets: Int[Array, "batch *pixels"]) -> Counts:
    """Pixels of each image by class."""
    batch, *_, classes = outputs.shape
    masks = jnp.argmax(outputs, axis=-1), targets
    predicted, true = (jax.nn.one_hot(mask.reshape(batch, -1), classes, dtype=bool) for mask in masks)
    return Counts(*(part.sum(1, dtype=outputs.dtype) for part in (predicted & true, predicted, true)))
