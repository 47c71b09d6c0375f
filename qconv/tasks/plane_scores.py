"""What networks say of images that stand for points of a plane."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Array, Float, Int

from qconv.data.dataset import Plane
from qconv.figure import Figure, color_of
from qconv.tasks.evidence import Evaluated, Evidence
from qconv.tasks.losses import ClassLoss


@dataclass(frozen=True)
class PlaneScores(Evidence):
    """What a network says of class 1 at each point of a plane, where the images are such points."""

    name: ClassVar[str] = "plane"
    is_sum: ClassVar[bool] = False

    loss: ClassLoss
    """The loss, which says what outputs mean."""

    def of_batch(
        self, outputs: Float[Array, "batch classes"], targets: Int[Array, " batch"], weights: Float[Array, " batch"]
    ) -> Float[Array, " batch"]:
        """About 1 where it is sure of class 1 and 0 where it is sure of another; of a single class, of that."""
        return self.loss.scores(outputs)[:, min(1, outputs.shape[1] - 1)]

    def figure(self, found: Mapping[str, Float[np.ndarray, " images"]], evaluated: Evaluated) -> Figure | None:
        """A map for each network; None where the images are no points of a plane."""
        plane = evaluated.data.plane(evaluated.split)
        return plane_figure(plane, dict(found)) if plane else None


def plane_figure(plane: Plane, scores: dict[str, Float[np.ndarray, " images"]]) -> Figure:
    """A map of what each network says of class 1, and a cut along the row nearest to 0.

    Args:
        plane: where the images lie, and where the class changes.
        scores: about 1 where a network is sure of class 1, and 0 where it is sure of the other.
    """
    first, second = (np.unique(values) for values in plane.points.T)
    shape = (len(second), len(first))
    row = int(np.abs(second).argmin())
    count = len(scores)
    figure = Figure(figsize=(3.6 * count + 4.2, 3.8), layout="constrained")
    *maps, cut = figure.subplots(1, count + 1, width_ratios=[1] * count + [1.2])
    for ax, (network, values) in zip(maps, scores.items(), strict=True):
        mesh = ax.pcolormesh(first, second, values.reshape(shape), cmap="RdBu", vmin=0, vmax=1, shading="nearest")
        for curve in plane.curves:
            ax.plot(*curve.T, color="black", linewidth=1.5)
        ax.contour(first, second, values.reshape(shape), [0.5], colors="black", linestyles="dashed", linewidths=1)
        ax.set_xlim(first[0], first[-1])
        ax.set_ylim(second[0], second[-1])
        ax.set_title(f"{network}: dashed where it is 1/2", fontsize=9)
        ax.set_xlabel(plane.axes[0])
        ax.set_ylabel(plane.axes[1])
    figure.colorbar(mesh, ax=maps, label=plane.quantity)
    for index, (network, values) in enumerate(scores.items()):
        along = values.reshape(shape)[row]
        places = ", ".join(f"{place:.2f}" for place in crossings(first, along)) or "nowhere"
        cut.plot(first, along, ".-", color=color_of(index), label=f"{network}, 1/2 at {places}")
    for curve in plane.curves:
        for place in crossings(curve[:, 0], curve[:, 1] - second[row] + 0.5):
            cut.axvline(place, color="black", linewidth=1.5)
    cut.set_xlabel(f"{plane.axes[0]}, at {plane.axes[1]} = {second[row]:.2g}")
    cut.set_ylabel(plane.quantity)
    cut.grid(alpha=0.3)
    cut.legend(fontsize=8)
    return figure


def crossings(places: Float[np.ndarray, " points"], values: Float[np.ndarray, " points"]) -> list[float]:
    """Where `values` pass 1/2, between two points on a straight line."""
    above = values - 0.5
    found = []
    for i in np.flatnonzero((above[:-1] < 0) != (above[1:] < 0)):
        share = above[i] / (above[i] - above[i + 1])
        found.append(float(places[i] + share * (places[i + 1] - places[i])))
    return found
