"""Random Fourier features of windows: a classical filter without training."""

import math
from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.errors import InputError
from qconv.patches import Padding, Size, check_padding, extract_patches, pair


class FourierFilter(nn.Module):
    """sqrt(2 / D) cos(w . x + b) of each window x, D features, w normal and b uniform in [0, 2 pi].

    With many features, products of these vectors approach the kernel exp(-|x - y|^2 / (2 bandwidth^2)). w and b are
    never trained: they are in the collection `frozen`.

    Source: Rahimi and Recht, "Random features for large-scale kernel machines", NeurIPS 2007, section 3.
    """

    features: int = 4
    """Output channels."""
    kernel_size: Size = 2
    """Height and width of the window."""
    strides: Size = 2
    """Step from one window to the next."""
    padding: Padding = "SAME"
    """SAME, VALID, a number of pixels, or ((top, bottom), (left, right))."""
    bandwidth: float = 1.0
    """Of the kernel: components of w have the standard deviation 1 / bandwidth."""

    trainable: ClassVar[bool] = False
    """Never."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.features < 1:
            raise InputError(f"features = {self.features}; allowed: at least 1 filter")
        for name in ("kernel_size", "strides"):
            pair(name, getattr(self, name))
        check_padding(self.padding)
        if not 0 < self.bandwidth < math.inf:
            raise InputError(f"bandwidth = {self.bandwidth}; allowed: more than 0")

    @nn.compact
    def __call__(self, images: Float[Array, "*batch height width channels"]) -> Float[Array, "*batch rows columns out"]:
        """Filters the images: values in [-sqrt(2 / D), sqrt(2 / D)]."""
        *batch, height, width, channels = images.shape
        flat = images.reshape(-1, height, width, channels)
        windows = extract_patches(flat, self.kernel_size, self.strides, self.padding)
        windows = windows.reshape(*windows.shape[:3], -1)

        def frequencies() -> Array:
            shape = (windows.shape[-1], self.features)
            return jax.random.normal(self.make_rng("params"), shape, images.dtype) / self.bandwidth

        def phases() -> Array:
            return jax.random.uniform(self.make_rng("params"), (self.features,), images.dtype, 0, 2 * math.pi)

        w: Any = self.variable("frozen", "frequencies", frequencies).value
        b: Any = self.variable("frozen", "phases", phases).value
        outputs = math.sqrt(2 / self.features) * jnp.cos(windows @ w + b[None, None, None])
        return outputs.reshape(*batch, *outputs.shape[1:])
