"""An ansatz whose angles are part of the spec."""

import math
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz
from qconv.errors import InputError
from qconv.gates import CircuitBuilder


@dataclass(frozen=True)
class Fixed(Ansatz):
    """Another ansatz at angles that `angle_seed` draws, the same in every run. No parameter is left.

    A layer that is not trainable draws its angles by the run's seed. Here all runs have one circuit, as in studies of
    a single random filter.
    """

    ansatz: Ansatz
    """What acts."""
    angle_seed: int = 0
    """Fixes the angles: uniform in [0, 2 pi]."""

    def __post_init__(self) -> None:
        if self.angle_seed < 0:
            raise InputError(f"angle_seed = {self.angle_seed}; allowed: 0 or more")

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(0,)."""
        return (0,)

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "0"]) -> None:
        """The gates of `ansatz`."""
        shape = self.ansatz.param_shape(circuit.num_qubits)
        angles = np.random.default_rng(self.angle_seed).uniform(0, 2 * math.pi, shape)
        self.ansatz(circuit, jnp.asarray(angles, theta.dtype))

    def kept(self, num_qubits: int) -> tuple[int, ...]:
        """As `ansatz` says."""
        return self.ansatz.kept(num_qubits)
