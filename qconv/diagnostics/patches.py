"""The patches that a network's quantum layers see."""

from typing import Any

import flax.linen as nn
import jax
import numpy as np
from jaxtyping import Array, Float

from qconv.errors import InputError
from qconv.layers.quantum_conv import QuantumConv


def layer_patches(
    model: nn.Module, images: Float[np.ndarray, "batch height width channels"], seed: int
) -> list[tuple[QuantumConv, int, Float[Array, "patches pixels"]]]:
    """Each quantum layer that a network calls, in order, with its number of input channels and all its patches.

    A layer behind others sees what these make of the images with their first parameters, drawn from `seed`. Where each
    input channel has a register of its own, the patches of all of them are there.

    Raises:
        InputError: a quantum layer that is no convolution.
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
    found = []
    for layer, images_of_layer in zip(layers, inputs, strict=True):
        if not isinstance(layer, QuantumConv):
            raise InputError(f"diagnose takes patches of QuantumConv layers; the network has a {type(layer).__name__}")
        channels = images_of_layer.shape[-1]
        windows = layer.patches(images_of_layer.reshape(-1, *images_of_layer.shape[-3:]))
        found.append((layer, channels, windows.reshape(-1, windows.shape[-1])))
    return found
