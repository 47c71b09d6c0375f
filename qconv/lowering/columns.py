"""Many states at once, as columns.

An array (2^n, parts, columns) of real numbers, with one part if all amplitudes are real, else the real and the
imaginary part. Columns lie next to each other in memory, so every step runs over long vectors, and products are of real
matrices.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.gates.kinds import Matrix

Columns = Float[Array, "_ _ _"] | Float[np.ndarray, "_ _ _"]
"""(2^n, parts, columns); of NumPy while they are constants."""


def as_columns(states: Any) -> Float[Array, "_ _ _"]:
    """Real or complex (2^n, columns) as real numbers (2^n, parts, columns)."""
    states = jnp.asarray(states)
    return jnp.stack([states.real, states.imag], axis=1) if jnp.iscomplexobj(states) else states[:, None]


def reordered(states: Columns, rows: np.ndarray) -> Columns:
    """The states with row `rows[i]` in place i; `rows` is a permutation."""
    if isinstance(states, np.ndarray):
        return states[rows]
    if np.array_equal(rows, np.arange(len(rows)) ^ rows[0]):  # axes turned round: no table of rows, in the gradient too
        bits = [bit for bit in range(len(rows).bit_length() - 1) if rows[0] >> bit & 1]
        axes = (2,) * (len(rows).bit_length() - 1)
        flipped = jnp.flip(states.reshape(*axes, *states.shape[1:]), [len(axes) - 1 - bit for bit in bits])
        return flipped.reshape(states.shape)
    return states.at[rows].get(unique_indices=True, mode="promise_in_bounds")


def multiply(numbers: Any, states: Columns) -> Columns:
    """Real or complex numbers (2^n, columns or 1) times states, element by element."""
    if not jnp.iscomplexobj(numbers):
        return numbers[:, None] * states
    real, imaginary = numbers.real, numbers.imag
    if states.shape[1] == 1:
        return jnp.stack([real * states[:, 0], imaginary * states[:, 0]], axis=1)
    parts = (states[:, 0], states[:, 1])
    return jnp.stack([real * parts[0] - imaginary * parts[1], real * parts[1] + imaginary * parts[0]], axis=1)


def transform(matrix: Matrix, states: Columns) -> Columns:
    """A real or complex matrix (2^k, 2^k) times states; it acts on the first k qubits of the order of the rows.

    A complex one is a real one, [Re U, -Im U; Im U, Re U], on states whose parts come first: then nothing is left to be
    added up and put in place after the product, which for few columns would take longer than the product.
    """
    size, parts, columns = states.shape
    if isinstance(states, np.ndarray) and len(matrix) == size and np.array_equal(states[:, 0], np.eye(size)):
        return as_columns(matrix)
    if not jnp.iscomplexobj(matrix):
        return _product(matrix, states.reshape(len(matrix), -1)).reshape(states.shape)
    rows = jnp.swapaxes(states, 0, 1).reshape(parts * len(matrix), -1)
    real, imaginary = matrix.real, matrix.imag
    both = [[real, -imaginary], [imaginary, real]] if parts == 2 else [[real], [imaginary]]
    return jnp.swapaxes(_product(jnp.block(both), rows).reshape(2, size, columns), 0, 1)


def _product(matrix: Matrix, rows: Any) -> Float[Array, "_ _"]:
    """Full float32 products: accelerators would use fewer bits by default."""
    return jnp.matmul(matrix, rows, precision="highest")
