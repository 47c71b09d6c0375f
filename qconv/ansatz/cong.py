"""The quantum convolutional neural network of Cong, Choi and Lukin with general unitaries."""

from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz
from qconv.ansatz.hur_pooling import HurPooling
from qconv.ansatz.wires import matrix_of
from qconv.errors import InputError
from qconv.gate_table import Matrix, complex_dtype
from qconv.gates import CircuitBuilder

_PAULIS = (np.eye(2), np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1]))
_MAX_DENSE = 5


@dataclass(frozen=True)
class CongQCNN(Ansatz):
    """General three-qubit unitaries on neighbours, pooling of three qubits into one, and a general unitary at the end.

    Each of `depth` layers has three convolutions: one unitary on the qubits (0, 1, 2), (3, 4, 5), ..., another on
    (1, 2, 3), (4, 5, 6), ..., a third on (2, 3, 4), .... Then of three neighbours the middle one stays; each of the
    others turns it, as a measurement of them would decide: a rotation for each outcome (`HurPooling("general")`). What
    the chain has beyond threes is a group of two, of which the second stays, or of one. A general unitary on the qubits
    that are left is the fully connected layer, and the readout sees the middle one of them. Unitaries are
    exp(-i sum_k theta_k P_k) over all products of Pauli matrices but the identity: 63 angles for three qubits.

    On 9 qubits 264 parameters. The published network has 15 qubits, a first convolution on four qubits, and more
    parameters; its layout here follows the paper's description (convolutions on three neighbours, measured qubits that
    control rotations of the others, a last unitary on what is left), not its figures gate by gate.

    Source: Cong, Choi and Lukin, "Quantum convolutional neural networks", Nature Physics 15, 1273 (2019), the section
    on the QCNN circuit model and methods.
    """

    depth: int = 1
    """Number of layers of convolution and pooling."""

    def __post_init__(self) -> None:
        if self.depth < 1:
            raise InputError(f"depth = {self.depth}; allowed: 1 or more layers")

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
        """(angles,): of the three convolutions and the two poolings of each layer, then of the last unitary."""
        return (self.depth * (3 * 63 + 2 * 6) + 4 ** len(self.layers(num_qubits)[-1]) - 1,)

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "angles"]) -> None:
        """Layer by layer."""
        *before, last = self.layers(circuit.num_qubits)
        split = self.depth * (3 * 63 + 2 * 6)
        for left, angles in zip(before, theta[:split].reshape(self.depth, -1), strict=True):
            unitaries = jax.vmap(lambda own: special_unitary(own, 3))(angles[: 3 * 63].reshape(3, 63))
            for shift, unitary in enumerate(unitaries):
                for group in _threes(left[shift:]):
                    if len(group) == 3:
                        circuit.unitary(*group, unitary=unitary)
            for position, own in ((0, angles[-12:-6]), (2, angles[-6:])):
                pooling = matrix_of(HurPooling("general"), own, 2)
                for group in _threes(left):
                    if len(group) > max(1, position):
                        circuit.unitary(group[1], group[position], unitary=pooling)
        circuit.unitary(*last, unitary=special_unitary(theta[split:], len(last)))


def special_unitary(theta: Float[Array, "angles"], num_qubits: int) -> Matrix:
    """exp(-i sum_k theta_k P_k) over the 4^n - 1 products of Pauli matrices, I..IX, I..IY, ..., Z..Z, in radians."""
    generators = jnp.asarray(_generators(num_qubits), complex_dtype(theta.dtype))
    return jax.scipy.linalg.expm(-1j * jnp.tensordot(theta, generators, 1))


@lru_cache(maxsize=8)
def _generators(num_qubits: int) -> np.ndarray:
    return np.stack([reduce(np.kron, factors) for factors in product(_PAULIS, repeat=num_qubits)][1:])


def _threes(qubits: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [qubits[start : start + 3] for start in range(0, len(qubits), 3)]
