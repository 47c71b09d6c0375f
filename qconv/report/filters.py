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
    are_maps = outputs[0].ndim > 2
    if not are_maps:  # a map of one row, and one channel
        outputs = [output[:, None, :, None] for output in outputs]
    shown = min(_MAX_CHANNELS, outputs[0].shape[-1])
    limit = max(np.abs(output[..., :shown]).max() for output in outputs)
    width = 1.1 if are_maps else 5.0
    figure = Figure(figsize=(1.1 + 2 * shown * width, 1.15 * len(images) + 0.5), layout="constrained")
    axes = figure.subplots(len(images), 2 * shown + 1, squeeze=False, width_ratios=[1.1] + [width] * 2 * shown)
    for row, image in enumerate(images):
        axes[row, 0].imshow(image if image.shape[-1] in (3, 4) else image[..., 0], cmap="gray", vmin=0, vmax=1)
        columns = [output[row, ..., channel] for output in outputs for channel in range(shown)]
        for ax, values in zip(axes[row, 1:], columns, strict=True):
            picture = ax.imshow(values, cmap="RdBu", vmin=-limit, vmax=limit, aspect="equal" if are_maps else "auto")
    titles = [f"{when} {channel}" if are_maps else when for when in ("before", "after") for channel in range(shown)]
    for ax, title in zip(axes[0], ["image", *titles], strict=True):
        ax.set_title(title, fontsize=8)
    for ax in axes.flat:
        ax.set_yticks([])
    for ax in [*axes[:, 0], *(axes if are_maps else axes[:-1]).flat]:
        ax.set_xticks([])
    for ax in [] if are_maps else axes[-1, 1:]:
        ax.set_xlabel("number of the output", fontsize=8)
    figure.colorbar(picture, ax=axes[:, -1], shrink=0.8, label="expectation")
    return figure
