"""Which images are taken for another class."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from qconv.data.dataset import names_of_classes
from qconv.figure import Figure, show_image
from qconv.tasks.evidence import Evaluated, Evidence
from qconv.tasks.losses import ClassLoss

_SHOWN = 10
"""Images of each network."""
_LONGEST = 14
"""Letters of the name of a class."""


class Said(NamedTuple):
    """What a network says of images."""

    label: Int[Any, " images"]
    """The class."""
    score: Float[Any, " images"]
    """Of that class."""
    true_label: Int[Any, " images"]
    """The class that it is."""
    true_score: Float[Any, " images"]
    """Of that class."""


@dataclass(frozen=True)
class Mistakes(Evidence):
    """The images that each network has most surely taken for another class, with what it says of both classes."""

    name: ClassVar[str] = "mistakes"
    is_sum: ClassVar[bool] = False

    loss: ClassLoss
    """The loss, which says what outputs mean."""

    def of_batch(
        self, outputs: Float[Array, "batch classes"], targets: Int[Array, " batch"], weights: Float[Array, " batch"]
    ) -> Said:
        """Four numbers of each image: images themselves are not kept."""
        scores, label = self.loss.scores(outputs), jnp.argmax(outputs, axis=-1)

        def of(labels: Int[Array, " batch"]) -> Float[Array, " batch"]:
            return jnp.take_along_axis(scores, labels[:, None], axis=1)[:, 0]

        return Said(label, of(label), targets, of(targets))

    def figure(self, found: Mapping[str, Said], evaluated: Evaluated) -> Figure | None:
        """A row for each network, the surest mistake first; None without mistakes, or for points of a plane."""
        if evaluated.data.plane(evaluated.split):
            return None
        rows = {network: surest_mistakes(said)[:_SHOWN] for network, said in found.items()}
        columns = max(map(len, rows.values()))
        if not columns:
            return None
        names = [_short(name) for name in names_of_classes(evaluated.data)]
        figure = Figure(figsize=(1.35 * columns + 0.3, 2.05 * len(rows) + 0.2), layout="constrained")
        for part, (network, mistakes) in zip(
            figure.subfigures(len(rows), 1, squeeze=False)[:, 0], rows.items(), strict=True
        ):
            said = found[network]
            wrong = int((said.label != said.true_label).sum())
            part.suptitle(f"{network}: {wrong:,} of {len(said.label):,} wrong, the surest first", fontsize=9)
            axes = part.subplots(1, columns, squeeze=False)[0]
            for ax in axes:
                ax.axis("off")
            images = evaluated.source[mistakes].inputs if mistakes.size else ()
            for ax, row, image in zip(axes, mistakes, images, strict=False):
                show_image(ax, image)
                taken = f"{names[said.label[row]]} {said.score[row]:.2f}"
                ax.set_title(f"{taken}\nis {names[said.true_label[row]]} {said.true_score[row]:.2f}", fontsize=7)
        return figure


def surest_mistakes(said: Said) -> Int[np.ndarray, " wrong"]:
    """The rows of the images that are taken for another class, those with the highest score first."""
    wrong = np.flatnonzero(said.label != said.true_label)
    return wrong[np.argsort(-said.score[wrong], kind="stable")]


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
