"""FRQI: the grey value of a pixel as the angle of one qubit, beside its position in the others."""

import math
from dataclasses import dataclass
from typing import Literal

import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.bounds import require_choices
from qconv.encoding.base import Encoding
from qconv.gates.tape import CircuitBuilder


@dataclass(frozen=True)
class FRQI(Encoding):
    """Sum over i of (cos(theta_i)|0> + sin(theta_i)|1>)|i> / sqrt(2^k), for pixels in [0, 1].

    Qubit 0 has the colour, the other k the position i in binary. A patch that has not 2^k pixels is filled up with
    black ones: theta = 0.

    Source: Le, Dong and Hirota, "A flexible representation of quantum images", Quantum Information Processing 10, 63
    (2011), eq. 1. Mattern et al., "Variational quanvolutional neural networks with enhanced image encoding",
    arXiv:2106.07327 (2021), use `arcsin`, and for 4x4 pixels three more qubits, which end in |0>.
    """

    angle: Literal["linear", "arcsin"] = "linear"
    """`linear`: theta = pi/2 * pixel. `arcsin`: theta = arcsin(pixel), pixels beyond [-1, 1] cut off."""

    def __post_init__(self) -> None:
        require_choices(self)

    def num_qubits(self, patch_size: int) -> int:
        """1 + k, with the smallest k such that 2^k >= `patch_size`."""
        return 1 + (patch_size - 1).bit_length()

    def __call__(self, circuit: CircuitBuilder, patch: Float[Array, " pixels"]) -> None:
        """Sets the register's state."""
        positions = 2 ** (self.num_qubits(patch.shape[0]) - 1)
        pixels = jnp.pad(patch, (0, positions - patch.shape[0]))
        if self.angle == "linear":
            cos, sin = jnp.cos(math.pi / 2 * pixels), jnp.sin(math.pi / 2 * pixels)
        else:
            sin = jnp.clip(pixels, -1, 1)
            rest = 1 - sin**2
            is_white = rest <= 0  # of NaN it is not: that must not vanish
            # The inner `where` keeps the square root away from 0, where its gradient is infinite: white pixels get 0.
            cos = jnp.where(is_white, 0.0, jnp.sqrt(jnp.where(is_white, 1.0, rest)))
        circuit.replace_inputs(jnp.concatenate([cos, sin]) / math.sqrt(positions))
