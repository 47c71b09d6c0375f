"""Hardware-efficient ansatz: rotations of single qubits, then one entangling gate between neighbours."""

from dataclasses import dataclass
from typing import Literal

from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz, check_depth
from qconv.errors import InputError
from qconv.gates.tape import CircuitBuilder
from qconv.gates.wiring import Pattern, pairs


@dataclass(frozen=True)
class HardwareEfficient(Ansatz):
    """`depth` layers of rotations on every qubit and an entangling gate along `pattern`.

    Has depth * qubits * len(rotations) parameters.

    Source: Kandala et al., "Hardware-efficient variational quantum eigensolver", Nature 549, 242 (2017), fig. 1.
    """

    depth: int = 2
    """Number of layers; 0 is the identity."""
    rotations: tuple[Literal["rx", "ry", "rz"], ...] = ("rz", "ry")
    """Rotations of each qubit in a layer, in order. An RZ after the last RY would be lost on readouts in Z."""
    entangler: Literal["cnot", "cz", "none"] = "cnot"
    """The two-qubit gate; none leaves the qubits apart, a control."""
    pattern: Pattern = "ring"
    """Which qubits it joins: neighbours and the last with the first, neighbours, or all pairs."""

    def __post_init__(self) -> None:
        check_depth(self.depth)
        if not self.rotations or set(self.rotations) - {"rx", "ry", "rz"}:
            raise InputError(f"rotations = {self.rotations}; allowed: one or more of 'rx', 'ry', 'rz'")
        if self.entangler not in ("cnot", "cz", "none"):
            raise InputError(f"entangler = {self.entangler!r}; allowed: 'cnot', 'cz', 'none'")
        if self.pattern not in ("ring", "chain", "all"):
            raise InputError(f"pattern = {self.pattern!r}; allowed: 'ring', 'chain', 'all'")

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(depth, num_qubits, len(rotations))."""
        return self.depth, num_qubits, len(self.rotations)

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "depth qubits rotations"]) -> None:
        """Rotations, then entanglers, layer by layer."""
        num_qubits = theta.shape[1]
        for layer in range(self.depth):
            for index, rotation in enumerate(self.rotations):
                getattr(circuit, rotation)(range(num_qubits), theta=theta[layer, :, index])
            for a, b in pairs(self.pattern, num_qubits) if self.entangler != "none" else ():
                getattr(circuit, self.entangler)(a, b)
