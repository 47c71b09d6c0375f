"""How much of the image is left at each level of a quantum tree."""

import math
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.layers.quantum_tree import QuantumTree
from qconv.readout.pauli import PauliXYZ
from qconv.simulate.pauli_tree import maps

_NETWORKS = 32
"""Networks with angles of their own that are averaged over."""


@dataclass(frozen=True, eq=False)
class Signal:
    """How far <X>, <Y> and <Z> of the qubits that each level keeps are from their means over images."""

    num_sites: tuple[int, ...]
    """Sites of each level."""
    deviations: dict[str, Float[np.ndarray, "levels 3"]]
    """Root mean square over images, networks, sites and the qubits of a site, for each range of first angles."""


def signal(layer: QuantumTree, images: Float[Array, "batch height width channels"], seed: int) -> Signal:
    """Compares the first angles of a layer with uniform ones.

    Args:
        layer: its tree and the range of its first angles.
        images: at least two; a pixel that is the same in all of them has no signal.
        seed: of the angles.
    """
    image_shape = images.shape[1:]
    levels = layer.tree.levels(image_shape)
    several, tree = layer.clone(features=_NETWORKS), replace(layer.tree, readout=PauliXYZ())
    found = {}
    for angle_range in dict.fromkeys((layer.angle_range, math.pi)):
        theta = several.first_angles(jax.random.key(seed), image_shape, angle_range)
        rows = []
        for level, of_level in zip(levels, maps(tree, theta, images, len(levels)), strict=True):
            apart = of_level.reshape(len(images), -1, level.kept, 3)
            rows.append(jnp.sqrt(jnp.mean(jnp.square(apart - apart.mean(axis=0, keepdims=True)), axis=(0, 1, 2))))
        name = "uniform" if angle_range == math.pi else f"within {angle_range:g}"
        found[name] = np.asarray(jnp.stack(rows))
    return Signal(tuple(level.num_blocks for level in levels), found)
