"""The nineteen circuits of Sim, Johnson and Aspuru-Guzik."""

from collections.abc import Callable
from dataclasses import dataclass

from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz, check_depth
from qconv.bounds import require
from qconv.gates.tape import CircuitBuilder

Wiring = Callable[[int], list[tuple[int, ...]]]
"""The qubits of a gate and its repetitions on a register of n qubits, in order; a control comes before its target."""

Step = tuple[str, Wiring]
"""The name of a gate, and where it acts."""


def _every(n: int) -> list[tuple[int, ...]]:
    return [(q,) for q in range(n)]


def _inner(n: int) -> list[tuple[int, ...]]:
    """All but the first and the last qubit."""
    return [(q,) for q in range(1, n - 1)]


def _ladder(n: int) -> list[tuple[int, ...]]:
    """From the last qubit up: (3, 2), (2, 1), (1, 0)."""
    return [(q, q - 1) for q in range(n - 1, 0, -1)]


def _closed_ladder(n: int) -> list[tuple[int, ...]]:
    """The ladder and (3, 0); not for two qubits, where the second CZ of the pair would undo the first."""
    return _ladder(n) + ([(n - 1, 0)] if n > 2 else [])


def _even(n: int) -> list[tuple[int, ...]]:
    """(1, 0), (3, 2)."""
    return [(q + 1, q) for q in range(0, n - 1, 2)]


def _odd(n: int) -> list[tuple[int, ...]]:
    """(2, 1)."""
    return [(q + 1, q) for q in range(1, n - 1, 2)]


def _all(n: int) -> list[tuple[int, ...]]:
    """Every qubit controls every other, from the last qubit up."""
    return [(a, b) for a in reversed(range(n)) for b in reversed(range(n)) if a != b]


def _ring(n: int) -> list[tuple[int, ...]]:
    """(3, 0), (2, 3), (1, 2), (0, 1)."""
    return [(q, (q + 1) % n) for q in reversed(range(n)) if n > 1]


def _counter_ring(n: int) -> list[tuple[int, ...]]:
    """(3, 2), (0, 3), (1, 0), (2, 1): the other way round, from the last qubit on."""
    return [(q % n, (q - 1) % n) for q in range(n - 1, 2 * n - 1) if n > 1]


_RX_RZ: tuple[Step, ...] = (("rx", _every), ("rz", _every))
_RY_RZ: tuple[Step, ...] = (("ry", _every), ("rz", _every))
_RY_RZ_INNER: tuple[Step, ...] = (("ry", _inner), ("rz", _inner))
_RY: Step = ("ry", _every)

_LAYERS: dict[int, tuple[Step, ...]] = {
    1: _RX_RZ,
    2: (*_RX_RZ, ("cnot", _ladder)),
    3: (*_RX_RZ, ("crz", _ladder)),
    4: (*_RX_RZ, ("crx", _ladder)),
    5: (*_RX_RZ, ("crz", _all), *_RX_RZ),
    6: (*_RX_RZ, ("crx", _all), *_RX_RZ),
    7: (*_RX_RZ, ("crz", _even), *_RX_RZ, ("crz", _odd)),
    8: (*_RX_RZ, ("crx", _even), *_RX_RZ, ("crx", _odd)),
    9: (("h", _every), ("cz", _ladder), ("rx", _every)),
    10: (("cz", _closed_ladder), _RY),
    11: (*_RY_RZ, ("cnot", _even), *_RY_RZ_INNER, ("cnot", _odd)),
    12: (*_RY_RZ, ("cz", _even), *_RY_RZ_INNER, ("cz", _odd)),
    13: (_RY, ("crz", _ring), _RY, ("crz", _counter_ring)),
    14: (_RY, ("crx", _ring), _RY, ("crx", _counter_ring)),
    15: (_RY, ("cnot", _ring), _RY, ("cnot", _counter_ring)),
    16: (*_RX_RZ, ("crz", _even), ("crz", _odd)),
    17: (*_RX_RZ, ("crx", _even), ("crx", _odd)),
    18: (*_RX_RZ, ("crz", _ring)),
    19: (*_RX_RZ, ("crx", _ring)),
}
"""The gates of one layer."""

_FIRST: dict[int, tuple[Step, ...]] = {10: (_RY,)}
"""What comes once, before the layers."""

_FIXED = {"h", "cnot", "cz"}
"""Gates without an angle."""


@dataclass(frozen=True)
class SimCircuit(Ansatz):
    """Circuit `circuit_id` of nineteen that were compared in how much of the state space they reach.

    Parameters of a layer on n qubits:

        1, 2, 15           2n
        3, 4, 16, 17       3n - 1
        5, 6               n^2 + 3n
        7, 8               5n - 1
        9                  n
        10                 n, and n once before the layers
        11, 12             4n - 4
        13, 14             4n
        18, 19             3n

    Drawn there for four qubits, here for any number; on one qubit only the gates of single qubits remain, so the counts
    hold from two on. A ring of two qubits runs there and back, but the ring of circuit 10 has one CZ then: two would
    cancel.

    Source: Sim, Johnson and Aspuru-Guzik, "Expressibility and entangling capability of parameterized quantum circuits
    for hybrid quantum-classical algorithms", Advanced Quantum Technologies 2, 1900070 (2019), fig. 2, and the table of
    costs.
    """

    circuit_id: int = 14
    """Which circuit, 1 to 19. Circuit 1 has no entanglement; 6 and 14 reach most of the state space."""
    depth: int = 1
    """Number of layers; 0 leaves what comes before them: RY on every qubit in circuit 10, else nothing."""

    def __post_init__(self) -> None:
        check_depth(self.depth)
        require(self, "circuit_id", self.circuit_id in _LAYERS, f"1 to {len(_LAYERS)}")

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(angles,): in the order of the gates."""
        return (sum(name not in _FIXED for name, _ in self._gates(num_qubits)),)

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "angles"]) -> None:
        """Layer by layer."""
        angles = iter(range(theta.size))
        for name, qubits in self._gates(circuit.num_qubits):
            getattr(circuit, name)(*qubits, **({} if name in _FIXED else {"theta": theta[next(angles)]}))

    def _gates(self, num_qubits: int) -> list[tuple[str, tuple[int, ...]]]:
        steps = _FIRST.get(self.circuit_id, ()) + self.depth * _LAYERS[self.circuit_id]
        return [(name, qubits) for name, wiring in steps for qubits in wiring(num_qubits)]
