"""The `fused` engine: the ansatz as a few operations on the states of all patches, for registers of many qubits.

Gates are gathered into permutations, phases and dense blocks of a few qubits (see `operations`). Each runs over
as many patches at once as the cache holds. Single-qubit gates at the start join the encoding; permutations and
phases at the end join the observables.
"""

import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.chunks import in_chunks
from qconv.circuit.circuit import Circuit, record_ansatz
from qconv.circuit.measurement import Basis, bases, expectations_in, in_order
from qconv.circuit.operations import Operation, Permutation, Phases, built_together, operations
from qconv.circuit.states import encoded
from qconv.gates import Gate

_CHUNK_BYTES = 2**19
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
    leading, rest = leading_gates(built_together(record_ansatz(circuit, theta, num_qubits).gates))
    steps = operations(rest, num_qubits, block_size(num_qubits))
    measured = bases(circuit.observables(len(columns)), theta.dtype)
    if len(measured) == 1 and not measured[0].turn:
        steps, measured = _with_steps_in_observables(steps, measured[0])

    def evaluate(chunk: Float[Array, "pixels chunk"]) -> Float[Array, "channels chunk"]:
        states = encoded(circuit, chunk, leading)
        for step in steps:
            states = step.apply(states)
        channels = []
        for basis in measured:
            turned = states
            for turn in operations(basis.turn, num_qubits, block_size(num_qubits)):
                turned = turn.apply(turned)
            channels.append((basis, expectations_in(basis.diagonals, turned)))
        return in_order(channels)

    amplitudes = 2 ** (num_qubits + 1)
    return in_chunks(evaluate, columns, max(1, _CHUNK_BYTES // (amplitudes * theta.dtype.itemsize)))


def leading_gates(gates: list[Gate]) -> tuple[list[Gate], list[Gate]]:
    """The single-qubit gates on qubits that no larger gate has reached, and the rest."""
    leading, rest = [], []
    reached: set[int] = set()
    for gate in gates:
        if len(gate.qubits) == 1 and gate.qubits[0] not in reached:
            leading.append(gate)
        else:
            rest.append(gate)
            reached |= set(gate.qubits)
    return leading, rest


def _with_steps_in_observables(steps: list[Operation], basis: Basis) -> tuple[list[Operation], list[Basis]]:
    """Phases do nothing to observables in Z, and a permutation before them is one of their eigenvalues."""
    diagonals = basis.diagonals
    while steps and isinstance(steps[-1], Permutation | Phases):
        last, steps = steps[-1], steps[:-1]
        if isinstance(last, Permutation):
            diagonals = diagonals[:, np.argsort(last.source)]
    return steps, [Basis((), basis.members, diagonals)]
