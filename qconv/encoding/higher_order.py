"""Higher-order angle encoding: a number and its square, on one qubit."""

import math
from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.bounds import require
from qconv.encoding.base import Encoding
from qconv.gates.tape import CircuitBuilder


@dataclass(frozen=True)
class HigherOrderAngle(Encoding):
    """H, RY(arctan z) and RZ(arctan z^2) on qubit q, with z = `scale * patch[q]`: any number gives angles below pi / 2.

    Source: Chen and Yoo, "Federated quantum machine learning", Entropy 23:460 (2021), the variational encoding of
    their circuit; there with scale 1.
    """

    scale: float = 1.0
    """Factor before the arctangent."""

    def __post_init__(self) -> None:
        require(self, "scale", math.isfinite(self.scale), "any finite number")

    def num_qubits(self, patch_size: int) -> int:
        """One qubit a number."""
        return patch_size

    def __call__(self, circuit: CircuitBuilder, patch: Float[Array, " pixels"]) -> None:
        """H, RY and RZ on each qubit."""
        qubits, numbers = range(patch.shape[0]), self.scale * patch
        circuit.h(qubits)
        circuit.ry(qubits, theta=jnp.arctan(numbers))
        circuit.rz(qubits, theta=jnp.arctan(numbers**2))
