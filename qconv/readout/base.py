"""What a readout is."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from jaxtyping import Array, Float, UInt8

from qconv.errors import InputError
from qconv.gates.kinds import PAULIS

OPERATORS = PAULIS | {"0": np.diag([1, 0]), "1": np.diag([0, 1])}
"""Identity, the Pauli matrices, and the projectors |0><0| and |1><1|, by the letters of observables."""


class Readout(ABC):
    """The observables that become output channels. Subclasses are frozen dataclasses.

    An observable is a product of single-qubit operators, written as a string with one letter a qubit, qubit 0 first:
    `"ZZII"` is Z on qubits 0 and 1, `"01II"` the probability of finding qubit 0 in |0> and qubit 1 in |1>. Its
    expectation is in [-1, 1], or in [0, 1] if its letters are I, 0 and 1.
    """

    @abstractmethod
    def observables(self, num_qubits: int) -> tuple[str, ...]:
        """One string of `num_qubits` letters of "IXYZ01" for each channel.

        Raises:
            InputError: the readout does not fit a register of this size.
        """

    @property
    def is_differentiable(self) -> bool:
        """Whether channels have a gradient; if not, only layers that are not trained can use the readout."""
        return True

    def decode(self, expectations: Float[Array, "observables patches"]) -> Float[Array, "channels patches"]:
        """The channels from the expectations; by default they are the same."""
        return expectations

    def num_observables(self, num_qubits: int) -> int:
        """How many observables there are; where they may be too many to be written down, a readout says so itself."""
        return len(self.observables(num_qubits))

    def num_channels(self, num_qubits: int) -> int:
        """Channels that one circuit gives."""
        return self.num_observables(num_qubits)


def as_letters(observables: Sequence[str]) -> UInt8[np.ndarray, "observables qubits"]:
    """The letters of observables of equal length, as their character codes: for what is done to thousands of them."""
    codes = np.frombuffer("".join(observables).encode("ascii"), np.uint8)
    return codes.reshape(len(observables), -1)


def as_strings(letters: UInt8[np.ndarray, "observables qubits"]) -> tuple[str, ...]:
    """Observables from the character codes of their letters."""
    count, num_qubits = letters.shape
    text = letters.tobytes().decode("ascii")
    return tuple(text[start : start + num_qubits] for start in range(0, count * num_qubits, num_qubits))


def check_measured(qubits: Sequence[int], num_qubits: int) -> None:
    """Refuses qubits that a register of `num_qubits` does not have.

    Raises:
        InputError: there is one.
    """
    for qubit in qubits:
        if not 0 <= qubit < num_qubits:
            raise InputError(f"qubit {qubit} is measured; allowed: 0 .. {num_qubits - 1}")


def on_qubits(letter: str, qubits: tuple[int, ...], num_qubits: int) -> str:
    """`letter` on each of `qubits`, I elsewhere.

    Raises:
        InputError: a qubit that the register does not have.
    """
    check_measured(qubits, num_qubits)
    letters = ["I"] * num_qubits
    for qubit in qubits:
        letters[qubit] = letter
    return "".join(letters)
