"""The classical convolution of the same shape, in Flax."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from benchmarks.cases import Case
from benchmarks.paths.base import Path, Prepared


class FlaxConv(Path):
    """`nn.Conv` with the same kernel, strides, padding and number of output channels, on whole images."""

    @property
    def name(self) -> str:
        """In tables and results."""
        return "flax nn.Conv"

    def prepare(self, case: Case) -> Prepared:
        """Another function than the circuit's, so its outputs are compared with nobody's."""
        layer = nn.Conv(case.num_outputs, case.kernel, strides=case.strides, padding="VALID")
        images = jnp.asarray(case.images())

        def forward(weights: Any, images: Any) -> jax.Array:
            outputs: Any = layer.apply(weights, images)
            return outputs.reshape(case.num_patches, -1)

        return Prepared(forward, layer.init(jax.random.key(0), images), images, comparable=False)
