"""What measurements of an ansatz at random angles share."""

import math
from dataclasses import dataclass, field
from functools import lru_cache

import jax
import jax.numpy as jnp
from jaxtyping import Array, Inexact

from qconv.ansatz.base import Ansatz
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.bounds import require
from qconv.circuit.circuit import Circuit
from qconv.diagnostics.states import after_ansatz, chunk_rows, ground
from qconv.measurements.base import Measurement


@dataclass(frozen=True)
class OfAnsatz(Measurement):
    """What is measured of an ansatz at random angles. Subclasses are frozen dataclasses."""

    ansatz: Ansatz = field(default_factory=HardwareEfficient)
    """What acts on |0...0>."""
    num_qubits: int = 4
    """Qubits of the register."""

    def __post_init__(self) -> None:
        require(self, "num_qubits", 1 <= self.num_qubits <= 20, "1 to 20")

    @property
    def num_angles(self) -> int:
        """Angles of the ansatz."""
        return math.prod(self.ansatz.param_shape(self.num_qubits))


@lru_cache(maxsize=1)  # two measurements of the same circuit follow each other in a table
def random_states(ansatz: Ansatz, num_qubits: int, count: int, seed: int) -> Inexact[Array, "states amplitudes"]:
    """What an ansatz makes of |0...0> at angles uniform in [-pi, pi], each state with angles of its own.

    Not compiled: gates of many circuits are the same few operations, and compiling them takes longer than running them.

    Raises:
        InputError: the ansatz needs another number of qubits.
    """
    start = ground(num_qubits, jnp.zeros(()).dtype)
    shape = (count, *ansatz.param_shape(num_qubits))
    thetas = jax.random.uniform(jax.random.key(seed), shape, start.dtype, -math.pi, math.pi)
    rows = chunk_rows(4 * 2**num_qubits, start.dtype)
    parts = [thetas[first : first + rows] for first in range(0, count, rows)]
    circuit = Circuit(ansatz=ansatz)
    return jnp.concatenate([after_ansatz(circuit, part, jnp.tile(start, (len(part), 1))) for part in parts])
