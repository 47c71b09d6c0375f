"""Strongly entangling layers."""

from dataclasses import dataclass

from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz, check_depth
from qconv.gates.tape import CircuitBuilder


@dataclass(frozen=True)
class StronglyEntangling(Ansatz):
    """General rotations on every qubit, then CNOTs from each qubit to the one `range` further on.

    The rotation is RZ(omega) RY(theta) RZ(phi) with phi applied first. In layer l the range is l mod (n - 1) + 1, so
    that deep circuits join every pair. Has 3 * depth * qubits parameters.

    Source: Schuld et al., "Circuit-centric quantum classifiers", Physical Review A 101, 032308 (2020), fig. 4; gate
    order and ranges as in PennyLane's `StronglyEntanglingLayers`.
    """

    depth: int = 2
    """Number of layers; 0 is the identity."""

    def __post_init__(self) -> None:
        check_depth(self.depth)

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(depth, num_qubits, 3)."""
        return self.depth, num_qubits, 3

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "depth qubits 3"]) -> None:
        """Rotations, then CNOTs, layer by layer."""
        num_qubits = theta.shape[1]
        for layer in range(self.depth):
            circuit.rz(range(num_qubits), theta=theta[layer, :, 0])
            circuit.ry(range(num_qubits), theta=theta[layer, :, 1])
            circuit.rz(range(num_qubits), theta=theta[layer, :, 2])
            if num_qubits > 1:
                step = layer % (num_qubits - 1) + 1
                for qubit in range(num_qubits):
                    circuit.cnot(qubit, (qubit + step) % num_qubits)
