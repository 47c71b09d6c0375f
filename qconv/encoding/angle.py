"""Angle encoding: one qubit a number."""

import math
from dataclasses import dataclass
from typing import Literal

from jaxtyping import Array, Float

from qconv.bounds import require, require_choices
from qconv.encoding.base import Encoding
from qconv.gates.tape import CircuitBuilder


@dataclass(frozen=True)
class Angle(Encoding):
    """Rotates qubit q by `scale * patch[q]` radians about `axis`.

    Measured in Z right away, X and Y give cos(scale * patch[q]). A rotation about Z leaves |0> as it is, so it follows
    a Hadamard gate.

    Source: Henderson et al., "Quanvolutional neural networks", Quantum Machine Intelligence 2:2 (2020), leave the
    encoding open; RY(pi x) is the one of PennyLane's quanvolution demo.
    """

    axis: Literal["X", "Y", "Z"] = "Y"
    """Rotation axis: X, Y or Z. Y keeps the state real, which is faster."""
    scale: float = math.pi
    """Radians for a pixel of value 1."""

    def __post_init__(self) -> None:
        require_choices(self)
        require(self, "scale", math.isfinite(self.scale), "any finite number of radians")

    def num_qubits(self, patch_size: int) -> int:
        """One qubit a number."""
        return patch_size

    def __call__(self, circuit: CircuitBuilder, patch: Float[Array, " pixels"]) -> None:
        """RX, RY or H and RZ on each qubit."""
        rotate = {"X": circuit.rx, "Y": circuit.ry, "Z": circuit.rz}[self.axis]
        qubits = range(patch.shape[0])
        if self.axis == "Z":
            circuit.h(qubits)
        rotate(qubits, theta=self.scale * patch)
