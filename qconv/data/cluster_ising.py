"""Ground states of the cluster-Ising chain, the phase-recognition task of Cong, Choi and Lukin."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Float

from qconv.data.dataset import ArraySource, Dataset, Split
from qconv.errors import InputError


@dataclass(frozen=True)
class ClusterIsing(Dataset):
    """Ground states of H = -J sum Z X Z - h1 sum X - h2 sum X X on an open chain, by exact diagonalisation.

    An image has the shape (1, 2^num_qubits, 1): the real amplitudes, in [-1, 1], the largest of them positive. Label 1
    is the symmetry-protected topological phase, 0 the paramagnetic and the antiferromagnetic one. Training states lie
    on the line h2 = 0, which a Jordan-Wigner transformation solves: there the phase ends at h1 = J. Test states lie on a
    grid of (h1/J, h2/J) that the paper's figure 2c shows; their labels come from `boundary`, so next to it they are as
    right as a chain of this length allows.

    Source: Cong, Choi and Lukin, "Quantum convolutional neural networks", Nature Physics 15, 1273 (2019), section on a
    one-dimensional symmetry-protected topological phase and fig. 2c; there 40 training states of 15 qubits on the line
    with h1 between 0 and 2.
    """

    num_qubits: int = 9
    """Length of the chain, 5 to 12; the labels of longer ones are surer."""
    num_train: int = 40
    """Training states, at equal distances of h1/J from 0 to 2."""
    columns: int = 17
    """Values of h1/J in the grid of test states, from 0 to 1.6."""
    rows: int = 33
    """Values of h2/J, from -1.6 to 1.6."""

    def __post_init__(self) -> None:
        if not 5 <= self.num_qubits <= 12:
            raise InputError(f"num_qubits = {self.num_qubits}; allowed: 5 to 12")
        for name, least in (("num_train", 4), ("columns", 2), ("rows", 5)):
            if getattr(self, name) < least:
                raise InputError(f"{name} = {getattr(self, name)}; allowed: at least {least}")

    @property
    def num_classes(self) -> int:
        """Two: not topological, and topological."""
        return 2

    def fields(self, split: Split) -> Float[np.ndarray, "states 2"]:
        """(h1/J, h2/J) of each state of a split; the grid row by row."""
        if split == "train":
            return np.stack([np.linspace(0, 2, self.num_train), np.zeros(self.num_train)], axis=1)
        if split != "test":
            raise InputError(f"split = {split!r}; allowed: 'train', 'test'")
        first, second = np.meshgrid(np.linspace(0, 1.6, self.columns), np.linspace(-1.6, 1.6, self.rows))
        return np.stack([first.ravel(), second.ravel()], axis=1)

    def load(self, split: Split) -> ArraySource:
        """The ground states of a split."""
        points = self.fields(split)
        states = np.stack([ground_state(self.num_qubits, *map(float, point))[1] for point in points])
        if split == "train":
            labels = points[:, 0] < 1
        else:
            lower, upper = (np.interp(points[:, 0], *edge) for edge in boundary(self.num_qubits))
            labels = (points[:, 1] > lower) & (points[:, 1] < upper)
        return ArraySource(states[:, None, :, None].astype(np.float32), labels.astype(int), 2, lowest=-1.0)
