"""What a network's quantum layers see."""

from typing import Any

import flax.linen as nn
import jax
import numpy as np
from jaxtyping import Array, Float

from qconv.errors import InputError


def layer_inputs(
    model: nn.Module, images: Float[np.ndarray, "batch height width channels"], seed: int
) -> list[tuple[Any, Float[Array, "..."]]]:
    """Each quantum layer that a network calls, in order, with the images that it is given.

    A layer behind others sees what these make of the images with their first parameters, drawn from `seed`.
    """
    layers: list[Any] = []

    def first_inputs(images: Array) -> list[Array]:
        inputs: list[Array] = []

        def record(call: Any, args: Any, kwargs: Any, context: Any) -> Any:
            if hasattr(context.module, "twin") and context.method_name == "__call__":
                layers.append(context.module)
                inputs.append(args[0])
            return call(*args, **kwargs)

        with nn.intercept_methods(record):
            model.init(jax.random.key(seed), images)
        return inputs

    inputs = jax.jit(first_inputs)(images)  # compiled, so that what comes after the last of them is not computed
    return [(layer.clone(parent=None), own) for layer, own in zip(layers, inputs, strict=True)]


def layer_patches(layer: Any, images: Float[Array, "..."]) -> Float[Array, "patches pixels"]:
    """All patches that the circuit of a quantum layer sees; those of all registers where there are several.

    Raises:
        InputError: a quantum layer without patches.
    """
    if not hasattr(layer, "patches"):
        raise InputError(f"diagnose takes patches of a layer; the network has a {type(layer).__name__}, without any")
    windows = layer.patches(images)
    return windows.reshape(-1, windows.shape[-1])
