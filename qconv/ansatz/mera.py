"""The multi-scale entanglement renormalisation ansatz as a circuit."""

import math
from dataclasses import dataclass, field
from itertools import pairwise

from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz
from qconv.ansatz.hur_convolution import HurConvolution
from qconv.ansatz.ttn import Pairs, append_blocks, root, tree
from qconv.gates.tape import CircuitBuilder


@dataclass(frozen=True)
class MERA(Ansatz):
    """A binary tree of two-qubit blocks (`TTN`), with blocks across neighbouring pairs before each of its layers.

    Those blocks act on the second qubit of a pair and the first of the next one: they take away the entanglement that
    the pairs, each for itself, could not. All blocks have angles of their own. On eight qubits 11 blocks: 3 and 4, 1
    and 2, 1. The readout sees the qubit that is left. Needs at least two qubits.

    Source: Vidal, "Class of quantum many-body states that can be efficiently simulated", Physical Review Letters 101,
    110501 (2008); Grant et al., "Hierarchical quantum classifiers", npj Quantum Information 4, 65 (2018), fig. 1.
    """

    block: Ansatz = field(default_factory=lambda: HurConvolution(1))
    """What acts on each pair: any ansatz that takes two qubits."""

    def blocks(self, num_qubits: int) -> Pairs:
        """Where the blocks act, in order."""
        found: list[tuple[int, int]] = []
        for pairs in tree(num_qubits):
            found += [(before[1], after[0]) for before, after in pairwise(pairs)]
            found += pairs
        return tuple(found)

    def kept(self, num_qubits: int) -> tuple[int, ...]:
        """The root of the tree."""
        return (root(num_qubits),)

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(blocks, angles)."""
        return len(self.blocks(num_qubits)), math.prod(self.block.param_shape(2))

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "blocks angles"]) -> None:
        """From the leaves to the root."""
        append_blocks(circuit, self.block, list(self.blocks(circuit.num_qubits)), theta)
