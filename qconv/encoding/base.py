"""What an encoding is."""

from abc import ABC, abstractmethod

from jaxtyping import Array, Float

from qconv.gates import CircuitBuilder


class Encoding(ABC):
    """Classical data to quantum state. Subclasses are frozen dataclasses."""

    @abstractmethod
    def num_qubits(self, patch_size: int) -> int:
        """Qubits for a patch of `patch_size` numbers.

        Raises:
            InputError: such a patch cannot be encoded.
        """

    @abstractmethod
    def __call__(self, circuit: CircuitBuilder, patch: Float[Array, " pixels"]) -> None:
        """Appends the gates that encode one patch, or calls `circuit.replace_inputs` with its state.

        Args:
            circuit: a register in |0...0>.
            patch: pixels row by row, the channel fastest; in [0, 1] if the images are.
        """
