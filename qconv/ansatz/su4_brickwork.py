"""A brickwork of general two-qubit gates."""

from dataclasses import dataclass

from jaxtyping import Array, Float

from qconv.ansatz.base import Layered
from qconv.gates.tape import CircuitBuilder
from qconv.gates.wiring import check_pairs


@dataclass(frozen=True)
class SU4Brickwork(Layered):
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

    def layer_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(num_qubits - 1, 15).

        Raises:
            InputError: fewer than two qubits.
        """
        check_pairs(self, num_qubits)
        return num_qubits - 1, 15

    def layer(self, circuit: CircuitBuilder, theta: Float[Array, "pairs 15"], index: int) -> None:
        """Even pairs, then odd pairs."""
        num_pairs = theta.shape[0]
        for place, qubit in enumerate([*range(0, num_pairs, 2), *range(1, num_pairs, 2)]):
            circuit.su4(qubit, qubit + 1, theta=theta[place])
