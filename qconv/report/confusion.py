"""Confusion matrices."""

import numpy as np
from jaxtyping import Float

from qconv.report.figure import Figure


def confusion_figure(matrices: dict[str, Float[np.ndarray, "classes classes"]]) -> Figure:
    """Test images of each class (row) by the class they were taken for (column), one matrix for each network."""
    classes = len(next(iter(matrices.values())))
    size = min(12.0, 1.6 + 0.36 * classes)
    figure = Figure(figsize=(size * len(matrices), size + 0.4), layout="constrained")
    axes = figure.subplots(1, len(matrices), squeeze=False)[0]
    for ax, (network, matrix) in zip(axes, matrices.items(), strict=True):
        share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
        ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
        if classes <= 20:
            for (row, column), count in np.ndenumerate(matrix):
                if count:
                    color = "white" if share[row, column] > 0.5 else "black"
                    ax.text(column, row, f"{count:.0f}", ha="center", va="center", fontsize=7, color=color)
            ax.set_xticks(range(classes))
            ax.set_yticks(range(classes))
        ax.set_title(f"{network}: {np.trace(matrix):.0f} of {matrix.sum():.0f} right", fontsize=10)
        ax.set_xlabel("predicted class")
        ax.set_ylabel("class")
    return figure
