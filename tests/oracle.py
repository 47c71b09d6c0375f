"""A dense simulator in NumPy: each gate a 2^n x 2^n matrix built with `np.kron`. Shares no code with qconv.

Matrices are those of Nielsen and Chuang, "Quantum Computation and Quantum Information", chapter 4, and of OpenQASM's
`qelib1.inc`; qubit 0 is the leftmost bit. `Dense` takes the gate calls of a TensorCircuit circuit.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import product
from typing import Any

import numpy as np
from scipy.linalg import block_diag

ID, X, Y, Z = np.eye(2), np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])
OPERATORS = {"I": ID, "X": X, "Y": Y, "Z": Z, "0": np.diag([1, 0]), "1": np.diag([0, 1])}
H = (X + Z) / np.sqrt(2)
SWAP = (np.kron(ID, ID) + np.kron(X, X) + np.kron(Y, Y) + np.kron(Z, Z)) / 2
CNOT = block_diag(ID, X)


def assert_close(actual: Any, expected: Any, atol: float) -> None:
    """Without NumPy's relative tolerance of 1e-7, behind which float32 errors could hide."""
    np.testing.assert_allclose(actual, expected, rtol=0, atol=atol)


def kron(*factors: np.ndarray) -> np.ndarray:
    return reduce(np.kron, factors)


def evolution(hamiltonian: np.ndarray, time: float) -> np.ndarray:
    """exp(-i time H) by its spectrum."""
    energies, states = np.linalg.eigh(hamiltonian)
    return (states * np.exp(-1j * time * energies)) @ states.conj().T


def rotation(generator: np.ndarray) -> Callable[[Any], np.ndarray]:
    return lambda theta=0.0: evolution(generator, float(theta) / 2)


def phase(theta: Any = 0.0) -> np.ndarray:
    return np.diag([1, np.exp(1j * float(theta))])


def u(theta: Any = 0.0, phi: Any = 0.0, lbd: Any = 0.0) -> np.ndarray:
    theta, phi, lbd = float(theta), float(phi), float(lbd)
    cos, sin = np.cos(theta / 2), np.sin(theta / 2)
    return np.array([[cos, -np.exp(1j * lbd) * sin], [np.exp(1j * phi) * sin, np.exp(1j * (phi + lbd)) * cos]])


def iswap(theta: Any = 1.0) -> np.ndarray:
    return evolution(-(np.kron(X, X) + np.kron(Y, Y)) / 2, float(theta) * np.pi / 2)


def unitary(unitary: Any) -> np.ndarray:
    return np.asarray(unitary, complex)


def exp(unitary: Any, theta: Any) -> np.ndarray:
    return evolution(np.asarray(unitary, complex), float(theta))


def r(theta: Any = 0.0, alpha: Any = 0.0, phi: Any = 0.0) -> np.ndarray:
    theta, alpha, phi = float(theta), float(alpha), float(phi)
    axis = np.sin(alpha) * np.cos(phi) * X + np.sin(alpha) * np.sin(phi) * Y + np.cos(alpha) * Z
    return evolution(axis, theta)


def multicontrol(unitary: Any, ctrl: Sequence[int]) -> np.ndarray:
    """The gate where the first qubits are in the states `ctrl`."""
    on = kron(*(np.diag([1 - bit, bit]) for bit in ctrl))
    return np.kron(on, np.asarray(unitary)) + np.kron(np.eye(len(on)) - on, np.eye(len(unitary)))


def su4(theta: Any) -> np.ndarray:
    paulis = [np.kron(a, b) for a, b in product((ID, X, Y, Z), repeat=2)][1:]
    return evolution(sum(angle * pauli for angle, pauli in zip(np.asarray(theta, float), paulis, strict=True)), 1)


