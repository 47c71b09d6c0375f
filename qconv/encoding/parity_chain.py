"""Parity chain: rotations of single qubits on both sides of a ladder of CNOTs."""

import math
from dataclasses import dataclass

from jaxtyping import Array, Float

from qconv.bounds import require
from qconv.encoding.base import Encoding
from qconv.gates.tape import CircuitBuilder


@dataclass(frozen=True)
class ParityChain(Encoding):
    """H, RZ(z_q) and RY(z_q) on each qubit, a CNOT from each to the next, RZ(z_q), with z_q = `scale * patch[q]`.

    The CNOTs are one after the other from qubit 0 on, so that qubit q has the parity of qubits 0 to q when it is turned
    for the last time.

    Source: Chen et al., "cuTN-QSVM: cuTensorNet-accelerated quantum support vector machine with cuQuantum SDK",
    arXiv:2405.02630 (2024), the feature map of their kernel; there with scale 1.
    """

    scale: float = math.pi
    """Radians for a pixel of value 1."""

    def __post_init__(self) -> None:
        require(self, "scale", math.isfinite(self.scale), "any finite number of radians")

    def num_qubits(self, patch_size: int) -> int:
        """One qubit a number."""
        return patch_size

    def __call__(self, circuit: CircuitBuilder, patch: Float[Array, " pixels"]) -> None:
        """H, RZ and RY, the ladder, RZ."""
        qubits, angles = range(patch.shape[0]), self.scale * patch
        circuit.h(qubits)
        circuit.rz(qubits, theta=angles)
        circuit.ry(qubits, theta=angles)
        if len(qubits) > 1:
            circuit.cnot(qubits[:-1], qubits[1:])
        circuit.rz(qubits, theta=angles)
