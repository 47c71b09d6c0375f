"""States of many circuits at once, and work in chunks."""

from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Inexact

from qconv.circuit.circuit import Circuit, record_ansatz, record_encoding
from qconv.gates import Gate, apply_matrix, complex_dtype

_CHUNK_BYTES = 2**25
"""What one chunk may hold: about a core's share of the cache."""


def states(
    circuit: Circuit, thetas: Float[Array, "batch ..."], patches: Float[Array, "batch pixels"]
) -> Inexact[Array, "batch amplitudes"]:
    """States after encoding and ansatz: row b has the angles `thetas[b]` (radians) and the patch `patches[b]`."""

    def state(theta: Array, patch: Array) -> Array:
        tape = record_encoding(circuit, patch)
        initial = _ground(tape.num_qubits, patch.dtype) if tape.initial is None else tape.initial
        encoded = _run(tape.gates, initial)
        return _run(record_ansatz(circuit, theta, tape.num_qubits).gates, encoded)

    return jax.vmap(state)(thetas, patches)


def ansatz_states(
    circuit: Circuit, thetas: Float[Array, "batch ..."], num_qubits: int
) -> Inexact[Array, "batch amplitudes"]:
    """States after the ansatz on |0...0>, without any encoding."""

    def state(theta: Array) -> Array:
        return _run(record_ansatz(circuit, theta, num_qubits).gates, _ground(num_qubits, theta.dtype))

    return jax.vmap(state)(thetas)


def _ground(num_qubits: int, dtype: Any) -> Array:
    return jnp.zeros(2**num_qubits, dtype).at[0].set(1)


def _run(gates: Iterable[Gate], state: Array) -> Array:
    for gate in gates:
        state = apply_matrix(state[None], jnp.asarray(gate.matrix), gate.qubits)[0]
    return state


def chunk_rows(amplitudes_per_row: int, dtype: Any) -> int:
    """Rows of a chunk, if each of them holds so many complex amplitudes at a time."""
    return max(1, _CHUNK_BYTES // (amplitudes_per_row * complex_dtype(dtype).itemsize))


def in_chunks(function: Callable[..., Any], arrays: tuple[Array, ...], rows: int) -> Any:
    """`function(*arrays)` for a function that treats all rows alike, on `rows` of them at a time.

    Compiled once, whatever the number of chunks: the last one is filled up with copies of the first row.

    Returns:
        What the function returns, as NumPy arrays; all of them have a row for each row of `arrays`.
    """
    count = len(arrays[0])
    rows = min(rows, count)
    chunks = -(-count // rows)
    index = np.arange(chunks * rows)
    index[count:] = 0

    @jax.jit
    def run(arrays: tuple[Array, ...]) -> Any:
        split = tuple(array[index].reshape(chunks, rows, *array.shape[1:]) for array in arrays)
        return jax.lax.map(lambda chunk: function(*chunk), split)

    return jax.tree.map(lambda leaf: np.asarray(leaf).reshape(-1, *leaf.shape[2:])[:count], run(arrays))
