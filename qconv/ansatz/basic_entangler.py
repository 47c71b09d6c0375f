"""Basic entangling layers: one rotation a qubit, then a ring of CNOTs."""

from dataclasses import dataclass
from typing import Literal

from jaxtyping import Array, Float

from qconv.ansatz.base import Layered
from qconv.gates.tape import CircuitBuilder
from qconv.gates.wiring import pairs


@dataclass(frozen=True)
class BasicEntangler(Layered):
    """`depth` layers of one rotation on every qubit and a ring of CNOTs.

    Has depth * qubits parameters: the fewest of the layered ansätze.

    Source: PennyLane's `BasicEntanglerLayers`; two qubits have one CNOT, one qubit has none.
    """

    rotation: Literal["rx", "ry", "rz"] = "rx"
    """The rotation of each qubit."""

    def layer_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(num_qubits,)."""
        return (num_qubits,)

    def layer(self, circuit: CircuitBuilder, theta: Float[Array, " qubits"], index: int) -> None:
        """Rotations, then CNOTs."""
        getattr(circuit, self.rotation)(range(len(theta)), theta=theta)
        for control, target in pairs("ring", len(theta)):
            circuit.cnot(control, target)
