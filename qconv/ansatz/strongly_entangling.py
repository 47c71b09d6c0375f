"""Strongly entangling layers."""

from dataclasses import dataclass

from jaxtyping import Array, Float

from qconv.ansatz.base import Layered
from qconv.gates.tape import CircuitBuilder


@dataclass(frozen=True)
class StronglyEntangling(Layered):
    """General rotations on every qubit, then CNOTs from each qubit to the one `range` further on.

    The rotation is RZ(omega) RY(theta) RZ(phi) with phi applied first. In layer l the range is l mod (n - 1) + 1, so
    that deep circuits join every pair. Has 3 * depth * qubits parameters.

    Source: Schuld et al., "Circuit-centric quantum classifiers", Physical Review A 101, 032308 (2020), fig. 4; gate
    order and ranges as in PennyLane's `StronglyEntanglingLayers`.
    """

    def layer_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(num_qubits, 3)."""
        return num_qubits, 3

    def layer(self, circuit: CircuitBuilder, theta: Float[Array, "qubits 3"], index: int) -> None:
        """Rotations, then CNOTs."""
        num_qubits = theta.shape[0]
        circuit.rz(range(num_qubits), theta=theta[:, 0])
        circuit.ry(range(num_qubits), theta=theta[:, 1])
        circuit.rz(range(num_qubits), theta=theta[:, 2])
        if num_qubits > 1:
            step = index % (num_qubits - 1) + 1
            for qubit in range(num_qubits):
                circuit.cnot(qubit, (qubit + step) % num_qubits)
