"""The multi-scale entanglement renormalisation ansatz as a circuit."""

from dataclasses import dataclass
from itertools import pairwise

from qconv.ansatz.ttn import TTN, Pairs, tree


@dataclass(frozen=True)
class MERA(TTN):
    """A binary tree of two-qubit blocks (`TTN`), with blocks across neighbouring pairs before each of its layers.

    Those blocks act on the second qubit of a pair and the first of the next one: they take away the entanglement that
    the pairs, each for itself, could not. All blocks have angles of their own. On eight qubits 11 blocks: 3 and 4, 1
    and 2, 1. The readout sees the qubit that is left. Needs at least two qubits.

    Source: Vidal, "Class of quantum many-body states that can be efficiently simulated", Physical Review Letters 101,
    110501 (2008); Grant et al., "Hierarchical quantum classifiers", npj Quantum Information 4, 65 (2018), fig. 1.
    """

    def blocks(self, num_qubits: int) -> Pairs:
        """Where the blocks act, in order."""
        found: list[tuple[int, int]] = []
        for pairs in tree(num_qubits):
            found += [(before[1], after[0]) for before, after in pairwise(pairs)]
            found += pairs
        return tuple(found)
