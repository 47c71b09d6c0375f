"""Why networks say what they say of an image."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from rich.console import Group
from rich.table import Table

from qconv.figure import Figure, MaxNLocator, color_of, show_image
from qconv.runs.explain import Explanation

_CHANNELS = 5
"""Of each layer, in the table."""


def effects_table(found: Sequence[Explanation]) -> Group:
    """What each network says, and without which channels of its layers that changes most.

    Args:
        found: by network.
    """
    said = Table()
    said.add_column("network")
    said.add_column("explained")
    said.add_column("value", justify="right")
    for column in found[0].answer.words:
        said.add_column(column)
    for each in found:
        said.add_row(each.network, each.subject, f"{each.value:.4f}", *each.answer.words.values())
    if not any(each.layers for each in found):
        return Group(said)
    without = Table(title="without a channel", title_justify="left")
    for column in ("network", "layer"):
        without.add_column(column)
    for column in ("channel", "value falls by"):
        without.add_column(column, justify="right")
    for column in found[0].answer.words:
        without.add_column(column)
    for each in found:
        for layer in each.layers:
            for channel in np.argsort(-np.abs(layer.falls), kind="stable")[:_CHANNELS]:
                words = layer.answers[channel].words.values()
                without.add_row(each.network, layer.name, str(channel), f"{layer.falls[channel]:+.4f}", *words)
    return Group(said, without)


def explanation_figure(picture: Float[np.ndarray, "height width channels"], found: Sequence[Explanation]) -> Figure:
    """A row for each network: the picture, what its pixels do for what the network says, and what channels do.

    Args:
        picture: before it is prepared.
        found: by network.
    """
    height, width, _ = picture.shape
    size = 2.3 * width / max(height, width)
    squares = 1 + (found[0].answer.picture is not None) + len(found[0].maps)
    widths = [size] * squares + [3.0] * len(found[0].layers)
    figure = Figure(figsize=(sum(widths) + 0.5, 2.7 * len(found) + 0.3), layout="constrained")
    for part, (row, each) in zip(figure.subfigures(len(found), 1, squeeze=False)[:, 0], enumerate(found), strict=True):
        says = ", ".join(f"{name} {word}" for name, word in list(each.answer.words.items())[:2])
        part.suptitle(f"{each.network}: {says}; explained: {each.subject} = {each.value:.3f}", fontsize=9)
        axes = part.subplots(1, len(widths), squeeze=False, width_ratios=widths)[0]
        for ax in axes[:squares]:
            ax.set_xticks([])
            ax.set_yticks([])
        waiting = iter(axes)
        _draw(next(waiting), "image", picture)
        if each.answer.picture:
            _draw(next(waiting), "answer", np.asarray(each.answer.picture.convert("RGB")) / 255)
        for name, values in each.maps.items():
            ax, largest = next(waiting), float(np.abs(values).max()) or 1.0
            if (values >= 0).all():
                shown = ax.imshow(values, cmap="magma", vmin=0, vmax=largest)
            else:
                shown = ax.imshow(values, cmap="RdBu_r", vmin=-largest, vmax=largest)
            part.colorbar(shown, ax=ax, shrink=0.7).ax.tick_params(labelsize=6)
            ax.set_title(name, fontsize=8)
        for layer in each.layers:
            ax = next(waiting)
            ax.bar(range(len(layer.falls)), layer.falls, color=color_of(row))
            ax.axhline(0, color="black", linewidth=0.6)
            ax.xaxis.set_major_locator(MaxNLocator(integer=True))
            ax.tick_params(labelsize=7)
            ax.set_title(f"fall without a channel of {layer.name}", fontsize=8)
    return figure


def _draw(ax: Any, title: str, image: Float[np.ndarray, "height width channels"]) -> None:
    show_image(ax, image)
    ax.set_title(title, fontsize=8)
