"""Which qubits the two-qubit gates of a layer join."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from qconv.errors import InputError
from qconv.gates.tape import CircuitBuilder, Tape

Pattern = Literal["ring", "chain", "all"]
"""Neighbours and the last with the first; neighbours; or every pair."""


def pairs(pattern: Pattern, num_qubits: int) -> list[tuple[int, int]]:
    """The pairs of an entangling layer, in order; a ring of two qubits has one pair, not the same one twice."""
    if pattern == "all":
        return [(a, b) for a in range(num_qubits) for b in range(a + 1, num_qubits)]
    neighbours = [(q, q + 1) for q in range(num_qubits - 1)]
    closing = [(num_qubits - 1, 0)] if pattern == "ring" and num_qubits > 2 else []
    return neighbours + closing


def check_pairs(owner: Any, num_qubits: int) -> None:
    """Refuses a register without a pair of qubits, for an ansatz or a readout that joins pairs.

    Raises:
        InputError: fewer than two qubits.
    """
    if num_qubits < 2:
        raise InputError(
            f"{type(owner).__name__} joins pairs of qubits, but there are {num_qubits}; allowed: at least 2"
        )


class Wires:
    """Some of the qubits of a circuit, as a register of its own: gates on qubit k of it act on `qubits[k]` of that.

    Works on anything that gates are appended to: a `Tape`, a TensorCircuit circuit, other `Wires`.

    Attributes:
        num_qubits: size of the register, the number of `qubits`.
    """

    def __init__(self, circuit: CircuitBuilder, qubits: tuple[int, ...]) -> None:
        self._circuit = circuit
        self._qubits = qubits
        self.num_qubits = len(qubits)

    def __getattr__(self, name: str) -> Callable[..., None]:
        gate = getattr(self._circuit, name)

        def append(*index: Any, **params: Any) -> None:
            gate(*(self._named(qubits) for qubits in index), **params)

        return append

    def append_block(self, qubits: Sequence[tuple[int, ...]], build: Callable[[CircuitBuilder], None]) -> None:
        """Appends a block to the whole circuit; see `append_block` of this module."""
        append_block(self._circuit, [tuple(self._named(places)) for places in qubits], build)

    def _named(self, qubits: Any) -> Any:
        """A qubit, or a sequence of them, as the whole circuit numbers them."""
        if isinstance(qubits, int | np.integer):
            return self._qubits[qubits]
        return [self._qubits[qubit] for qubit in qubits]


def append_block(
    circuit: CircuitBuilder, qubits: Sequence[tuple[int, ...]], build: Callable[[CircuitBuilder], None]
) -> None:
    """Appends the same gates, with the same angles, on several tuples of qubits.

    A tape keeps them as one `Block`, whose matrix engines compute once for all copies; others are given all the gates.

    Args:
        circuit: has all of `qubits`.
        qubits: (copies, k), in order.
        build: appends the gates to a circuit of k qubits.
    """
    if isinstance(circuit, Tape | Wires):
        circuit.append_block(qubits, build)
    else:
        for places in qubits:
            build(Wires(circuit, places))
