"""The nine two-qubit convolution circuits of Hur, Kim and Park."""

from dataclasses import dataclass
from typing import Any, Literal

from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz, check_depth
from qconv.bounds import require_choices
from qconv.errors import InputError
from qconv.gates.tape import CircuitBuilder
from qconv.gates.wiring import check_pairs

_RY = "ry a, ry b"
_RX_RZ = "rx a, rx b, rz a, rz b"
_U = "u a, u b"

_BLOCKS = {
    circuit_id: tuple((name, wires) for name, wires in (gate.split() for gate in gates.split(", ")))
    for circuit_id, gates in {
        1: f"{_RY}, cnot ab",
        2: "h a, h b, cz ab, rx a, rx b",
        3: f"{_RY}, cnot ba, {_RY}, cnot ab",
        4: f"{_RY}, crz ba, {_RY}, crz ab",
        5: f"{_RY}, crx ba, {_RY}, crx ab",
        6: f"{_RY}, cnot ab, {_RY}, cnot ab, {_RY}",
        7: f"{_RX_RZ}, crz ba, crz ab, {_RX_RZ}",
        8: f"{_RX_RZ}, crx ba, crx ab, {_RX_RZ}",
        9: f"{_U}, cnot ab, ry a, rz b, cnot ba, ry a, cnot ab, {_U}",
    }.items()
}
"""Gates and their qubits in order, a control before its target; a and b are the first and the second qubit."""

_ANGLES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("h", "cz", "cnot"), ()),
    **dict.fromkeys(("rx", "ry", "rz", "crx", "crz"), ("theta",)),
    "u": ("theta", "phi", "lbd"),
}
"""What each gate takes from theta."""


def num_convolution_params(circuit_id: int) -> int:
    """Parameters of a block: 2, 2, 4, 6, 6, 6, 10, 10 and 15 for circuits 1 to 9.

    Raises:
        InputError: there is no such circuit.
    """
    if circuit_id not in _BLOCKS:
        raise InputError(f"circuit_id = {circuit_id}; allowed: 1 to {len(_BLOCKS)}")
    return sum(len(_ANGLES[name]) for name, _ in _BLOCKS[circuit_id])


def convolution_block(
    circuit: CircuitBuilder, circuit_id: int, first: int, second: int, theta: Float[Array, "angles"]
) -> None:
    """Appends one of the two-qubit circuits.

    Args:
        circuit: has the qubits `first` and `second`.
        circuit_id: 1 to 9, as in `HurConvolution`.
        first: the qubit that the paper draws above.
        second: the qubit below.
        theta: `num_convolution_params(circuit_id)` angles in radians, in the order of the gates.
    """
    qubits = {"a": first, "b": second}
    index = 0
    for name, wires in _BLOCKS[circuit_id]:
        angles: dict[str, Any] = {}
        for key in _ANGLES[name]:
            angles[key] = theta[index]
            index += 1
        getattr(circuit, name)(*(qubits[wire] for wire in wires), **angles)


def convolution_pairs(pattern: Literal["ring", "chain"], num_qubits: int) -> list[tuple[int, int]]:
    """Neighbours in the order of the paper's layer: the closing pair of a ring, then even pairs, then odd pairs.

    For eight qubits (0, 7), (0, 1), (2, 3), (4, 5), (6, 7), (1, 2), (3, 4), (5, 6). A ring of two qubits has one pair.
    """
    closing = [(0, num_qubits - 1)] if pattern == "ring" and num_qubits > 2 else []
    firsts = [*range(0, num_qubits - 1, 2), *range(1, num_qubits - 1, 2)]
    return closing + [(q, q + 1) for q in firsts]


@dataclass(frozen=True)
class HurConvolution(Ansatz):
    """`depth` layers of one two-qubit circuit on all neighbouring pairs: the convolution of a QCNN.

    Circuits by their parameters: 1 (a tree tensor network's) and 2 have 2, 3 has 4, 4 to 6 have 6 (6 gives any real
    rotation, SO(4)), 7 and 8 have 10, 9 has 15 (any two-qubit gate, SU(4), by three CNOTs). The ansatz has depth times
    as many if `shared`, else depth * pairs times, with qubits pairs on a ring and qubits - 1 on a chain or on two
    qubits. Needs at least two qubits.

    Source: Hur, Kim and Park, "Quantum convolutional neural network for classical data classification", Quantum Machine
    Intelligence 4:3 (2022), fig. 2; gate and pair orders as in the authors' code. Circuit 9 is that of Vatan and
    Williams, "Optimal quantum circuits for general two-qubit gates", Physical Review A 69, 032315 (2004).
    """

    circuit_id: int = 9
    """Which circuit, 1 to 9."""
    depth: int = 1
    """Number of layers; 0 is the identity."""
    pattern: Literal["ring", "chain"] = "ring"
    """Whether the last qubit is a neighbour of the first."""
    shared: bool = True
    """Whether all pairs of a layer have the same angles, as in a convolution; else each has its own."""

    def __post_init__(self) -> None:
        check_depth(self.depth)
        num_convolution_params(self.circuit_id)
        require_choices(self)

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(depth, angles) if shared, else (depth, pairs, angles).

        Raises:
            InputError: fewer than two qubits.
        """
        check_pairs(self, num_qubits)
        pairs = () if self.shared else (len(convolution_pairs(self.pattern, num_qubits)),)
        return self.depth, *pairs, num_convolution_params(self.circuit_id)

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "depth *pairs angles"]) -> None:
        """Pair by pair, layer by layer."""
        for layer in range(self.depth):
            for index, (a, b) in enumerate(convolution_pairs(self.pattern, circuit.num_qubits)):
                convolution_block(circuit, self.circuit_id, a, b, theta[layer] if self.shared else theta[layer, index])
