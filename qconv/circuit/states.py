"""Encoded patches as columns of states: every patch has gates of its own."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.circuit.alike import built_together, has_angles
from qconv.circuit.circuit import Circuit, example_encoding, record_encoding
from qconv.circuit.columns import Columns, as_columns, multiply
from qconv.circuit.operations import phase_angles
from qconv.circuit.product_states import is_product, product_states, qubit_states
from qconv.circuit.program import program
from qconv.gates import Gate, Tape, value_of
from qconv.sincos import sincos

_SHARED_BLOCK = 4
"""Qubits of a dense block of gates that are the same for all patches, such as Hadamard gates."""


def encoded(circuit: Circuit, patches: Float[Array, "pixels columns"], leading: Sequence[Gate] = ()) -> Columns:
    """The states of the patches, and then of single-qubit gates that are the same for all.

    Args:
        circuit: whose encoding is used.
        patches: one in each column.
        leading: those gates.
    """
    tape = example_encoding(circuit, len(patches), patches.dtype)
    if is_product(tape):
        return jax.lax.optimization_barrier(product_states(qubit_states(circuit, patches, leading)))

    def record(patch: Float[Array, " pixels"]) -> Any:
        tape = record_encoding(circuit, patch)
        gates = [gate for gate in built_together(tape.gates) if has_angles(gate)]
        return tape.initial, [gate.matrix if gate.rates is None else _angle(gate) for gate in gates]

    initial, values = jax.vmap(record, in_axes=-1, out_axes=-1)(patches)
    if initial is None:
        initial = jnp.zeros((2**tape.num_qubits, patches.shape[1]), patches.dtype).at[0].set(1)
    states = _gates_of_each(as_columns(initial), tape, values)
    return program(leading, tape.num_qubits, _SHARED_BLOCK).run_in_order(states)


def encoded_state(circuit: Circuit, patch: Float[Array, " pixels"]) -> Array:
    """The state (2^n,) of one patch; real if all gates of the encoding are."""
    state = encoded(circuit, patch[:, None])[..., 0]
    return state[:, 0] if state.shape[1] == 1 else jax.lax.complex(state[:, 0], state[:, 1])


def _gates_of_each(states: Columns, tape: Tape, values: list[Array]) -> Columns:
    """The states after a tape.

    Args:
        states: one for each patch.
        tape: of any patch.
        values: of each gate that depends on the patch, the angle (columns,) if it is diagonal, else the matrix
            (2^k, 2^k, columns).
    """
    own = iter(values)
    for kind, run in groupby(tape.gates, _kind):
        gates = list(run)
        if kind == "shared":
            states = program(gates, tape.num_qubits, _SHARED_BLOCK).run_in_order(states)
        elif kind == "phases":
            thetas = jnp.stack([next(own) for _ in gates])
            sin, cos = sincos(phase_angles(gates, tape.num_qubits, thetas))
            states = multiply(jax.lax.complex(cos, sin), states)
        else:
            for gate in gates:
                states = _dense(gate, next(own), states)
    return states


def _angle(gate: Gate) -> Array:
    """The angle of a diagonal gate."""
    return jnp.asarray(value_of(gate.params["theta"]), gate.dtype)


def _kind(gate: Gate) -> Literal["shared", "phases", "dense"]:
    """How a gate of an encoding is applied."""
    if not has_angles(gate):
        return "shared"
    return "dense" if gate.rates is None else "phases"


def _dense(gate: Gate, matrices: Array, states: Columns) -> Columns:
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
