"""Encoded patches as columns of states: every patch has gates of its own."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, record_encoding
from qconv.circuit.operations import (
    Columns,
    built_together,
    has_angles,
    multiply,
    program,
    signature,
    spread,
    stacked_matrices,
)
from qconv.gates import Gate, Tape

SHARED_BLOCK = 4
"""Qubits of a dense block of gates that are the same for all patches, such as Hadamard gates."""


def encoded(circuit: Circuit, patches: Float[Array, "pixels columns"], leading: Sequence[Gate] = ()) -> Columns:
    """The states of the patches, and then of single-qubit gates that are the same for all.

    Args:
        circuit: whose encoding is used.
        patches: one in each column.
        leading: those gates.
    """
    tapes: list[Tape] = []

    def record(patch: Float[Array, " pixels"]) -> Any:
        tape = record_encoding(circuit, patch)
        tapes.append(tape)
        if is_product(tape):
            return _factors(tape)
        return tape.initial, [gate.matrix for gate in built_together(tape.gates) if has_angles(gate)]

    values = jax.vmap(record, in_axes=-1, out_axes=-1)(patches)
    tape = tapes[0]
    if is_product(tape):
        # Two kernels: as one, XLA would compute the sines of a patch again for each of its amplitudes.
        return jax.lax.optimization_barrier(_outer(jax.lax.optimization_barrier(_turned(values, leading))))
    initial, matrices = values
    if initial is None:
        initial = jnp.zeros((2**tape.num_qubits, patches.shape[1]), patches.dtype).at[0].set(1)
    states = _gates_of_each(as_parts(initial), tape, matrices)
    return program(leading, tape.num_qubits, SHARED_BLOCK).run_in_order(states)


def encoded_state(circuit: Circuit, patch: Float[Array, " pixels"]) -> Array:
    """The state (2^n,) of one patch; real if all gates of the encoding are."""
    state = encoded(circuit, patch[:, None])[..., 0]
    return state[:, 0] if state.shape[1] == 1 else jax.lax.complex(state[:, 0], state[:, 1])


def is_product(tape: Tape) -> bool:
    """Whether the state is one of independent qubits."""
    return tape.initial is None and all(len(gate.qubits) == 1 for gate in tape.gates)


def as_parts(states: Array) -> Columns:
    """Real or complex (2^n, columns) as real numbers (2^n, parts, columns)."""
    return jnp.stack([states.real, states.imag], axis=1) if jnp.iscomplexobj(states) else states[:, None]


def _factors(tape: Tape) -> Array:
    """The state of each qubit, (n, 2). Qubits with the same gates are computed at once."""
    chains: list[list[Gate]] = [[] for _ in range(tape.num_qubits)]
    for gate in tape.gates:
        chains[gate.qubits[0]].append(gate)
    groups: dict[tuple[Any, ...], list[int]] = {}
    for qubit, chain in enumerate(chains):
        groups.setdefault(tuple(signature(gate)[::2] for gate in chain), []).append(qubit)
    factors = []
    for members in groups.values():
        factor = jnp.asarray([[1.0, 0.0]] * len(members), tape.dtype)
        for position in range(len(chains[members[0]])):
            matrices = stacked_matrices([chains[qubit][position] for qubit in members])
            factor = matrices[:, :, 0] if position == 0 else (matrices * factor[:, None]).sum(2)
        factors.append(factor)
    order = np.argsort([qubit for members in groups.values() for qubit in members])
    return factors[0] if len(factors) == 1 else jnp.concatenate(factors)[order]


def _turned(factors: Array, leading: Sequence[Gate]) -> Array:
    """The states (n, 2, columns) of the qubits, each after its own gates."""
    chains: dict[int, Any] = {}
    for gate in built_together(leading):
        qubit = gate.qubits[0]
        chains[qubit] = jnp.matmul(gate.matrix, chains[qubit]) if qubit in chains else gate.matrix
    if not chains:
        return factors
    matrices = jnp.stack([jnp.asarray(chains.get(q, np.eye(2, dtype=np.float32))) for q in range(len(factors))])
    return (matrices[..., None] * factors[:, None]).sum(2)


def _outer(factors: Array) -> Columns:
    """The product state of qubits (n, 2, columns): the halves first, since the last product is by far the largest."""
    # Split, not indexed: its gradient is one copy instead of one for each qubit.
    apart = jax.lax.split(factors, [1] * len(factors), axis=0)
    qubits = [as_parts(factor[0]) for factor in apart]
    middle = len(qubits) // 2
    halves = [reduce(_product, half) for half in (qubits[:middle], qubits[middle:]) if half]
    return reduce(_product, halves)


def _product(left: Columns, right: Columns) -> Columns:
    size = len(left) * len(right)

    def times(a: Array, b: Array) -> Array:
        return (a[:, None] * b[None]).reshape(size, -1)

    if left.shape[1] == 2 == right.shape[1]:
        parts = [
            times(left[:, 0], right[:, 0]) - times(left[:, 1], right[:, 1]),
            times(left[:, 0], right[:, 1]) + times(left[:, 1], right[:, 0]),
        ]
    else:
        parts = [times(left[:, i], right[:, j]) for i in range(left.shape[1]) for j in range(right.shape[1])]
    return jnp.stack(parts, axis=1)


def _gates_of_each(states: Columns, tape: Tape, matrices: list[Array]) -> Columns:
    """The states after a tape whose gates that depend on the patch have `matrices` (2^k, 2^k, columns)."""
    own = iter(matrices)
    shared: list[Gate] = []
    for gate in tape.gates:
        if not has_angles(gate):
            shared.append(gate)
            continue
        states = program(shared, tape.num_qubits, SHARED_BLOCK).run_in_order(states)
        shared = []
        matrix = next(own)
        states = _diagonal(gate, matrix, states) if gate.is_diagonal else dense(gate, matrix, states)
    return program(shared, tape.num_qubits, SHARED_BLOCK).run_in_order(states)


def _diagonal(gate: Gate, matrices: Array, states: Columns) -> Columns:
    num_qubits = len(states).bit_length() - 1
    phases = jax.vmap(lambda matrix: spread(matrix, gate.qubits, num_qubits), in_axes=-1, out_axes=-1)(matrices)
    phases = jnp.broadcast_to(phases, (2,) * num_qubits + phases.shape[-1:])
    return multiply(phases.reshape(len(states), -1), states)


def dense(gate: Gate, matrices: Array, states: Columns) -> Columns:
    """Sums of products, element by element: XLA makes one loop over the columns of it."""
    size, parts, columns = states.shape
    num_qubits, k = size.bit_length() - 1, len(gate.qubits)
    moved = jnp.moveaxis(states.reshape(*(2,) * num_qubits, parts, columns), gate.qubits, range(k))
    moved = moved.reshape(2**k, -1, parts, columns)

    def times(real: Array) -> Array:  # (rows, inner, columns) times (inner, others, parts, columns)
        return (real[:, :, None, None] * moved[None]).sum(1)

    if jnp.iscomplexobj(matrices):
        by_real, by_imaginary = times(matrices.real), times(matrices.imag)
        if parts == 1:
            result = jnp.concatenate([by_real, by_imaginary], axis=2)
        else:
            real, imaginary = by_real[:, :, 0] - by_imaginary[:, :, 1], by_real[:, :, 1] + by_imaginary[:, :, 0]
            result = jnp.stack([real, imaginary], axis=2)
    else:
        result = times(matrices)
    parts = result.shape[2]
    result = jnp.moveaxis(result.reshape(*(2,) * num_qubits, parts, columns), range(k), gate.qubits)
    return result.reshape(size, parts, columns)
