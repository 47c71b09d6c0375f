"""Basis encoding: one bit a number."""

import math
from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.encoding.base import Encoding
from qconv.errors import InputError
from qconv.gates import CircuitBuilder


@dataclass(frozen=True)
class Basis(Encoding):
    """Qubit q is |1> where `patch[q] > threshold`, else |0>. The gradient with respect to the patch is 0.

    Source: Henderson et al., "Quanvolutional neural networks", Quantum Machine Intelligence 2:2 (2020), encode so,
    with threshold 0.
    """

    threshold: float = 0.5
    """Pixels above it are 1."""

    def __post_init__(self) -> None:
        if math.isnan(self.threshold):
            raise InputError(f"threshold = {self.threshold}; allowed: any number")

    def num_qubits(self, patch_size: int) -> int:
        """One qubit a number."""
        return patch_size

    def __call__(self, circuit: CircuitBuilder, patch: Float[Array, " pixels"]) -> None:
        """X on the qubits whose pixel is above the threshold."""
        for qubit in range(patch.shape[0]):
            bit = (patch[qubit] > self.threshold).astype(patch.dtype)
            # X to the power of the bit, as a matrix: exact, where a rotation by pi is not, and real.
            circuit.unitary(qubit, unitary=jnp.stack([1 - bit, bit, bit, 1 - bit]).reshape(2, 2))
