"""Which qubits the two-qubit gates of a layer join."""

from typing import Literal

Pattern = Literal["ring", "chain", "all"]
"""Neighbours and the last with the first; neighbours; or every pair."""


def pairs(pattern: Pattern, num_qubits: int) -> list[tuple[int, int]]:
    """The pairs of an entangling layer, in order; a ring of two qubits has one pair, not the same one twice."""
    if pattern == "all":
        return [(a, b) for a in range(num_qubits) for b in range(a + 1, num_qubits)]
    neighbours = [(q, q + 1) for q in range(num_qubits - 1)]
    closing = [(num_qubits - 1, 0)] if pattern == "ring" and num_qubits > 2 else []
    return neighbours + closing
