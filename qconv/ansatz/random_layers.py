"""Random layers: the random circuits of quanvolutional networks."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz, check_depth
from qconv.bounds import require, require_at_least
from qconv.gates.tape import CircuitBuilder


@dataclass(frozen=True)
class RandomLayers(Ansatz):
    """Rotations about random axes on random qubits, mixed with CNOTs between random pairs; fixed by `circuit_seed`.

    Each next gate is a CNOT with probability `cnot_ratio`, else a rotation, until the layer has `rotations` of them.
    Has depth * rotations parameters. Make the layer that uses it not trainable for Henderson's fixed filters.

    Source: Henderson et al., "Quanvolutional neural networks", Quantum Machine Intelligence 2:2 (2020); the
    sampling is that of PennyLane's `RandomLayers`: on two qubits or more it has the gates of version 0.45 for the
    same seed.
    """

    depth: int = 1
    """Number of layers; 0 is the identity."""
    rotations: int = 4
    """Rotations in a layer."""
    cnot_ratio: float = 0.3
    """Probability that the next gate is a CNOT, in [0, 1)."""
    circuit_seed: int = 0
    """Fixes which gates are drawn; the angles come from the run's seed."""

    def __post_init__(self) -> None:
        check_depth(self.depth)
        require_at_least(self, 1, "rotations")
        check_depth(self.depth * self.rotations, "depth * rotations")
        require(self, "cnot_ratio", 0 <= self.cnot_ratio < 1, "0 to less than 1")
        require_at_least(self, 0, "circuit_seed")

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(depth, rotations)."""
        return self.depth, self.rotations

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "depth rotations"]) -> None:
        """Appends the gates that are drawn for this size of register, the same each time."""
        angles = iter([(layer, index) for layer in range(self.depth) for index in range(self.rotations)])
        for name, qubits in self._gates(circuit.num_qubits):
            if name == "cnot":
                circuit.cnot(*qubits)
            else:
                getattr(circuit, name)(*qubits, theta=theta[next(angles)])

    def _gates(self, num_qubits: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        rng = np.random.default_rng(self.circuit_seed)
        for _ in range(self.depth):
            drawn = 0
            while drawn < self.rotations:
                if num_qubits > 1 and rng.random() < self.cnot_ratio:
                    control, target = rng.choice(num_qubits, size=2, replace=False)
                    yield "cnot", (int(control), int(target))
                else:
                    yield str(rng.choice(["rx", "ry", "rz"])), (int(rng.integers(num_qubits)),)
                    drawn += 1
