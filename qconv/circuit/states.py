"""Encoded patches as columns of states: every patch has gates of its own."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.alike import built_together
from qconv.circuit.circuit import Circuit, example_encoding, record_encoding
from qconv.circuit.columns import Columns, as_columns, multiply
from qconv.circuit.operations import phase_angles
from qconv.circuit.product_states import is_product, product_states, qubit_matrices, qubit_states
from qconv.circuit.program import program
from qconv.gates import Gate, stacked
from qconv.sincos import sincos

Kind = Literal["shared", "phases", "dense"]
"""A gate is the same for all patches, or diagonal with angles of each, or any other."""

Run = tuple[Kind, list[Gate]]
"""Gates of one kind, in order."""

SHARED_BLOCK = 4
"""Qubits of a dense block of gates that are the same for all patches, such as Hadamard gates."""


def encoder(
    circuit: Circuit, patch_size: int, leading: Sequence[Gate]
) -> Callable[[Float[Array, "pixels columns"]], Columns]:
    """A function from patches to their states after single-qubit gates that are the same for all.

    Args:
        circuit: whose encoding is used.
        patch_size: numbers of a patch.
        leading: those gates; their matrices are computed here, and not again for each chunk of patches.
    """
    tape = example_encoding(circuit, patch_size)
    if is_product(tape):
        matrices = qubit_matrices(leading, tape.num_qubits)
        return lambda patches: jax.lax.optimization_barrier(product_states(qubit_states(circuit, patches, matrices)))
    steps = program(leading, tape.num_qubits, SHARED_BLOCK)
    return lambda patches: steps.run_in_order(encoded(circuit, patches))


def encoded(circuit: Circuit, patches: Float[Array, "pixels columns"]) -> Columns:
    """The states of the patches, one in each column."""
    tape = example_encoding(circuit, len(patches), patches.dtype)
    if is_product(tape):
        return encoder(circuit, len(patches), ())(patches)

    def record(patch: Float[Array, " pixels"]) -> Any:
        own = record_encoding(circuit, patch)
        return own.initial, own_values(runs(own.gates))

    initial, values = jax.vmap(record, in_axes=-1, out_axes=-1)(patches)
    if initial is None:
        initial = jnp.zeros((2**tape.num_qubits, patches.shape[1]), patches.dtype).at[0].set(1)
    found = runs(tape.gates)
    return apply_runs(found, with_sines(found, values, tape.num_qubits), as_columns(initial))


def encoded_state(circuit: Circuit, patch: Float[Array, " pixels"]) -> Array:
    """The state (2^n,) of one patch; real if all gates of the encoding are."""
    state = jnp.asarray(encoded(circuit, patch[:, None]))[..., 0]
    return state[:, 0] if state.shape[1] == 1 else jax.lax.complex(state[:, 0], state[:, 1])


def runs(gates: Sequence[Gate]) -> list[Run]:
    """The gates in runs of a kind, each gate in the first run that it may be moved to.

    The first run and the last are of gates that all patches share, perhaps of none.
    """
    found: list[Run] = [("shared", [])]
    reached: dict[int, int] = {}  # the last run with a gate on a qubit
    for gate in gates:
        kind = _kind(gate)
        first = max(reached.get(qubit, 0) for qubit in gate.qubits)
        place = next((place for place in range(first, len(found)) if found[place][0] == kind), len(found))
        if place == len(found):
            found.append((kind, []))
        found[place][1].append(gate)
        reached |= dict.fromkeys(gate.qubits, place)
    return found if len(found) > 1 and found[-1][0] == "shared" else [*found, ("shared", [])]


def _kind(gate: Gate) -> Kind:
    if not gate.angles:
        return "shared"
    return "dense" if gate.rates is None else "phases"


def own_values(runs: Sequence[Run]) -> list[Any]:
    """What a patch has of its own for each run: angles (gates,) of phases, or the matrices of the gates."""
    return [_values(*run) for run in runs]


def _values(kind: Kind, gates: list[Gate]) -> Any:
    if kind == "shared":
        return None
    if kind == "phases":
        return stacked([gate.params["theta"] for gate in gates])
    return [gate.matrix for gate in built_together(gates)]


def with_sines(runs: Sequence[Run], values: Sequence[Any], num_qubits: int) -> list[Any]:
    """The `own_values` of all patches, but of phases sines and cosines (2^n, columns) for the amplitudes."""
    return [
        sincos(phase_angles(gates, num_qubits, own)) if kind == "phases" else own
        for (kind, gates), own in zip(runs, values, strict=True)
    ]


def apply_runs(runs: Sequence[Run], values: Sequence[Any], states: Columns) -> Columns:
    """The states after runs of the gates of any patch, with what `with_sines` returns."""
    num_qubits = len(states).bit_length() - 1
    for (kind, gates), own in zip(runs, values, strict=True):
        if kind == "shared":
            states = program(gates, num_qubits, SHARED_BLOCK).run_in_order(states)
        elif kind == "phases":
            sin, cos = own
            states = multiply(jax.lax.complex(cos, sin), states)
        else:
            for gate, matrices in zip(gates, own, strict=True):
                states = _dense(gate, matrices, states)
    return states


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
