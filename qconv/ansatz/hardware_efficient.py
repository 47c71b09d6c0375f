"""Hardware-efficient ansatz: rotations of single qubits, then one entangling gate between neighbours."""

from dataclasses import dataclass
from typing import Literal

from jaxtyping import Array, Float

from qconv.ansatz.base import Layered
from qconv.bounds import require
from qconv.gates.tape import CircuitBuilder
from qconv.gates.wiring import Pattern, pairs


@dataclass(frozen=True)
class HardwareEfficient(Layered):
    """`depth` layers of rotations on every qubit and an entangling gate along `pattern`.

    Has depth * qubits * len(rotations) parameters.

    Source: Kandala et al., "Hardware-efficient variational quantum eigensolver", Nature 549, 242 (2017), fig. 1.
    """

    rotations: tuple[Literal["rx", "ry", "rz"], ...] = ("rz", "ry")
    """Rotations of each qubit in a layer, in order. An RZ after the last RY would be lost on readouts in Z."""
    entangler: Literal["cnot", "cz", "none"] = "cnot"
    """The two-qubit gate; none leaves the qubits apart, a control."""
    pattern: Pattern = "ring"
    """Which qubits it joins: neighbours and the last with the first, neighbours, or all pairs."""

    def __post_init__(self) -> None:
        super().__post_init__()
        fits = bool(self.rotations) and set(self.rotations) <= {"rx", "ry", "rz"}
        require(self, "rotations", fits, "one or more of 'rx', 'ry', 'rz'")

    def layer_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(num_qubits, len(rotations))."""
        return num_qubits, len(self.rotations)

    def layer(self, circuit: CircuitBuilder, theta: Float[Array, "qubits rotations"], index: int) -> None:
        """Rotations, then entanglers."""
        num_qubits = theta.shape[0]
        for place, rotation in enumerate(self.rotations):
            getattr(circuit, rotation)(range(num_qubits), theta=theta[:, place])
        for a, b in pairs(self.pattern, num_qubits) if self.entangler != "none" else ():
            getattr(circuit, self.entangler)(a, b)
