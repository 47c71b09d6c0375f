"""Which qubits an entangling layer joins, and its check of fields that several ansätze share."""

from typing import Literal

from qconv.errors import InputError

Pattern = Literal["ring", "chain", "all"]
"""Neighbours and the last with the first; neighbours; or every pair."""


def pairs(pattern: Pattern, num_qubits: int) -> list[tuple[int, int]]:
    """The pairs of an entangling layer, in order; a ring of two qubits has one pair, not the same one twice."""
    if pattern == "all":
        return [(a, b) for a in range(num_qubits) for b in range(a + 1, num_qubits)]
    neighbours = [(q, q + 1) for q in range(num_qubits - 1)]
    closing = [(num_qubits - 1, 0)] if pattern == "ring" and num_qubits > 2 else []
    return neighbours + closing


def check_depth(depth: int) -> None:
    """Refuses a negative number of layers.

    Raises:
        InputError: so.
    """
    if depth < 0:
        raise InputError(f"depth = {depth}; allowed: 0 or more layers")
