"""The quantum convolutional neural network of Cong, Choi and Lukin with general unitaries."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz
from qconv.bounds import require
from qconv.errors import InputError
from qconv.gates.kinds import Matrix, complex_dtype
from qconv.gates.tape import CircuitBuilder

_MAX_DENSE = 5
_PAIRS = ((2, 3), (0, 1), (0, 3), (0, 2), (1, 3), (1, 2))
"""Of four neighbours, in the order of the gates."""


@dataclass(frozen=True)
class CongQCNN(Ansatz):
    """General unitaries on neighbours, pooling of three qubits into one, and a general unitary at the end.

    Each of `depth` layers has four convolutions. The first is one two-qubit unitary on all pairs of four neighbours,
    which start at qubits 0, 2, 5, 8, ...; then come three-qubit unitaries, one on the qubits (0, 1, 2), (3, 4, 5), ...,
    another on (1, 2, 3), (4, 5, 6), ..., a third on (2, 3, 4), .... Of three neighbours the middle one stays: the other
    two are measured in the X basis, and each turns it by a unitary of its own where the outcome is -1. What the chain
    has beyond threes is a group of two, of which the second stays, or of one. A general unitary on the qubits that are
    left is the fully connected layer, and the readout sees the middle one of them. Unitaries are exp(-i sum_k theta_k
    L_k) with the generalised Gell-Mann matrices L_k: 63 angles for three qubits. A convolution that has no room,
    on three or four qubits, has no angles.

    On 9 qubits 273 parameters; on 15, the published size, 1,233.

    Source: Cong, Choi and Lukin, "Quantum convolutional neural networks", Nature Physics 15, 1273 (2019). The
    pairs of the first convolution, and where it is applied, are read off github.com/Jaybsoni/
    Quantum-Convolutional-Neural-Networks (qml_src/qml/layers.py), which rebuilt the network with the help of its first
    author.
    """

    depth: int = 1
    """Number of layers of convolution and pooling."""

    def __post_init__(self) -> None:
        require(self, "depth", self.depth >= 1, "1 or more layers")

    def layers(self, num_qubits: int) -> list[tuple[int, ...]]:
        """The qubits that are left before each layer, and after the last one.

        Raises:
            InputError: fewer than three qubits in a layer, or more than five at the end.
        """
        found = [tuple(range(num_qubits))]
        for _ in range(self.depth):
            left = found[-1]
            if len(left) < 3:
                raise InputError(f"depth = {self.depth} leaves {len(left)} qubits of {num_qubits}; allowed: 3 a layer")
            found.append(tuple(group[min(1, len(group) - 1)] for group in _threes(left)))
        if len(found[-1]) > _MAX_DENSE:
            raise InputError(f"{len(found[-1])} qubits of {num_qubits} are left; allowed: {_MAX_DENSE} at most")
        return found

    def kept(self, num_qubits: int) -> tuple[int, ...]:
        """The middle one of the last qubits."""
        last = self.layers(num_qubits)[-1]
        return (last[len(last) // 2],)

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(angles,): of the four convolutions and the two poolings of each layer, then of the last unitary."""
        *before, last = self.layers(num_qubits)
        return (sum(sum(_sizes(left)) for left in before) + 4 ** len(last) - 1,)

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "angles"]) -> None:
        """Layer by layer."""
        *before, last = self.layers(circuit.num_qubits)
        for left in before:
            fours, threes, poolings, theta = jnp.split(theta, np.cumsum(_sizes(left)))
            if fours.size:
                _convolve_fours(circuit, left, special_unitary(fours, 2))
            for shift, unitary in enumerate(_unitaries(threes.reshape(-1, 63), 3)):
                for group in _threes(left[shift:]):
                    if len(group) == 3:
                        circuit.unitary(*group, unitary=unitary)
            _pool(circuit, left, _unitaries(poolings.reshape(2, 3), 1))
        circuit.unitary(*last, unitary=special_unitary(theta, len(last)))


def _sizes(left: tuple[int, ...]) -> tuple[int, int, int]:
    """Angles of the convolution of four qubits, of those of three, and of the poolings."""
    return 15 * (len(left) > 3), 63 * min(3, len(left) - 2), 2 * 3


def _convolve_fours(circuit: CircuitBuilder, left: tuple[int, ...], unitary: Matrix) -> None:
    for start in (0, *range(2, len(left), 3)):
        group = left[start : start + 4]
        for first, second in _PAIRS if len(group) == 4 else ():
            circuit.unitary(group[first], group[second], unitary=unitary)


def _pool(circuit: CircuitBuilder, left: tuple[int, ...], unitaries: Array) -> None:
    for group in _threes(left):
        for position, unitary in zip((0, 2), unitaries, strict=True):
            if len(group) > max(1, position):
                circuit.h(group[position])
                controlled = jnp.eye(4, dtype=unitary.dtype).at[2:, 2:].set(unitary)
                circuit.unitary(group[position], group[1], unitary=controlled)


def _threes(qubits: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [qubits[start : start + 3] for start in range(0, len(qubits), 3)]


def _unitaries(theta: Float[Array, "unitaries angles"], num_qubits: int) -> Array:
    return jax.vmap(lambda own: jnp.asarray(special_unitary(own, num_qubits)))(theta)


def special_unitary(theta: Float[Array, "angles"], num_qubits: int) -> Matrix:
    """exp(-i sum_k theta_k L_k) over the 4^n - 1 generalised Gell-Mann matrices, in radians.

    Source: Bertlmann and Krammer, "Bloch vectors for qudits", Journal of Physics A 41, 235303 (2008), eqs. 3 to 5.
    """
    matrices = jnp.asarray(_gell_mann(2**num_qubits), complex_dtype(theta.dtype))
    return jax.scipy.linalg.expm(-1j * jnp.tensordot(theta.astype(matrices.dtype), matrices, 1))


@lru_cache(maxsize=8)
def _gell_mann(size: int) -> np.ndarray:
    """Hermitian, traceless, with Tr L_j L_k = 2 delta_jk: symmetric and antisymmetric ones, then diagonal ones."""

    def matrices() -> Iterator[np.ndarray]:
        for value in (1, -1j):
            for row, column in zip(*np.triu_indices(size, 1), strict=True):
                matrix = np.zeros((size, size), complex)
                matrix[row, column], matrix[column, row] = value, np.conj(value)
                yield matrix
        for count in range(1, size):
            diagonal = np.array([1] * count + [-count] + [0] * (size - count - 1), complex)
            yield np.diag(diagonal * np.sqrt(2 / (count * (count + 1))))

    return np.stack(list(matrices()))
