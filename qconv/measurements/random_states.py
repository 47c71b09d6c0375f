"""States of an ansatz at random angles."""

import math
from functools import lru_cache

import jax
import jax.numpy as jnp
from jaxtyping import Array, Inexact

from qconv.ansatz.base import Ansatz
from qconv.circuit.circuit import Circuit
from qconv.diagnostics.states import after_ansatz, chunk_rows, ground
from qconv.errors import InputError


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


def check_sizes(num_qubits: int, count: int) -> None:
    """Refuses what cannot be drawn.

    Raises:
        InputError: no qubit, or fewer than two samples.
    """
    if not 1 <= num_qubits <= 20:
        raise InputError(f"num_qubits = {num_qubits}; allowed: 1 to 20")
    if count < 2:
        raise InputError(f"{count} samples; allowed: at least 2")
