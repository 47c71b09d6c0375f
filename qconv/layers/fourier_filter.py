"""Random Fourier features of windows: a classical filter without training."""

import math
from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.bounds import require_at_least
from qconv.circuit.circuit import check_floating
from qconv.errors import InputError
from qconv.patches import Padding, Size, check_padding, extract_patches, pair

_MOST_NUMBERS = 19
"""3^19 is the last power of 3 that 32 bits hold."""


class FourierFilter(nn.Module):
    """cos(pi w . x + b) of each window x, each w one of the vectors of -1, 0 and 1 that are not 0, b in [0, 2 pi].

    These are the frequencies of a circuit that encodes each pixel once as a rotation by pi x, so it is the classical
    control of such a filter. w and b are drawn uniformly and never trained: they are in the collection `frozen`.

    Source: Landman et al., "Classically approximating variational quantum machine learning with random Fourier
    features", ICLR 2023, arXiv:2210.13200; the frequencies: Schuld, Sweke and Meyer, Physical Review A 103, 032430
    (2021), arXiv:2008.08605.

    Raises (when called):
        InputError: windows of more than 19 numbers.
    """

    features: int = 4
    """Output channels."""
    kernel_size: Size = 2
    """Height and width of the window."""
    strides: Size = 2
    """Step from one window to the next."""
    padding: Padding = "SAME"
    """SAME, VALID, a number of pixels, or ((top, bottom), (left, right))."""

    trainable: ClassVar[bool] = False
    """Never."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least(self, 1, "features")
        for name in ("kernel_size", "strides"):
            pair(name, getattr(self, name))
        check_padding(self.padding)

    @nn.compact
    def __call__(self, images: Float[Array, "*batch height width channels"]) -> Float[Array, "*batch rows columns out"]:
        """Filters the images: values in [-1, 1]."""
        check_floating(images=images)
        *batch, height, width, channels = images.shape
        flat = images.reshape(math.prod(batch), height, width, channels)
        windows = extract_patches(flat, self.kernel_size, self.strides, self.padding)
        numbers = math.prod(windows.shape[3:])
        windows = windows.reshape(*windows.shape[:3], numbers)
        if numbers > _MOST_NUMBERS:
            raise InputError(f"windows have {numbers} numbers; allowed: at most {_MOST_NUMBERS}")

        def frequencies() -> Array:
            # The digits to base 3 of all numbers but 0: no vector is drawn more often than another.
            drawn = jax.random.randint(self.make_rng("params"), (self.features,), 1, 3**numbers)
            digits = drawn[None] // 3 ** jnp.arange(numbers)[:, None] % 3
            return jnp.where(digits == 2, -1, digits).astype(images.dtype)

        def phases() -> Array:
            return jax.random.uniform(self.make_rng("params"), (self.features,), images.dtype, 0, 2 * math.pi)

        w: Any = self.variable("frozen", "frequencies", frequencies).value
        b: Any = self.variable("frozen", "phases", phases).value
        outputs = jnp.cos(math.pi * (windows @ w) + b[None, None, None])
        return outputs.reshape(*batch, *outputs.shape[1:])
