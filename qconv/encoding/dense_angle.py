"""Dense angle encoding: two numbers a qubit."""

import math
from dataclasses import dataclass
from typing import Literal

from jaxtyping import Array, Float

from qconv.bounds import require, require_choices
from qconv.encoding.base import Encoding
from qconv.gates.tape import CircuitBuilder


@dataclass(frozen=True)
class DenseAngle(Encoding):
    """Rotates qubit q by `scale * patch[q]` radians about one axis, then by `scale * patch[n + q]` about another.

    There are n = ceil(patch_size / 2) qubits. If `patch_size` is odd, the last qubit has the first rotation only.

    Source: XY is the dense qubit encoding of Hur, Kim and Park, "Quantum convolutional neural network for classical
    data classification", Quantum Machine Intelligence 4:3 (2022), there with features in [0, pi] and scale 1. YZ with
    scale 2 pi is, but for a global phase, the dense angle encoding of LaRose and Coyle, "Robust data encodings for
    quantum classifiers", Physical Review A 102, 032420 (2020): cos(pi x)|0> + exp(2 pi i y) sin(pi x)|1>; they put
    neighbouring numbers on a qubit.
    """

    axes: Literal["XY", "XZ", "YX", "YZ"] = "XY"
    """Axes of the first and of the second rotation. The first is not Z, about which |0> does not turn."""
    scale: float = math.pi
    """Radians for a pixel of value 1."""

    def __post_init__(self) -> None:
        require_choices(self)
        require(self, "scale", math.isfinite(self.scale), "any finite number of radians")

    def num_qubits(self, patch_size: int) -> int:
        """Half as many as numbers, rounded up."""
        return (patch_size + 1) // 2

    def __call__(self, circuit: CircuitBuilder, patch: Float[Array, " pixels"]) -> None:
        """Two rotations on each qubit."""
        rotate = {"X": circuit.rx, "Y": circuit.ry, "Z": circuit.rz}
        num_qubits = self.num_qubits(patch.shape[0])
        for layer, start in enumerate(range(0, patch.shape[0], num_qubits)):
            angles = self.scale * patch[start : start + num_qubits]
            rotate[self.axes[layer]](range(angles.shape[0]), theta=angles)
