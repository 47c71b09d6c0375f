"""An ansatz as part of a larger one: on some of the qubits, gate by gate or as one gate."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Array, Float

from qconv.alike import built_together
from qconv.ansatz.base import Ansatz
from qconv.dense import matrix_of_gates
from qconv.gate_table import Matrix
from qconv.gates import CircuitBuilder, Tape


class Wires:
    """What an ansatz appends to this goes to `qubits` of `circuit`: gates on qubit k act on `qubits[k]`.

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

    def _named(self, qubits: Any) -> Any:
        """A qubit, or a sequence of them, as the whole circuit numbers them."""
        if isinstance(qubits, int | np.integer):
            return self._qubits[qubits]
        return [self._qubits[qubit] for qubit in qubits]


def matrix_of(ansatz: Ansatz, theta: Float[Array, "..."], num_qubits: int) -> Matrix:
    """The unitary (2^n, 2^n) of an ansatz on few qubits, real if all its gates are.

    As one gate, a block that a circuit repeats is computed once, and engines have little left to merge.
    """
    tape = Tape(num_qubits, theta.dtype)
    ansatz(tape, theta)
    return matrix_of_gates(built_together(tape.gates), range(num_qubits), theta.dtype)
