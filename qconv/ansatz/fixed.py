"""An ansatz at angles that are part of the spec."""

import math
from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz
from qconv.errors import InputError
from qconv.gates import CircuitBuilder


@dataclass(frozen=True)
class Fixed(Ansatz):
    """Another ansatz at the angles given; no parameter is left.

    A layer that is not trainable draws its angles by the run's seed. Here all runs have one circuit, as in studies of
    a single random filter.
    """

    ansatz: Ansatz
    """What acts."""
    angles: tuple[float, ...] = ()
    """Radians, in the order of the parameters of `ansatz`, the last axis fastest."""

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, self.angles)):
            raise InputError(f"angles = {self.angles}; allowed: finite numbers of radians")

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(0,).

        Raises:
            InputError: `ansatz` has another number of angles on so many qubits.
        """
        needed = math.prod(self.ansatz.param_shape(num_qubits))
        if len(self.angles) != needed:
            raise InputError(f"{len(self.angles)} angles; allowed: {needed} on {num_qubits} qubits")
        return (0,)

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "0"]) -> None:
        """The gates of `ansatz`."""
        shape = self.ansatz.param_shape(circuit.num_qubits)
        self.ansatz(circuit, jnp.asarray(self.angles, theta.dtype).reshape(shape))

    def kept(self, num_qubits: int) -> tuple[int, ...]:
        """As `ansatz` says."""
        return self.ansatz.kept(num_qubits)
