"""Expressibility of an ansatz."""

from dataclasses import dataclass

import jax
import numpy as np

from qconv.bounds import require_at_least
from qconv.diagnostics.expressibility import expressibility, fidelities
from qconv.measurements.base import Measured
from qconv.measurements.random_states import OfAnsatz, random_states


@dataclass(frozen=True)
class Expressibility(OfAnsatz):
    """How far the states of an ansatz at random angles are from evenly spread ones: a KL divergence in nats.

    Source: Sim, Johnson and Aspuru-Guzik, Advanced Quantum Technologies 2, 1900070 (2019), section 3.1.
    """

    pairs: int = 5000
    """Pairs of states, whose fidelities are counted."""
    bins: int = 75
    """Bins of the histogram."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least(self, 2, "pairs", "bins")

    def measure(self) -> Measured:
        """The divergence of the fidelities that are drawn, in double precision."""
        with jax.enable_x64(True):
            states = random_states(self.ansatz, self.num_qubits, 2 * self.pairs, self.seed)
            sample = np.asarray(fidelities(states[: self.pairs], states[self.pairs :]))
        return Measured(expressibility(sample, self.num_qubits, self.bins), self.num_angles)
