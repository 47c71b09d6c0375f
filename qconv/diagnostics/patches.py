"""What a network's quantum layers see."""

import flax.linen as nn
import jax
import numpy as np
from jaxtyping import Array, Float

from qconv.errors import InputError
from qconv.layers.quantum_layer import QuantumLayer
from qconv.models.quantum_calls import trace, watch


def layer_inputs(
    model: nn.Module, images: Float[np.ndarray, "batch height width channels"], seed: int
) -> list[tuple[QuantumLayer, Float[Array, "..."]]]:
    """Each quantum layer that a network calls, in order, with the images that it is given.

    A layer behind others sees what these make of the images with their first parameters, drawn from `seed`.

    Raises:
        InputError: a layer in a transformation that keeps what it is given, as `nn.scan`.
    """
    layers = [(call.layer, call.path) for call in trace(model, images.shape[1:]).calls]

    def first_inputs(images: Array) -> list[Array]:
        seen = watch(model, model.init(jax.random.key(seed), images), images)
        for layer, path in layers:
            if path not in seen:
                raise InputError(f"what {type(layer).__name__} is given does not leave the transformation around it")
        return [seen[path][0] for _, path in layers]

    inputs = jax.jit(first_inputs)(images)  # compiled, so that what comes after the last of them is not computed
    return [(layer, own) for (layer, _), own in zip(layers, inputs, strict=True)]


def layer_patches(layer: QuantumLayer, images: Float[Array, "..."]) -> Float[Array, "patches pixels"]:
    """All patches that the circuit of a quantum layer sees; those of all registers where there are several."""
    windows = layer.patches(images)
    return windows.reshape(-1, windows.shape[-1])
