"""Ground states of the cluster-Ising chain, the phase-recognition task of Cong, Choi and Lukin."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from qconv.bounds import require, require_at_least
from qconv.data.dataset import ArraySource, Dataset, Element, Plane, Split, no_pictures

_TIE = 1e-3
"""Energies in units of J that count as equal: the edges of the topological phase are free, but for terms that fall
exponentially with the length of the chain."""

BOUNDARY = np.array(
    [
        [0.0, -1.0, 1.0],
        [0.1, -1.004, 0.8439],
        [0.2556, -1.0009, 0.6636],
        [0.4111, -1.024, 0.5033],
        [0.5667, -1.049, 0.3631],
        [0.7222, -1.079, 0.2229],
        [0.8778, -1.109, 0.09766],
        [1.0333, -1.154, -0.02755],
        [1.1889, -1.225, -0.1377],
        [1.3444, -1.285, -0.2479],
        [1.5, -1.35, -0.3531],
        [1.6, -1.392, -0.4207],
    ]
)
"""h1/J, and the h2/J below and above which the topological phase ends: the published points of an infinitely long chain
(DMRG; as github.com/Jaybsoni/Quantum-Convolutional-Neural-Networks plots them, qcnns_for_phase_recog/
qcnn_classify_phases.py), the exact ones at h1 = 0, and the last two prolonged to 1.6."""


@dataclass(frozen=True)
class ClusterIsing(Dataset):
    """Ground states of H = -J sum Z X Z - h1 sum X - h2 sum X X on an open chain, by exact diagonalisation.

    An image has the shape (1, 2^num_qubits, 1): the real amplitudes, in [-1, 1], the largest of them positive. Label 1
    is the symmetry-protected topological (SPT) phase, 0 the paramagnetic and the antiferromagnetic one. Training states
    lie on the line h2 = 0, which a Jordan-Wigner transformation solves: in a long chain the phase ends at h1 = J. Test
    states lie on a grid of (h1/J, h2/J), and `BOUNDARY` gives their labels; what lies on it, as (0, 1) does, counts as
    outside. The states of a short open chain change gradually: a test accuracy of 1 is not to be expected.

    Of states with the same energy that with an even number of flipped X on both sublattices is taken.

    Source: Cong, Choi and Lukin, "Quantum convolutional neural networks", Nature Physics 15, 1273 (2019), the section
    on a one-dimensional SPT phase and fig. 2c; there 40 training states of 15 spins on the line h2 = 0.
    """

    num_qubits: int = 9
    """Length of the chain, 5 to 15: 15 as published, and with 12 or fewer the states are there within seconds."""
    num_train: int = 40
    """Training states, at equal distances of h1/J from 0 to 2."""
    columns: int = 9
    """Values of h1/J in the grid of test states, from 0 to 1.6."""
    rows: int = 17
    """Values of h2/J in the grid, from -1.6 to 1.6."""

    def __post_init__(self) -> None:
        require(self, "num_qubits", 5 <= self.num_qubits <= 15, "5 to 15")
        require_at_least(self, 2, "num_train", "columns", "rows")

    @property
    def element(self) -> Element:
        """All amplitudes; not topological, and topological."""
        return Element((1, 2**self.num_qubits, 1), num_classes=2)

    def fields(self, split: Split) -> Float[np.ndarray, "states 2"]:
        """(h1/J, h2/J) of each state of a split; the grid row by row."""
        self.check_split(split)
        if split == "train":
            return np.stack([np.linspace(0, 2, self.num_train), np.zeros(self.num_train)], axis=1)
        first, second = np.meshgrid(np.linspace(0, 1.6, self.columns), np.linspace(-1.6, 1.6, self.rows))
        return np.stack([first.ravel(), second.ravel()], axis=1)

    def load(self, split: Split) -> ArraySource:
        """The ground states of a split."""
        first, second = self.fields(split).T
        if split == "train":
            labels = first < 1
        else:
            h1, lower, upper = BOUNDARY.T
            labels = (second > np.interp(first, h1, lower)) & (second < np.interp(first, h1, upper))
        states = _ground_states(self, split)
        return ArraySource(states[:, None, :, None], labels.astype(int), 2, lowest=-1.0)

    def plane(self, split: Split) -> Plane:
        """The fields, and where the phase ends."""
        h1, lower, upper = BOUNDARY.T
        curves = (np.stack([h1, lower], axis=1), np.stack([h1, upper], axis=1))
        return Plane(("h1 / J", "h2 / J"), self.fields(split), curves, "SPT (1) or not (0)")

    def prepared(
        self, images: Float[np.ndarray, "batch height width channels"]
    ) -> Float[np.ndarray, "batch rows columns numbers"]:
        """Refused: these images are no pictures; see `Dataset.prepared`."""
        raise no_pictures(self, "amplitudes of states")


@lru_cache(maxsize=4)  # both networks and the report want them
def _ground_states(data: ClusterIsing, split: Split) -> Float[np.ndarray, "states amplitudes"]:
    return np.stack(
        [ground_state(data.num_qubits, float(h1), float(h2))[1] for h1, h2 in data.fields(split)], dtype=np.float32
    )


def ground_state(num_qubits: int, h1: float, h2: float) -> tuple[float, Float[np.ndarray, " amplitudes"]]:
    """Energy in units of J and normalised state, with J = 1 on an open chain.

    The products of X on the even and on the odd sites commute with H: each of their four sectors is searched alone, in
    the basis where X is diagonal.
    """
    from scipy.sparse import diags_array
    from scipy.sparse.linalg import eigsh

    best, found = np.inf, np.zeros(2**num_qubits)
    for sector in _sectors(num_qubits):
        hamiltonian = sector.cluster - diags_array(h1 * sector.x + h2 * sector.xx)
        start = np.random.default_rng(0).normal(size=len(sector.states))
        energies, vectors = eigsh(hamiltonian, k=1, which="SA", v0=start)
        if energies[0] < best - _TIE:
            best, found = float(energies[0]), np.zeros(2**num_qubits)
            found[sector.states] = vectors[:, 0]
    state = found.reshape((2,) * num_qubits)
    for axis in range(num_qubits):  # a Hadamard gate on each qubit
        zero, one = np.split(state, 2, axis=axis)
        state = np.concatenate([zero + one, zero - one], axis=axis) / np.sqrt(2)
    state = state.ravel()
    return best, state * np.sign(state[np.abs(state).argmax()])


class _Sector(NamedTuple):
    """The terms of H where the products of X have given values; X is diagonal."""

    states: Int[np.ndarray, " size"]
    cluster: Any
    """- sum Z X Z, a sparse matrix."""
    x: Float[np.ndarray, " size"]
    xx: Float[np.ndarray, " size"]


@lru_cache(maxsize=2)
def _sectors(num_qubits: int) -> tuple[_Sector, ...]:
    from scipy.sparse import csr_array

    everything = np.arange(2**num_qubits)
    bits = everything[:, None] >> np.arange(num_qubits)[::-1] & 1
    signs = 1.0 - 2 * bits
    found = []
    for even, odd in ((0, 0), (0, 1), (1, 0), (1, 1)):
        states = np.flatnonzero((bits[:, ::2].sum(1) % 2 == even) & (bits[:, 1::2].sum(1) % 2 == odd))
        place = np.zeros(2**num_qubits, int)
        place[states] = np.arange(len(states))
        cluster = csr_array((len(states), len(states)))
        for middle in range(1, num_qubits - 1):  # Z flips what X is diagonal in
            flipped = states ^ (0b101 << num_qubits - 2 - middle)
            entries = (-signs[states, middle], (place[flipped], np.arange(len(states))))
            cluster = cluster + csr_array(entries, shape=cluster.shape)
        xx = (signs[:, :-1] * signs[:, 1:]).sum(1)
        found.append(_Sector(states, cluster, signs[states].sum(1), xx[states]))
    return tuple(found)
