"""Basic entangling layers: one rotation a qubit, then a ring of CNOTs."""

from dataclasses import dataclass
from typing import Literal

from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz, check_depth
from qconv.errors import InputError
from qconv.gates.tape import CircuitBuilder
from qconv.gates.wiring import pairs


@dataclass(frozen=True)
class BasicEntangler(Ansatz):
    """`depth` layers of one rotation on every qubit and a ring of CNOTs.

    Has depth * qubits parameters: the fewest of the layered ansätze.

    Source: PennyLane's `BasicEntanglerLayers`; two qubits have one CNOT, one qubit has none.
    """

    depth: int = 2
    """Number of layers; 0 is the identity."""
    rotation: Literal["rx", "ry", "rz"] = "rx"
    """The rotation of each qubit."""

    def __post_init__(self) -> None:
        check_depth(self.depth)
        if self.rotation not in ("rx", "ry", "rz"):
            raise InputError(f"rotation = {self.rotation!r}; allowed: 'rx', 'ry', 'rz'")

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(depth, num_qubits)."""
        return self.depth, num_qubits

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "depth qubits"]) -> None:
        """Rotations, then CNOTs, layer by layer."""
        num_qubits = theta.shape[1]
        for layer in range(self.depth):
            getattr(circuit, self.rotation)(range(num_qubits), theta=theta[layer])
            for control, target in pairs("ring", num_qubits):
                circuit.cnot(control, target)
