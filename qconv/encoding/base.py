"""What an encoding is."""

from abc import ABC, abstractmethod

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from qconv.gates.tape import CircuitBuilder


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
            circuit: a register in |0...0>; if the encoding is re-uploaded, in any state, which `replace_inputs`
                cannot take up.
            patch: pixels row by row, the channel fastest; in [0, 1] if the images are.
        """


class BitEncoding(Encoding):
    """An encoding that starts in a basis state: one bit a qubit. Engines can then look results up in a table."""

    @abstractmethod
    def bits(self, patch: Float[Array, " pixels"]) -> Bool[Array, " qubits"]:
        """The basis state of a patch without NaN, qubit 0 first."""

    def __call__(self, circuit: CircuitBuilder, patch: Float[Array, " pixels"]) -> None:
        """X on the qubits whose bit is 1."""
        # A bit cannot say that a number is NaN: then there is no basis state, and all that is measured is NaN.
        for qubit, bit in enumerate(jnp.where(jnp.isnan(patch).any(), jnp.nan, self.bits(patch).astype(patch.dtype))):
            # X to the power of the bit, as a matrix: exact, where a rotation by pi is not, and real.
            circuit.unitary(qubit, unitary=jnp.stack([1 - bit, bit, bit, 1 - bit]).reshape(2, 2))
