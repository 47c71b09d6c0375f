"""Which channels of a quantum layer a network's outputs depend on."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.models.quantum_calls import Path, output_with, watch


def mean_outputs(
    network: nn.Module,
    variables: Mapping[str, Any],
    batches: Iterable[Float[np.ndarray, "_ height width channels"]],
    paths: Sequence[Path],
) -> dict[Path, Float[np.ndarray, "..."]]:
    """What layers make of images on average, at each position and channel.

    Args:
        network: a network, or its classical twin.
        variables: all of its collections.
        batches: images, a few at a time.
        paths: of the layers, see `output_with`. One in a transformation that keeps its outputs, as `nn.scan`, is left
            out of the result.
    """

    @jax.jit
    def first_outputs(variables: Any, images: Array) -> list[Array | None]:
        seen = watch(network, variables, images, paths)
        return [seen[path][1] if path in seen else None for path in paths]

    sums, counts = [np.zeros(()) for _ in paths], [0] * len(paths)
    for images in batches:
        for place, outputs in enumerate(first_outputs(dict(variables), images)):
            if outputs is not None:
                sums[place] = sums[place] + np.asarray(outputs, np.float64).sum(0)
                counts[place] += len(outputs)
    return {path: total / count for path, total, count in zip(paths, sums, counts, strict=True) if count}


def outputs_without_channels(
    network: nn.Module,
    variables: Mapping[str, Any],
    image: Float[np.ndarray, "height width colors"],
    path: Path,
    instead: Float[np.ndarray, "... channels"],
) -> Float[np.ndarray, "channels ..."]:
    """What a network makes of an image without each of the channels of a layer, one after the other.

    Args:
        network: a network, or its classical twin.
        variables: all of its collections.
        image: one.
        path: of the layer, see `output_with`.
        instead: what takes the place of its outputs.
    """
    count = instead.shape[-1]

    @jax.jit
    def without(variables: Any, channel: Array) -> Array:
        def change(outputs: Array) -> Array:
            is_left_out = jnp.broadcast_to(jnp.arange(count) == channel, outputs.shape)
            return jnp.where(is_left_out, jnp.broadcast_to(instead.astype(outputs.dtype), outputs.shape), outputs)

        return output_with(network, variables, jnp.asarray(image)[None], path, change)[0]

    return np.stack([np.asarray(without(dict(variables), jnp.int32(channel))) for channel in range(count)])
