"""Probabilities of measured bit strings."""

from dataclasses import dataclass
from itertools import product

from qconv.errors import InputError
from qconv.readout.base import Readout


@dataclass(frozen=True)
class Probabilities(Readout):
    """The probability of each outcome of measuring `qubits`: 2^len(qubits) channels that sum to 1.

    Source: the Born rule; Hur, Kim and Park, "Quantum convolutional neural network for classical data classification",
    Quantum Machine Intelligence 4:3 (2022), read class probabilities so.
    """

    qubits: tuple[int, ...] | None = None
    """Measured qubits, the most significant bit of the outcome first; by default all of them."""

    def __post_init__(self) -> None:
        if self.qubits is not None and (not self.qubits or len(set(self.qubits)) < len(self.qubits)):
            raise InputError(f"qubits = {self.qubits}; allowed: one or more different qubits, or None for all")

    def observables(self, num_qubits: int) -> tuple[str, ...]:
        """Projectors on the outcomes 0...0, 0...1, ..., 1...1."""
        qubits = range(num_qubits) if self.qubits is None else self.qubits
        for qubit in qubits:
            if not 0 <= qubit < num_qubits:
                raise InputError(f"qubit {qubit} is measured; allowed: 0 .. {num_qubits - 1}")
        outcomes = (dict(zip(qubits, bits, strict=True)) for bits in product("01", repeat=len(qubits)))
        return tuple("".join(bits.get(qubit, "I") for qubit in range(num_qubits)) for bits in outcomes)
