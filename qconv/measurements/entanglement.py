"""Entangling capability of an ansatz."""

import math
from dataclasses import dataclass, field

import jax

from qconv.ansatz.base import Ansatz
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.diagnostics.entanglement import meyer_wallach
from qconv.measurements.base import Measured, Measurement
from qconv.measurements.random_states import check_sizes, random_states


@dataclass(frozen=True)
class EntanglingCapability(Measurement):
    """Mean Meyer-Wallach measure Q of the states of an ansatz at random angles: from 0, product states, to 1.

    Source: Sim, Johnson and Aspuru-Guzik, Advanced Quantum Technologies 2, 1900070 (2019), section 3.2.
    """

    ansatz: Ansatz = field(default_factory=HardwareEfficient)
    """What acts on |0...0>."""
    num_qubits: int = 4
    """Of the register."""
    samples: int = 10_000
    """Random states."""

    def __post_init__(self) -> None:
        check_sizes(self.num_qubits, self.samples)

    def measure(self) -> Measured:
        """Double precision."""
        with jax.enable_x64(True):
            mean = float(meyer_wallach(random_states(self.ansatz, self.num_qubits, self.samples, self.seed)).mean())
        return Measured(mean, math.prod(self.ansatz.param_shape(self.num_qubits)))
