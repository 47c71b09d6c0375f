"""Probabilities of measured bit strings."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from qconv.bounds import require
from qconv.readout.base import Readout, as_strings, check_measured


@dataclass(frozen=True)
class Probabilities(Readout):
    """The probability of each outcome of measuring `qubits`: 2^len(qubits) channels that sum to 1.

    Source: the Born rule; Hur, Kim and Park, "Quantum convolutional neural network for classical data classification",
    Quantum Machine Intelligence 4:3 (2022), read class probabilities so.
    """

    qubits: tuple[int, ...] | None = None
    """Measured qubits, the most significant bit of the outcome first; by default all of them."""

    def __post_init__(self) -> None:
        fits = self.qubits is None or 0 < len(self.qubits) == len(set(self.qubits))
        require(self, "qubits", fits, "one or more different qubits, or None for all")

    def observables(self, num_qubits: int) -> tuple[str, ...]:
        """Projectors on the outcomes 0...0, 0...1, ..., 1...1."""
        qubits = self._measured(num_qubits)
        letters = np.full((2 ** len(qubits), num_qubits), ord("I"), np.uint8)
        letters[:, qubits] = ord("0") + outcomes(len(qubits))
        return as_strings(letters)

    def num_observables(self, num_qubits: int) -> int:
        """One observable for each outcome."""
        return 2 ** len(self._measured(num_qubits))

    def _measured(self, num_qubits: int) -> list[int]:
        qubits = list(range(num_qubits) if self.qubits is None else self.qubits)
        check_measured(qubits, num_qubits)
        return qubits


def outcomes(num_qubits: int) -> UInt8[np.ndarray, "outcomes qubits"]:
    """The bits of 0, 1, ..., 2^n - 1, qubit 0 the most significant one."""
    return (np.arange(2**num_qubits)[:, None] >> np.arange(num_qubits)[::-1] & 1).astype(np.uint8)
