"""The ansatz as engines take it: each copy of a block is one gate, and angles are known by their place in theta.

As one gate, a block that a circuit repeats is multiplied out once, and engines have little left to merge.
"""

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.alike import built_together, of_all, signature
from qconv.ansatz.base import Ansatz
from qconv.circuit.circuit import Circuit
from qconv.circuit.together import recorded
from qconv.dense import matrix_of_gates
from qconv.gates import Block, Gate, Tape, gates_of, x64_enabled

_MOST_QUBITS = 4
"""Of a block that is multiplied out; the matrix of a larger one takes longer than its gates."""


def ansatz_gates(circuit: Circuit, theta: Float[Array, "..."], num_qubits: int) -> list[Gate]:
    """The gates of one ansatz with angles `theta`, in order, each copy of a block as one."""
    return fuse_blocks(recorded(circuit.ansatz, num_qubits, theta))


def example_gates(circuit: Circuit, patch_size: int) -> list[Gate]:
    """The gates of one ansatz for some angles, with shapes in the place of arrays: nothing is computed."""
    shape = circuit.param_shape(patch_size)[1 if circuit.reuploads else 0 :]
    gates = _example(circuit.ansatz, circuit.num_qubits(patch_size), shape, x64_enabled())
    # For one caller: gates hold matrices once asked, which may belong to a function being traced.
    return jax.tree.map(lambda leaf: leaf, gates)


@lru_cache(maxsize=64)
def _example(ansatz: Ansatz, num_qubits: int, shape: tuple[int, ...], x64: bool) -> list[Gate]:
    """The gates that are kept; in 64-bit mode, a gate may have another dtype."""
    theta = jax.ShapeDtypeStruct(shape, np.dtype(np.float32))
    return jax.eval_shape(lambda theta: fuse_blocks(recorded(ansatz, num_qubits, theta)), theta)


def fuse_blocks(tape: Tape) -> list[Gate]:
    """The gates of a tape, in order, each copy of a block of few qubits as one."""
    blocks = [item for item in tape.items if isinstance(item, Block) and len(item.qubits[0]) <= _MOST_QUBITS]
    alike: dict[Any, list[Block]] = {}
    for block in blocks:
        key = tuple(signature(gate) for gate in gates_of(block.definition))
        alike.setdefault((len(block.qubits[0]), key), []).append(block)
    matrices: dict[int, Array] = {}
    for (num_qubits, _), members in alike.items():
        build = partial(_matrix, num_qubits=num_qubits, dtype=tape.dtype)
        of_members = of_all([gates_of(block.definition) for block in members], build)
        matrices |= zip(map(id, members), of_members, strict=True)
    found: list[Gate] = []
    for item in tape.items:
        if (matrix := matrices.get(id(item))) is None:
            found += item.gates
        else:
            found += [Gate("any", places, {"unitary": matrix}, tape.dtype) for places in item.qubits]
    return found


def _matrix(gates: Sequence[Gate], num_qubits: int, dtype: Any) -> Array:
    return jnp.asarray(matrix_of_gates(built_together(gates), range(num_qubits), dtype))
