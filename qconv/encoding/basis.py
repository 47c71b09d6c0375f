"""Basis encoding: one bit a number."""

import math
from dataclasses import dataclass

from jaxtyping import Array, Bool, Float

from qconv.bounds import require
from qconv.encoding.base import BitEncoding


@dataclass(frozen=True)
class Basis(BitEncoding):
    """Qubit q is |1> where `patch[q] > threshold`, else |0>. The gradient with respect to the patch is 0.

    Source: Henderson et al., "Quanvolutional neural networks", Quantum Machine Intelligence 2:2 (2020), encode so,
    with threshold 0.
    """

    threshold: float = 0.5
    """Pixels above it are 1."""

    def __post_init__(self) -> None:
        require(self, "threshold", not math.isnan(self.threshold), "any number")

    def num_qubits(self, patch_size: int) -> int:
        """One qubit a number."""
        return patch_size

    def bits(self, patch: Float[Array, " pixels"]) -> Bool[Array, " pixels"]:
        """Which pixels are above the threshold."""
        return patch > self.threshold
