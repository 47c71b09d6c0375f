"""Images beside their true masks and those that networks predict."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from qconv.figure import CLASS_COLORS, Figure, show_image
from qconv.tasks.evidence import Evaluated, Evidence
from qconv.tasks.overlap import Dice

_EACH = 4
"""Images of the worst masks, and of the best."""


@dataclass(frozen=True)
class Masks(Evidence):
    """Images, their true masks and what each network and method predicts, where the first network is worst and best.

    Of all images only the Dice coefficient is kept; what is drawn is computed again.
    """

    name: ClassVar[str] = "masks"
    is_sum: ClassVar[bool] = False

    def of_batch(
        self,
        outputs: Float[Array, "batch height width classes"],
        targets: Int[Array, "batch height width"],
        weights: Float[Array, " batch"],
    ) -> Float[Array, "batch 2"]:
        """The Dice coefficient of each mask, and whether anything but background is in the true one: 1, or 0."""
        there = jnp.any(targets > 0, axis=(1, 2)).astype(outputs.dtype)
        return jnp.stack([Dice().per_item(outputs, targets), there], axis=1)

    def figure(self, found: Mapping[str, Float[np.ndarray, "images 2"]], evaluated: Evaluated) -> Figure:
        """A row for each image: the image, its mask, and the masks of all networks and methods."""
        rows = worst_and_best(next(iter(found.values())))
        images, masks = evaluated.source[rows]
        predicted = {name: outputs.argmax(-1) for name, outputs in evaluated.outputs(rows).items()}
        classes = evaluated.data.element.num_classes or 2
        look: Any = {"vmin": 0, "vmax": classes - 1, "cmap": "gray" if classes == 2 else CLASS_COLORS}
        columns = 2 + len(predicted)
        figure = Figure(figsize=(1.5 * columns, 1.6 * len(rows) + 0.4), layout="constrained")
        axes = figure.subplots(len(rows), columns, squeeze=False)
        for place, (row, line) in enumerate(zip(rows, axes, strict=True)):
            show_image(line[0], images[place])
            line[0].set_title(f"image {row}", fontsize=8)
            line[1].imshow(masks[place], **look)
            line[1].set_title("true mask", fontsize=8)
            for ax, (name, guesses) in zip(line[2:], predicted.items(), strict=True):
                ax.imshow(guesses[place], **look)
                ax.set_title(f"{name}\nDice {found[name][row, 0]:.2f}", fontsize=8)
        for ax in axes.flat:
            ax.set_xticks([])
            ax.set_yticks([])
        return figure


def worst_and_best(found: Float[np.ndarray, "images 2"]) -> Int[np.ndarray, " few"]:
    """Images with the smallest Dice coefficients, then those with the largest that have something to be found.

    Args:
        found: what `Masks.of_batch` says of each image.
    """
    dice, there = found.T
    order = np.argsort(dice, kind="stable")
    worst = order[:_EACH]
    best = [row for row in order[::-1] if there[row] and row not in worst][:_EACH]
    return np.array([*worst, *reversed(best)], int)
