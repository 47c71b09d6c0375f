"""Entangling capability of an ansatz."""

from dataclasses import dataclass

import jax

from qconv.bounds import require_at_least
from qconv.diagnostics.entanglement import meyer_wallach
from qconv.measurements.base import Measured
from qconv.measurements.random_states import OfAnsatz, random_states


@dataclass(frozen=True)
class EntanglingCapability(OfAnsatz):
    """Mean Meyer-Wallach measure Q of the states of an ansatz at random angles: from 0, product states, to 1.

    Source: Sim, Johnson and Aspuru-Guzik, Advanced Quantum Technologies 2, 1900070 (2019), section 3.2.
    """

    samples: int = 10_000
    """Random states."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least(self, 2, "samples")

    def measure(self) -> Measured:
        """The mean over the states, in double precision."""
        with jax.enable_x64(True):
            mean = float(meyer_wallach(random_states(self.ansatz, self.num_qubits, self.samples, self.seed)).mean())
        return Measured(mean, self.num_angles)
