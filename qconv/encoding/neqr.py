"""NEQR: the grey value of a pixel as a binary number, beside its position."""

import math
from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.bounds import require
from qconv.encoding.base import Encoding
from qconv.gates.tape import CircuitBuilder


@dataclass(frozen=True)
class NEQR(Encoding):
    """Sum over i of |level_i>|i> / sqrt(2^k), where level_i is pixel i in [0, 1] rounded to `bits` binary digits.

    That is round((2^bits - 1) * pixel), half to even; pixels beyond [0, 1] are cut off. The first `bits` qubits have
    the level, the other k the position i, the most significant bit first. A patch that has not 2^k pixels is filled
    up with black ones. The gradient with respect to the patch is 0.

    Source: Zhang, Lu, Gao and Wang, "NEQR: a novel enhanced quantum representation of digital images", Quantum
    Information Processing 12, 2833 (2013). With 8 bits as in Mattern et al., "Variational quanvolutional neural
    networks with enhanced image encoding", arXiv:2106.07327 (2021).
    """

    bits: int = 8
    """Qubits for the grey value: 8 for 256 levels."""

    def __post_init__(self) -> None:
        require(self, "bits", 1 <= self.bits <= 16, "1 to 16")

    def num_qubits(self, patch_size: int) -> int:
        """`bits` + k, with the smallest k such that 2^k >= `patch_size`."""
        return self.bits + (patch_size - 1).bit_length()

    def __call__(self, circuit: CircuitBuilder, patch: Float[Array, " pixels"]) -> None:
        """Sets the register's state."""
        positions = 2 ** (self.num_qubits(patch.shape[0]) - self.bits)
        pixels = jnp.pad(patch, (0, positions - patch.shape[0]))
        levels = jnp.round(jnp.clip(pixels, 0, 1) * (2**self.bits - 1))
        there = jnp.arange(2**self.bits, dtype=patch.dtype)[:, None] == levels[None, :]
        amplitudes = jnp.where(jnp.isnan(levels)[None, :], math.nan, there.astype(patch.dtype))  # NaN has no level
        circuit.replace_inputs(amplitudes.ravel() / math.sqrt(positions))
