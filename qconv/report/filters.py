"""What the filters of a quantum layer make of images, before and after training."""

from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
import numpy as np
from jaxtyping import Array, Float

from qconv.figure import Figure
from qconv.models.quantum_calls import watch

_MAX_CHANNELS = 6


def filters_figure(
    network: nn.Module,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    images: Float[np.ndarray, "few height width channels"],
) -> Figure | None:
    """A row for each image: the image, then the first channels of the first quantum layer before and after training.

    Of a layer whose outputs are no maps but numbers, all of them, as colours side by side. None where all quantum
    layers are in transformations that keep what these make, as `nn.scan`.

    Args:
        network: it has a quantum layer.
        before: its collections before the first step.
        after: its collections after the last one.
        images: a few, in [0, 1].
    """

    @jax.jit
    def first_outputs(variables: Any, images: Array) -> list[Array]:
        seen = watch(network, variables, images)
        return [output for _, output in seen.values()][:1]

    outputs = [np.asarray(output) for variables in (before, after) for output in first_outputs(dict(variables), images)]
    if not outputs:
        return None
    if outputs[0].ndim == 2:
        return _numbers_figure(outputs, images)
    shown = min(_MAX_CHANNELS, outputs[0].shape[-1])
    limit = max(np.abs(output[..., :shown]).max() for output in outputs)
    figure = Figure(figsize=(1.1 * (2 * shown + 1), 1.15 * len(images) + 0.5), layout="constrained")
    axes = figure.subplots(len(images), 2 * shown + 1, squeeze=False)
    for row, image in enumerate(images):
        _show(axes[row, 0], image)
        for part, output in enumerate(outputs):
            for channel in range(shown):
                ax = axes[row, 1 + part * shown + channel]
                picture = ax.imshow(output[row, ..., channel], cmap="RdBu", vmin=-limit, vmax=limit)
                if row == 0:
                    ax.set_title(f"{('before', 'after')[part]} {channel}", fontsize=8)
    axes[0, 0].set_title("image", fontsize=8)
    for ax in axes.flat:
        ax.set_xticks([])
        ax.set_yticks([])
    figure.colorbar(picture, ax=axes[:, -1], shrink=0.8, label="expectation")
    return figure


def _numbers_figure(outputs: list[np.ndarray], images: np.ndarray) -> Figure:
    figure = Figure(figsize=(10, 0.6 * len(images) + 1.2), layout="constrained")
    axes = figure.subplots(len(images), 3, squeeze=False, width_ratios=(1, 8, 8))
    limit = max(np.abs(output).max() for output in outputs)
    for row, image in enumerate(images):
        _show(axes[row, 0], image)
        for ax, output in zip(axes[row, 1:], outputs, strict=True):
            picture = ax.imshow(output[row][None], cmap="RdBu", vmin=-limit, vmax=limit, aspect="auto")
            ax.set_yticks([])
            if row < len(images) - 1:
                ax.set_xticks([])
        axes[row, 0].axis("off")
    for ax, title in zip(axes[0], ("image", "before", "after"), strict=True):
        ax.set_title(title, fontsize=8)
    for ax in axes[-1, 1:]:
        ax.set_xlabel("number of the output", fontsize=8)
    figure.colorbar(picture, ax=axes[:, -1], shrink=0.8, label="expectation")
    return figure


def _show(ax: Any, image: np.ndarray) -> None:
    ax.imshow(image if image.shape[-1] in (3, 4) else image[..., 0], cmap="gray", vmin=0, vmax=1)
