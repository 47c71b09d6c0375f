"""The pooling circuits of quantum convolutional neural networks: what a discarded qubit knows moves to another."""

from dataclasses import dataclass
from itertools import chain
from typing import Literal

from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz
from qconv.bounds import require
from qconv.errors import InputError
from qconv.gates.tape import CircuitBuilder
from qconv.gates.wiring import check_pairs

Pooling = Literal["zx", "general"]
"""CRZ, X, CRX; or any rotation of the sink for each state of the source."""

_NUM_PARAMS = {"zx": 2, "general": 6}


def num_pooling_params(kind: Pooling) -> int:
    """Parameters of a block: 2 for "zx", 6 for "general".

    Raises:
        InputError: there is no such pooling.
    """
    if kind not in _NUM_PARAMS:
        raise InputError(f"kind = {kind!r}; allowed: 'zx', 'general'")
    return _NUM_PARAMS[kind]


def pooling_block(
    circuit: CircuitBuilder, kind: Pooling, source: int, sink: int, theta: Float[Array, "angles"]
) -> None:
    """Appends one block: a gate on the sink where the source is 1, and another where it is 0.

    The X between them is not undone: the source is not read afterwards.

    Args:
        circuit: has the qubits `source` and `sink`.
        kind: as in `HurPooling`.
        source: the qubit that is given up.
        sink: the qubit that is kept.
        theta: `num_pooling_params(kind)` angles in radians, in the order of the gates.
    """
    if kind == "zx":
        circuit.crz(source, sink, theta=theta[0])
        circuit.x(source)
        circuit.crx(source, sink, theta=theta[1])
    else:
        circuit.cu(source, sink, theta=theta[0], phi=theta[1], lbd=theta[2])
        circuit.x(source)
        circuit.cu(source, sink, theta=theta[3], phi=theta[4], lbd=theta[5])


@dataclass(frozen=True)
class HurPooling(Ansatz):
    """One pooling circuit on each (source, sink): the information of two qubits in one of them.

    All qubits stay in the register: read the sinks only, for instance with `Probabilities(qubits=(0, 2))`. Has 2 ("zx")
    or 6 ("general") parameters if `shared`, else as many for each pair. Needs at least two qubits.

    Source: Hur, Kim and Park, "Quantum convolutional neural network for classical data classification", Quantum Machine
    Intelligence 4:3 (2022), section on pooling and the authors' code: "zx"; Kim, Huh and Park, "Classical-to-quantum
    convolutional neural network transfer learning", Neurocomputing 555, 126643 (2023): "general".
    """

    kind: Pooling = "zx"
    """CRZ, X on the source, CRX; or a controlled U3, X, another controlled U3."""
    pairs: tuple[tuple[int, int], ...] | None = None
    """(source, sink) in order; by default (1, 0), (3, 2), ..., where an odd last qubit is left as it is."""
    shared: bool = True
    """Whether all pairs have the same angles, as in a convolution; else each has its own."""

    def __post_init__(self) -> None:
        num_pooling_params(self.kind)
        fits = self.pairs is None or (self.pairs and all(len(pair) == 2 == len(set(pair)) for pair in self.pairs))
        require(self, "pairs", bool(fits), "one or more pairs of different qubits, or None")

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(angles,) if shared, else (pairs, angles).

        Raises:
            InputError: fewer than two qubits, or a pair that the register does not have.
        """
        pairs = self._pairs(num_qubits)
        check_pairs(self, num_qubits)
        for qubit in chain(*pairs):
            if not 0 <= qubit < num_qubits:
                raise InputError(f"qubit {qubit} is pooled; allowed: 0 .. {num_qubits - 1}")
        return (*(() if self.shared else (len(pairs),)), num_pooling_params(self.kind))

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "*pairs angles"]) -> None:
        """Pair by pair."""
        for index, (source, sink) in enumerate(self._pairs(circuit.num_qubits)):
            pooling_block(circuit, self.kind, source, sink, theta if self.shared else theta[index])

    def _pairs(self, num_qubits: int) -> tuple[tuple[int, int], ...]:
        return tuple((q + 1, q) for q in range(0, num_qubits - 1, 2)) if self.pairs is None else self.pairs
