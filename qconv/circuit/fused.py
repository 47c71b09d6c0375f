"""The `fused` engine: the ansatz as a few operations on the states of all patches, for registers of many qubits.

Gates are gathered into permutations, phases and dense blocks of a few qubits (see `operations`). Each runs over
as many patches at once as the cache holds. Single-qubit gates at the start join the encoding; permutations and
phases at the end join the observables.
"""

import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.chunks import in_chunks
from qconv.circuit.circuit import Circuit, record_ansatz
from qconv.circuit.ends import leading_gates
from qconv.circuit.light_cone import seen
from qconv.circuit.measurement import bases, expectations_in, in_order
from qconv.circuit.program import program
from qconv.circuit.states import encoded

_CHUNK_BYTES = 2**22
"""Amplitudes of one chunk of patches: what stays in the cache from one operation to the next."""


def bytes_needed(circuit: Circuit, patch_size: int, dtype: np.dtype) -> int:
    """Memory for the state of one patch after each operation, about, which the gradient needs."""
    return 64 * 2 ** circuit.num_qubits(patch_size) * np.dtype(dtype).itemsize


def block_size(num_qubits: int) -> int:
    """Qubits of a dense block: blocks of equal size, at most 5 qubits each."""
    return -(-num_qubits // -(-num_qubits // 5))


def expectations(
    circuit: Circuit, theta: Float[Array, "..."], columns: Float[Array, "pixels columns"]
) -> Float[Array, "channels columns"]:
    """See `qconv.circuit.expectations.expectations`; patches are columns here."""
    num_qubits = circuit.num_qubits(len(columns))
    block = block_size(num_qubits)
    gates = seen(record_ansatz(circuit, theta, num_qubits).gates, circuit.observables(len(columns)))
    leading, rest = leading_gates(gates)
    measured = bases(circuit.observables(len(columns)), theta.dtype)
    ansatz = program(rest, num_qubits, block, measured=not any(basis.turn for basis in measured))
    turns = [program(basis.turn, num_qubits, block, ansatz.names) for basis in measured]

    def evaluate(chunk: Float[Array, "pixels chunk"]) -> Float[Array, "channels chunk"]:
        states = ansatz.run(encoded(circuit, chunk, leading))
        channels = [
            (basis, expectations_in(basis.diagonals[:, turn.names], turn.run(states)))
            for basis, turn in zip(measured, turns, strict=True)
        ]
        return circuit.readout.decode(in_order(channels))

    amplitudes = 2 ** (num_qubits + 1)
    return in_chunks(evaluate, columns, max(1, _CHUNK_BYTES // (amplitudes * theta.dtype.itemsize)))
