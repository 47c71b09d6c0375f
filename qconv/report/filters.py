"""What the filters of a quantum layer make of images, before and after training."""

from typing import Any

import flax.linen as nn
import jax
import numpy as np
from jaxtyping import Array, Float
from matplotlib.figure import Figure

from qconv.models.base import ImageModel
from qconv.training.steps import TrainState

_MAX_CHANNELS = 6


def filters_figure(
    model: ImageModel, before: TrainState, after: TrainState, images: Float[np.ndarray, "few height width channels"]
) -> Figure:
    """A row for each image: the image, then the first channels of the first quantum layer before and after training.

    The outputs of a dense layer are pictures of one pixel.

    Args:
        model: the network; it has a quantum layer.
        before: the state before the first step.
        after: the state after the last one.
        images: a few, in [0, 1].
    """
    outputs = [np.asarray(_first_quantum_output(model, state, images)) for state in (before, after)]
    outputs = [output[:, None, None] if output.ndim == 2 else output for output in outputs]
    shown = min(_MAX_CHANNELS, outputs[0].shape[-1])
    limit = max(np.abs(output[..., :shown]).max() for output in outputs)
    figure = Figure(figsize=(1.1 * (2 * shown + 1), 1.15 * len(images) + 0.5), layout="constrained")
    axes = figure.subplots(len(images), 2 * shown + 1, squeeze=False)
    grey = images.shape[-1] not in (3, 4)
    for row, image in enumerate(images):
        axes[row, 0].imshow(image[..., 0] if grey else image, cmap="gray", vmin=0, vmax=1)
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


def _first_quantum_output(model: ImageModel, state: TrainState, images: np.ndarray) -> Array:
    outputs: list[Array] = []

    def record(call: Any, args: Any, kwargs: Any, context: Any) -> Any:
        output = call(*args, **kwargs)
        if hasattr(context.module, "twin") and context.method_name == "__call__":
            outputs.append(output)
        return output

    @jax.jit
    def first(images: Array) -> Array:
        with nn.intercept_methods(record):
            model.apply({"params": state.params, "frozen": state.frozen}, images)
        return outputs[0]

    return first(images)
