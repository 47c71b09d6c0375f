"""The classical twin of a tree of quantum circuits."""

import math
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.circuit.circuit import check_floating
from qconv.circuit.tree import padding
from qconv.layers.classical_twin import ClassicalTwin
from qconv.patches import flattened

_INIT = nn.initializers.he_normal(in_axis=(-4, -3, -2), out_axis=-1, batch_axis=(0, 1, 2))


class ClassicalTree(ClassicalTwin):
    """Convolutions with ReLU, strided so that windows do not overlap, in the place of the blocks of a `QuantumTree`.

    The wiring is the same: as many networks side by side, which share nothing but the image; the same windows, with
    shared weights or not; the same levels are read. A site has as many channels as the tree measures there, or as many
    fewer as it takes to have no more weights than the block has angles (but at least one: where it has more than the
    block then, the report says so). There is no bias.
    """

    @nn.compact
    def __call__(self, images: Float[Array, "batch height width channels"]) -> Float[Array, "batch out"]:
        """The channels of the levels that are read, one after the other."""
        check_floating(images=images)
        layer: Any = self.like
        batch, image_shape = len(images), images.shape[1:]
        sites = jnp.pad(images, [(0, 0), *padding(image_shape), (0, 0)])[:, :, :, None]
        sites = jnp.broadcast_to(sites, (*sites.shape[:3], layer.features, sites.shape[-1]))
        outputs = []
        shapes = layer.tree.param_shapes(image_shape)
        for index, level in enumerate(layer.tree.levels(image_shape)):
            inputs = level.num_sites * sites.shape[-1]
            angles = math.prod(shapes[index][1:])
            width = max(1, min(layer.tree.num_channels(level), angles // inputs))
            rows, columns = (1, 1) if layer.tree.shared else (level.rows, level.columns)
            window = [2 if axis in level.axes else 1 for axis in (0, 1)]
            shape = (layer.features, rows, columns, *window, sites.shape[-1], width)
            weights = self.param(f"level{index}", _INIT, shape, jnp.float32)  # as `nn.Conv`, in 64-bit mode too
            sites = sites.reshape(batch, level.rows, window[0], level.columns, window[1], *sites.shape[3:])
            product = "brhcwfi,fhwio->brcfo" if layer.tree.shared else "brhcwfi,frchwio->brcfo"
            sites = nn.relu(jnp.einsum(product, sites, weights[:, 0, 0] if layer.tree.shared else weights))
            outputs.append(flattened(sites))
        return jnp.concatenate(outputs[-layer.read :], axis=1)
