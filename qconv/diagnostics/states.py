"""States of many circuits at once, and work in chunks."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Inexact

from qconv.circuit.circuit import Circuit, record_encoding
from qconv.errors import InputError
from qconv.gates.kinds import complex_dtype
from qconv.lowering.ansatz import ansatz_gates
from qconv.lowering.fusion import after_gates

_CHUNK_BYTES = 2**25
"""What one chunk may hold: about a core's share of the cache."""


def encoded(circuit: Circuit, patches: Float[Array, "batch pixels"]) -> Inexact[Array, "batch amplitudes"]:
    """States after the encoding of each patch.

    Raises:
        InputError: the circuit has re-uploads, so that encoding and ansatz cannot be told apart.
    """
    if circuit.reuploads:
        raise InputError(
            f"reuploads = {circuit.reuploads}; allowed: 0 with the diagnostics, which tell encoding and ansatz apart"
        )

    def state(patch: Array) -> Array:
        tape = record_encoding(circuit, patch)
        start = ground(tape.num_qubits, patch.dtype) if tape.initial is None else tape.initial
        return after_gates(start, tape.gates)

    return jax.vmap(state)(patches)


def after_ansatz(
    circuit: Circuit, thetas: Float[Array, "batch ..."], initial: Inexact[Array, "batch amplitudes"]
) -> Inexact[Array, "batch amplitudes"]:
    """States after the ansatz with the angles `thetas[b]` on the state `initial[b]`."""

    def state(theta: Array, start: Array) -> Array:
        return after_gates(start, ansatz_gates(circuit, theta, start.size.bit_length() - 1))

    return jax.vmap(state)(thetas, initial)


def amplitude_slopes(
    circuit: Circuit, theta: Float[Array, "..."], patch: Float[Array, " pixels"]
) -> tuple[Inexact[Array, " amplitudes"], Inexact[Array, "angles amplitudes"]]:
    """The final state of one patch, and its derivative by each angle."""
    start = encoded(circuit, patch[None])

    def final(angles: Array) -> Array:
        return after_ansatz(circuit, angles.reshape((1, *theta.shape)), start)[0]

    state, push = jax.linearize(final, theta.ravel())
    return state, jax.vmap(push)(jnp.eye(theta.size, dtype=theta.dtype))


def ground(num_qubits: int, dtype: Any) -> Float[Array, " amplitudes"]:
    """The state |0...0> of a register, (2^n,)."""
    return jnp.zeros(2**num_qubits, dtype).at[0].set(1)


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
