"""Images before and after they were restored."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.figure import Figure, show_image
from qconv.tasks.evidence import Evaluated, Evidence
from qconv.tasks.image_quality import PSNR

_IMAGES = 6


@dataclass(frozen=True)
class Restored(Evidence):
    """Some images as they should be, as they were given, and as each network and method restores them."""

    name: ClassVar[str] = "restored"
    is_sum: ClassVar[bool] = False

    def of_batch(
        self,
        outputs: Float[Array, "batch height width channels"],
        targets: Float[Array, "batch height width channels"],
        weights: Float[Array, " batch"],
    ) -> Float[Array, " batch"]:
        """The peak signal-to-noise ratio of each image, in dB; what is drawn is computed again."""
        return PSNR().per_item(outputs, targets)

    def figure(self, found: Mapping[str, Float[np.ndarray, " images"]], evaluated: Evaluated) -> Figure:
        """A row for each of some images, evenly chosen: the target, what was given, and what each makes of it."""
        count = len(evaluated.source)
        rows = np.unique(np.linspace(0, count - 1, min(_IMAGES, count)).astype(int))
        given, targets = evaluated.source[rows]
        before = (
            np.asarray(PSNR().per_item(jnp.asarray(given), jnp.asarray(targets)))
            if given.shape == targets.shape
            else None
        )
        columns = {"target": (targets, None), "given": (given, before)}
        for name, outputs in evaluated.outputs(rows).items():
            if not np.array_equal(outputs, given):  # what changes nothing has been shown
                columns[name] = outputs, found[name][rows]
        height, width = targets.shape[1:3]
        figure = Figure(figsize=(2 * len(columns), (2 * height / width + 0.4) * len(rows)), layout="constrained")
        axes = figure.subplots(len(rows), len(columns), squeeze=False)
        for column, (name, (images, ratios)) in zip(axes.T, columns.items(), strict=True):
            for place, ax in enumerate(column):
                show_image(ax, np.clip(images[place], 0, 1))
                ax.set_title(name if ratios is None else f"{name}\n{ratios[place]:.2f} dB", fontsize=8)
                ax.set_xticks([])
                ax.set_yticks([])
        return figure
