"""Amplitude encoding: 2^n numbers in n qubits."""

import math
from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.bounds import require
from qconv.encoding.base import Encoding
from qconv.encoding.direction import directions
from qconv.errors import InputError
from qconv.gates.tape import CircuitBuilder


@dataclass(frozen=True)
class Amplitude(Encoding):
    """The patch, divided by its norm, as the amplitudes of the state; missing ones are 0.

    A patch whose norm is at most `epsilon` (image borders, black background) has no direction: it becomes |0...0>, and
    the gradient with respect to it is 0. One with a NaN or an infinite number becomes NaN.

    Source: Schuld and Petruccione, "Supervised Learning with Quantum Computers" (2018), section 5.2.
    """

    qubits: int | None = None
    """Size of the register; by default the smallest that holds the patch."""
    epsilon: float = 1e-6
    """Smallest norm that still has a direction."""

    def __post_init__(self) -> None:
        require(self, "qubits", self.qubits is None or self.qubits >= 1, "at least 1, or None")
        require(self, "epsilon", self.epsilon > 0, "more than 0")

    def num_qubits(self, patch_size: int) -> int:
        """The smallest n with 2^n >= `patch_size`, at least 1; or `qubits`."""
        smallest = max(1, math.ceil(math.log2(patch_size)))
        if self.qubits is not None and self.qubits < smallest:
            raise InputError(
                f"qubits = {self.qubits} hold {2**self.qubits} amplitudes, but a patch has {patch_size} numbers; "
                f"allowed: at least {smallest}"
            )
        return self.qubits or smallest

    def __call__(self, circuit: CircuitBuilder, patch: Float[Array, " pixels"]) -> None:
        """Sets the register's state."""
        size = 2 ** self.num_qubits(patch.shape[0])
        padded = jnp.pad(patch, (0, size - patch.shape[0]))
        circuit.replace_inputs(directions(padded, self.epsilon))
