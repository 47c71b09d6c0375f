"""Staggered CNOTs and rotations."""

from dataclasses import dataclass

from jaxtyping import Array, Float

from qconv.ansatz.base import Layered
from qconv.gates.tape import CircuitBuilder


@dataclass(frozen=True)
class Staggered(Layered):
    """`depth` layers of CNOTs on the pairs (0, 1), (2, 3), ..., then on (1, 2), (3, 4), ..., then RY on every qubit.

    Has depth * qubits parameters. All gates are real.

    Source: Mari et al., "Transfer learning in hybrid classical-quantum neural networks", Quantum 4:340 (2020), the
    variational layers of their dressed circuits, as in their code.
    """

    def layer_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(num_qubits,)."""
        return (num_qubits,)

    def layer(self, circuit: CircuitBuilder, theta: Float[Array, " qubits"], index: int) -> None:
        """CNOTs, then rotations."""
        num_qubits = len(theta)
        for qubit in [*range(0, num_qubits - 1, 2), *range(1, num_qubits - 1, 2)]:
            circuit.cnot(qubit, qubit + 1)
        circuit.ry(range(num_qubits), theta=theta)
