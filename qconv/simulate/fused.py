"""The `fused` engine: the ansatz as a few operations on the states of all patches, for registers of many qubits.

Gates are gathered into permutations, phases and dense blocks of a few qubits (`qconv.lowering.fusion`). Each runs over
as many patches at once as the cache holds. Single-qubit gates at the start join the encoding; permutations and
phases at the end join the observables.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, block_angles, scaled
from qconv.gates.tape import Gate
from qconv.lowering.absorption import leading_gates, seen
from qconv.lowering.columns import Columns
from qconv.lowering.encoded_states import encoder
from qconv.lowering.fusion import ansatz_gates
from qconv.lowering.observables import bases, expectations_in, in_order
from qconv.lowering.reupload import Upload, between, upload
from qconv.lowering.schedule import Program, program
from qconv.simulate.chunks import in_chunks

_CHUNK_BYTES = 2**22
"""Amplitudes of one chunk of patches: what stays in the cache from one operation to the next."""


def patches_at_once(circuit: Circuit, patch_size: int, dtype: np.dtype) -> int:
    """Patches of a chunk."""
    return max(1, _CHUNK_BYTES // (2 ** (circuit.num_qubits(patch_size) + 1) * np.dtype(dtype).itemsize))


def block_size(num_qubits: int) -> int:
    """Qubits of a dense block: blocks of equal size, at most 5 qubits each."""
    return -(-num_qubits // -(-num_qubits // 5))


def expectations(
    circuit: Circuit,
    theta: Float[Array, "..."],
    columns: Float[Array, "pixels columns"],
    scaling: Float[Array, "blocks pixels"] | None = None,
) -> Float[Array, "channels columns"]:
    """See `qconv.simulate.expectations.expectations`; patches are columns here."""
    num_qubits = circuit.num_qubits(len(columns))
    observables = circuit.observables(len(columns))
    ansatze = [ansatz_gates(circuit, angles, num_qubits) for angles in block_angles(circuit, theta)]
    ansatze[-1] = seen(ansatze[-1], observables)
    measured = bases(observables, theta.dtype)
    leading, rest = leading_gates(ansatze[0])
    encode = encoder(circuit, len(columns), leading)
    parts = [rest]
    if circuit.reuploads:
        again = upload(circuit, len(columns), theta.dtype)
        first = _chained([rest, again.opening], num_qubits)
        later = _stacked(circuit, theta[1:-1], again, num_qubits) if circuit.reuploads > 1 else None
        parts = leading_gates([*again.closing, *ansatze[-1]])
    ansatz = _chained(parts, num_qubits, measured=not any(basis.turn for basis in measured))
    turns = [program(basis.turn, num_qubits, block_size(num_qubits), ansatz.names) for basis in measured]

    def evaluate(chunk: Float[Array, "pixels chunk"]) -> Float[Array, "channels chunk"]:
        states = encode(scaled(chunk, scaling, 0))
        if circuit.reuploads:
            states = between(states, again, chunk, scaling, first.run_in_order, later)
        states = ansatz.run(states)
        channels = [
            (basis, expectations_in(basis, turn.names, turn.run(states)))
            for basis, turn in zip(measured, turns, strict=True)
        ]
        return circuit.readout.decode(in_order(channels))

    return in_chunks(evaluate, columns, patches_at_once(circuit, len(columns), theta.dtype))


def _chained(parts: Sequence[Sequence[Gate]], num_qubits: int, measured: bool = False) -> Program:
    """One program of several: layers repeat within a part, and no block has gates of two."""
    whole = Program([], np.arange(2**num_qubits))
    for part in parts:
        own = program(part, num_qubits, block_size(num_qubits), whole.names, measured and part is parts[-1])
        whole = Program([*whole.steps, *own.steps], own.names)
    return whole


def _stacked(
    circuit: Circuit, thetas: Float[Array, "blocks ..."], again: Upload, num_qubits: int
) -> tuple[Callable[[list[Any], Columns], Columns], list[Any]]:
    """What comes between two encodings with each of `thetas`: a function of values and states, and the values."""

    def block(theta: Float[Array, "..."]) -> Program:
        leading, rest = leading_gates([*again.closing, *ansatz_gates(circuit, theta, num_qubits)])
        return _chained([leading, rest, again.opening], num_qubits)

    values, structure = jax.tree.flatten(jax.vmap(block)(thetas))
    return lambda values, states: jax.tree.unflatten(structure, values).run_in_order(states), values
