"""Several networks side by side."""

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.bounds import require
from qconv.circuit.circuit import check_floating
from qconv.models.network import called, knows_training
from qconv.patches import flattened


class Fused(nn.Module):
    """Branches that all see the images, and their features one after the other.

    A branch is any module from images to numbers: a backbone, a quantum layer, or a network of several stages. The
    classical twin has classical layers in the place of the quantum ones, and the other branches as they are.
    """

    branches: tuple[nn.Module, ...]
    """The networks."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self, "branches", len(self.branches) > 0, "at least one network")

    @property
    def trainable(self) -> bool:
        """Whether any branch is told that it is being trained."""
        return any(knows_training(branch) for branch in self.branches)

    def __call__(self, images: Float[Array, "batch ..."], *, train: bool = False) -> Float[Array, "batch features"]:
        """The features of all branches, in their order."""
        check_floating(images=images)
        return jnp.concatenate([flattened(called(branch, images, train=train)) for branch in self.branches], 1)