def controlled(gate: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    return lambda **params: block_diag(np.eye(len(gate(**params))), gate(**params))


def controlled_on_zero(gate: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    return lambda **params: block_diag(gate(**params), np.eye(len(gate(**params))))


GATES: dict[str, Callable[..., np.ndarray]] = {
    "i": lambda: ID,
    "x": lambda: X,
    "y": lambda: Y,
    "z": lambda: Z,
    "h": lambda: H,
    "s": lambda: phase(np.pi / 2),
    "t": lambda: phase(np.pi / 4),
    "sd": lambda: phase(-np.pi / 2),
    "td": lambda: phase(-np.pi / 4),
    "swap": lambda: SWAP,
    "cnot": lambda: CNOT,
    "toffoli": lambda: block_diag(np.eye(4), CNOT),
    "fredkin": lambda: block_diag(np.eye(4), SWAP),
    "phase": phase,
    "u": u,
    "iswap": iswap,
    "unitary": unitary,
    "exp": exp,
    "exp1": exp,
    "su4": su4,
    "r": r,
    "multicontrol": multicontrol,
    "wroot": lambda: np.array([[1, -np.sqrt(1j)], [np.sqrt(-1j), 1]]) / np.sqrt(2),
}
GATES |= {f"r{name}": rotation(OPERATORS[name.upper()]) for name in "xyz"}
GATES |= {f"r{name * 2}": rotation(np.kron(OPERATORS[name.upper()], OPERATORS[name.upper()])) for name in "xyz"}
GATES |= {f"c{name}": controlled(GATES[name]) for name in ("y", "z", "rx", "ry", "rz", "phase", "u", "r")}
GATES |= {f"o{name}": controlled_on_zero(GATES[name]) for name in ("x", "y", "z", "rx", "ry", "rz")}


def embed(matrix: np.ndarray, qubits: Sequence[int], num_qubits: int) -> np.ndarray:
    """A gate on some qubits of a register: beside the identity on the others, then with the qubits in their places."""
    order = [*qubits, *(q for q in range(num_qubits) if q not in qubits)]
    place = np.argsort(order)
    full = np.kron(matrix, np.eye(2 ** (num_qubits - len(qubits)))).reshape((2,) * (2 * num_qubits))
    return full.transpose(*place, *(place + num_qubits)).reshape((2**num_qubits,) * 2)


class Dense:
    """A register that starts in |0...0> and applies each gate at once."""

    def __init__(self, num_qubits: int) -> None:
        self.num_qubits = num_qubits
        self.state = np.eye(2**num_qubits, dtype=complex)[0]

    def replace_inputs(self, state: Any) -> None:
        self.state = np.asarray(state, complex)

    def __getattr__(self, name: str) -> Callable[..., None]:
        gate = GATES[name.lower()]

        def apply(*qubits: Any, **params: Any) -> None:
            if not isinstance(qubits[0], int):  # one gate for each
                params = {key: np.asarray(param) for key, param in params.items()}
                for place, own in enumerate(zip(*qubits, strict=True)):
                    apply(*own, **{key: param[place] for key, param in params.items()})
                return
            self.act(gate(**params), qubits)

        return apply

    def act(self, matrix: np.ndarray, qubits: tuple[int, ...]) -> None:
        self.state = embed(matrix, qubits, self.num_qubits) @ self.state

    def expectation(self, observable: str) -> float:
        """<state| O |state>, one letter of "IXYZ01" a qubit."""
        return np.vdot(self.state, kron(*(OPERATORS[letter] for letter in observable)) @ self.state).real


class State(Dense):
    """The same register without matrices on all of it, which from 10 qubits on take too long."""

    def __init__(self, num_qubits: int) -> None:
        self.num_qubits = num_qubits
        self.state = np.zeros(2**num_qubits, complex)
        self.state[0] = 1

    def act(self, matrix: np.ndarray, qubits: tuple[int, ...]) -> None:
        k = len(qubits)
        state = self.state.reshape((2,) * self.num_qubits)
        moved = np.tensordot(matrix.reshape((2,) * (2 * k)), state, (range(k, 2 * k), qubits))
        self.state = np.moveaxis(moved, range(k), qubits).ravel()

    def expectation(self, observable: str) -> float:
        other = State(self.num_qubits)
        other.state = self.state
        for qubit, letter in enumerate(observable):
            if letter != "I":
                other.unitary(qubit, unitary=OPERATORS[letter])
        return np.vdot(self.state, other.state).real


def expectations(circuit: Any, theta: Any, patches: Any, scaling: Any = None, kind: type[Dense] = Dense) -> np.ndarray:
    """What `qconv.simulate.expectations.expectations` returns, patch by patch."""
    rows = []
    for patch in patches:
        register = kind(circuit.encoding.num_qubits(len(patch)))
        for block in range(circuit.reuploads + 1):
            circuit.encoding(register, patch if scaling is None else patch * scaling[block])
            circuit.ansatz(register, theta[block] if circuit.reuploads else theta)
        rows.append([register.expectation(o) for o in circuit.readout.observables(register.num_qubits)])
    return np.array(rows)


def output_axis(size: int, kernel: int, stride: int, padding: Any, dilation: int) -> tuple[int, int]:
    """Length of a convolution's output along one axis, and the zeros before the image; SAME is TensorFlow's."""
    extent = dilation * (kernel - 1) + 1
    if padding == "SAME":
        length = -(-size // stride)
        return length, max((length - 1) * stride + extent - size, 0) // 2
    before, after = (0, 0) if padding == "VALID" else padding
    return (size + before + after - extent) // stride + 1, before


def windows(
    image: np.ndarray,
    kernel: tuple[int, int],
    strides: tuple[int, int] = (1, 1),
    padding: Any = "SAME",
    dilation: tuple[int, int] = (1, 1),
) -> np.ndarray:
    """The windows of a convolution, (rows, columns, kernel height, kernel width, channels), pixel by pixel."""
    height, width, channels = image.shape
    sides = (padding, padding) if isinstance(padding, str) else padding
    rows, top = output_axis(height, kernel[0], strides[0], sides[0], dilation[0])
    columns, left = output_axis(width, kernel[1], strides[1], sides[1], dilation[1])
    found = np.zeros((rows, columns, *kernel, channels), image.dtype)
    for row, column, i, j in product(range(rows), range(columns), range(kernel[0]), range(kernel[1])):
        y, x = row * strides[0] + i * dilation[0] - top, column * strides[1] + j * dilation[1] - left
        if 0 <= y < height and 0 <= x < width:
            found[row, column, i, j] = image[y, x]
    return found
