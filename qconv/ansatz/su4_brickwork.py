"""A brickwork of general two-qubit gates."""

from dataclasses import dataclass

from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz, check_depth
from qconv.errors import InputError
from qconv.gates.tape import CircuitBuilder


@dataclass(frozen=True)
class SU4Brickwork(Ansatz):
    """Any two-qubit gate on qubits (0, 1), (2, 3), ..., then on (1, 2), (3, 4), ...; `depth` times.

    Each gate is exp(-i sum_k theta_k P_k) over the 15 Pauli products IX, IY, IZ, XI, ..., ZZ, angles in radians. Has
    15 * depth * (qubits - 1) parameters. Needs at least two qubits. One exponential compiles in half the time that the
    three CNOTs and fifteen rotations of Vatan and Williams (Physical Review A 69, 032315, 2004) take; they are
    circuit 9 of `HurConvolution`.

    Source: Wiersema et al., "Here comes the SU(N): multivariate quantum gates and gradients", Quantum 8, 1275 (2024),
    the gate; Brandão, Harrow and Horodecki, "Local random quantum circuits are approximate polynomial-designs",
    Communications in Mathematical Physics 346, 397 (2016), the brickwork.
    """

    depth: int = 1
    """Number of layers, each of even and odd pairs; 0 is the identity."""

    def __post_init__(self) -> None:
        check_depth(self.depth)

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(depth, num_qubits - 1, 15).

        Raises:
            InputError: fewer than two qubits.
        """
        if num_qubits < 2:
            raise InputError(f"SU4Brickwork joins pairs of qubits, but there are {num_qubits}; allowed: at least 2")
        return self.depth, num_qubits - 1, 15

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "depth pairs 15"]) -> None:
        """Even pairs, then odd pairs, layer by layer."""
        num_pairs = theta.shape[1]
        for layer in range(self.depth):
            for index, qubit in enumerate([*range(0, num_pairs, 2), *range(1, num_pairs, 2)]):
                circuit.su4(qubit, qubit + 1, theta=theta[layer, index])
