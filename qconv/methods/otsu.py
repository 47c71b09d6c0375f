"""Otsu's threshold."""

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from qconv.data.dataset import Element, Source, chunks
from qconv.errors import InputError
from qconv.experiment.rivals import FittedMethod, Method
from qconv.tasks.task import Task

Side = Literal["brighter", "darker", "rarer"]
"""Which pixels are of class 1: those above the threshold, those below it, or in each image whichever are fewer."""


@dataclass(frozen=True)
class Otsu(Method):
    """Masks of two classes by a threshold of brightness: that which parts the pixels into the two narrowest groups.

    Brightness is the mean of the channels. Whether class 1 is the brighter, the darker or in each image the rarer side,
    and whether each image has a threshold of its own or all have that of the training images, is what does best on
    these by the headline metric.

    Source: Otsu, "A threshold selection method from gray-level histograms", IEEE Transactions on Systems, Man, and
    Cybernetics 9, 62 (1979), as in scikit-image.
    """

    name: ClassVar[str] = "Otsu"
    folder: ClassVar[str] = "otsu"

    def fitted(self, train: Source, task: Task, seed: int) -> FittedMethod:
        """The better side of the better threshold.

        Raises:
            InputError: targets are no masks of two classes.
        """
        inputs, targets = train[np.arange(1)]
        if targets.shape != inputs.shape[:3] or not np.issubdtype(targets.dtype, np.integer):
            raise InputError(f"Otsu is given targets of shape {targets.shape[1:]}; allowed: masks of the images")
        parts, metric = chunks(train, Element(inputs.shape[1:])), task.metrics[0]

        def worth(choice: tuple[float | None, Side]) -> float:
            """The headline metric over all training images; larger is better."""
            sums = []
            for rows in parts:
                images, masks = train[rows]
                if masks.max() > 1:
                    raise InputError(f"Otsu is given masks with class {masks.max()}; allowed: 0 and 1")
                arrays = _outputs(images, *choice), masks, np.ones(len(rows), images.dtype)
                sums.append(metric.sums(*map(jnp.asarray, arrays)))
            value = metric.value(jax.tree.map(lambda *own: sum(own), *sums), float(len(train)))
            return value if metric.higher_is_better else -value

        thresholds = (None, _common_threshold(train, parts))
        threshold, side = max(((each, side) for each in thresholds for side in get_args(Side)), key=worth)
        own = "a threshold of each image" if threshold is None else f"the threshold {threshold:.3f}"
        return FittedMethod(
            lambda images: _outputs(images, threshold, side),
            num_parameters=0 if threshold is None else 1,
            settings=f"class 1 is the {side} side of {own}, by {len(train)} training images",
        )


def _common_threshold(train: Source, parts: list[Int[np.ndarray, " batch"]]) -> float:
    """Otsu's threshold of the pixels of all training images, from a histogram with 256 bins."""
    from skimage.filters import threshold_otsu  # costs half a second, and not every run needs it

    ends = [(own.min(), own.max()) for own in (_grey(train[rows].inputs) for rows in parts)]
    bounds = min(low for low, _ in ends), max(high for _, high in ends)
    counts = np.sum([np.histogram(_grey(train[rows].inputs), 256, bounds)[0] for rows in parts], axis=0)
    edges = np.linspace(*bounds, 257)
    return float(threshold_otsu(hist=(counts, (edges[1:] + edges[:-1]) / 2)))


def _grey(images: Float[np.ndarray, "batch height width channels"]) -> Float[np.ndarray, "batch height width"]:
    """The brightness of each pixel."""
    return images.mean(-1)


def _outputs(
    images: Float[np.ndarray, "batch height width channels"], threshold: float | None, side: Side
) -> Float[np.ndarray, "batch height width 2"]:
    """1 for the class of a pixel, and 0 for the other."""
    grey = _grey(images)
    limits = np.array([_own_threshold(image) for image in grey]) if threshold is None else np.array([threshold])
    is_bright = grey > limits[:, None, None]
    few = is_bright.mean((1, 2), keepdims=True) <= 0.5
    mask = is_bright == {"brighter": True, "darker": False, "rarer": few}[side]
    return np.stack([~mask, mask], axis=-1).astype(np.float32)


def _own_threshold(grey: Float[np.ndarray, "height width"]) -> float:
    """Otsu's threshold of an image; its brightness where that is everywhere the same."""
    from skimage.filters import threshold_otsu

    return float(threshold_otsu(grey))
