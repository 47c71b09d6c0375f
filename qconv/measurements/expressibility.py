"""Expressibility of an ansatz."""

import math
from dataclasses import dataclass, field

import jax
import numpy as np

from qconv.ansatz.base import Ansatz
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.diagnostics.expressibility import expressibility, fidelities
from qconv.errors import InputError
from qconv.measurements.base import Measured, Measurement
from qconv.measurements.random_states import check_sizes, random_states


@dataclass(frozen=True)
class Expressibility(Measurement):
    """How far the states of an ansatz at random angles are from evenly spread ones: a KL divergence in nats.

    Source: Sim, Johnson and Aspuru-Guzik, Advanced Quantum Technologies 2, 1900070 (2019), section 3.1.
    """

    ansatz: Ansatz = field(default_factory=HardwareEfficient)
    """What acts on |0...0>."""
    num_qubits: int = 4
    """Of the register."""
    pairs: int = 5000
    """Pairs of states, whose fidelities are counted."""
    bins: int = 75
    """Of the histogram."""

    def __post_init__(self) -> None:
        check_sizes(self.num_qubits, self.pairs)
        if self.bins < 2:
            raise InputError(f"bins = {self.bins}; allowed: at least 2")

    def measure(self) -> Measured:
        """Double precision."""
        with jax.enable_x64(True):
            states = random_states(self.ansatz, self.num_qubits, 2 * self.pairs, self.seed)
            sample = np.asarray(fidelities(states[: self.pairs], states[self.pairs :]))
        angles = math.prod(self.ansatz.param_shape(self.num_qubits))
        return Measured(expressibility(sample, self.num_qubits, self.bins), angles)
