"""The patches that a network's quantum layers see."""

from typing import Any

import flax.linen as nn
import jax
import numpy as np
from jaxtyping import Array, Float

from qconv.layers.quantum_layer import QuantumLayer


def layer_patches(
    model: nn.Module, images: Float[np.ndarray, "batch height width channels"], seed: int
) -> list[tuple[QuantumLayer, int, Float[Array, "patches pixels"]]]:
    """Each quantum layer that a network calls, in order, with its number of input features and all its patches.

    A layer behind others sees what these make of the images with their first parameters, drawn from `seed`. Where each
    input channel has a register of its own, the patches of all of them are there.
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
    for layer, layer_inputs in zip(layers, inputs, strict=True):
        patches = layer.patches(layer_inputs)
        found.append((layer, layer.in_features(layer_inputs.shape), patches.reshape(-1, patches.shape[-1])))
    return found
