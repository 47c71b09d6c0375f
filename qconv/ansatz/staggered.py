"""Staggered CNOTs and rotations."""

from dataclasses import dataclass

from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz, check_depth
from qconv.gates.tape import CircuitBuilder


@dataclass(frozen=True)
class Staggered(Ansatz):
    """`depth` layers of CNOTs on the pairs (0, 1), (2, 3), ..., then on (1, 2), (3, 4), ..., then RY on every qubit.

    Has depth * qubits parameters. All gates are real.

    Source: Mari et al., "Transfer learning in hybrid classical-quantum neural networks", Quantum 4:340 (2020), the
    variational layers of their dressed circuits, as in their code.
    """

    depth: int = 2
    """Number of layers; 0 is the identity."""

    def __post_init__(self) -> None:
        check_depth(self.depth)

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(depth, num_qubits)."""
        return self.depth, num_qubits

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "depth qubits"]) -> None:
        """CNOTs, then rotations, layer by layer."""
        num_qubits = theta.shape[1]
        for layer in range(self.depth):
            for first in (0, 1):
                for qubit in range(first, num_qubits - 1, 2):
                    circuit.cnot(qubit, qubit + 1)
            circuit.ry(range(num_qubits), theta=theta[layer])
