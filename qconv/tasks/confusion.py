"""Which classes are taken for which."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from qconv.figure import Figure
from qconv.tasks.evidence import Evaluated, Evidence


@dataclass(frozen=True)
class Confusion(Evidence):
    """Images of class i (row) taken for class j (column), one matrix for each network."""

    name: ClassVar[str] = "confusion"

    def of_batch(
        self, outputs: Float[Array, "batch classes"], targets: Int[Array, " batch"], weights: Float[Array, " batch"]
    ) -> Float[Array, "classes classes"]:
        """Numbers of images of a batch, by class and predicted class."""
        classes = outputs.shape[-1]
        truth = jax.nn.one_hot(targets, classes, dtype=outputs.dtype) * weights[:, None]
        guess = jax.nn.one_hot(jnp.argmax(outputs, axis=-1), classes, dtype=outputs.dtype)
        return truth.T @ guess

    def figure(self, found: Mapping[str, Float[np.ndarray, "classes classes"]], evaluated: Evaluated) -> Figure:
        """The matrices, with numbers and names where there are no more than 20 classes."""
        classes = len(next(iter(found.values())))
        names = evaluated.data.class_names
        # The title needs as much as six classes do, and a name 0.08 inches a letter.
        size = min(12.0, 1.6 + 0.36 * max(6, classes) + 0.08 * max(map(len, names or ("",))))
        figure = Figure(figsize=(size * len(found), size + 0.6), layout="constrained")
        axes = figure.subplots(1, len(found), squeeze=False)[0]
        for ax, (network, matrix) in zip(axes, found.items(), strict=True):
            share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
            ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
            if classes <= 20:
                for (row, column), count in np.ndenumerate(matrix):
                    if count:
                        color = "white" if share[row, column] > 0.5 else "black"
                        ax.text(column, row, f"{count:.0f}", ha="center", va="center", fontsize=7, color=color)
                ax.set_xticks(range(classes), names or range(classes), rotation=90 if names else 0)
                ax.set_yticks(range(classes), names or range(classes))
            ax.set_title(f"{network}\n{np.trace(matrix):.0f} of {matrix.sum():.0f} right", fontsize=10)
            ax.set_xlabel("predicted class")
            ax.set_ylabel("class")
        return figure
