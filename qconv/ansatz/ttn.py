"""Tree tensor networks as circuits."""

import math
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, pairwise

from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz
from qconv.ansatz.hur_convolution import HurConvolution
from qconv.errors import InputError
from qconv.gates.tape import CircuitBuilder
from qconv.gates.wiring import append_block

Pairs = tuple[tuple[int, int], ...]


def tree(num_qubits: int) -> tuple[Pairs, ...]:
    """The pairs of each layer of a binary tree; (kept, discarded) or the other way round, as they lie in the register.

    Of two pairs that meet in the next layer the qubits next to each other are kept: the second of the first pair and
    the first of the second, for eight qubits 1 and 2, 5 and 6, then 2 and 5. A qubit without a partner passes on.

    Raises:
        InputError: fewer than two qubits.
    """
    if num_qubits < 2:
        raise InputError(f"a tree joins pairs of qubits, but there are {num_qubits}; allowed: at least 2")
    layers = []
    left = list(range(num_qubits))
    while len(left) > 1:
        pairs = tuple((left[i], left[i + 1]) for i in range(0, len(left) - 1, 2))
        alone = left[len(pairs) * 2 :]
        left = [pair[1 - index % 2] for index, pair in enumerate(pairs)] + alone
        layers.append(pairs)
    return tuple(layers)


@dataclass(frozen=True)
class TTN(Ansatz):
    """A binary tree of two-qubit blocks, each with angles of its own, after each of which one qubit is given up.

    The readout sees the qubit that is left. Has qubits - 1 blocks. Needs at least two qubits.

    Source: Grant et al., "Hierarchical quantum classifiers", npj Quantum Information 4, 65 (2018), fig. 1, the tree;
    its blocks are a rotation of each qubit and a CNOT (`HurConvolution(1)`, real), or general (`HurConvolution(9)`).
    """

    block: Ansatz = field(default_factory=lambda: HurConvolution(1))
    """What acts on each pair: any ansatz that takes two qubits."""

    def blocks(self, num_qubits: int) -> Pairs:
        """Where the blocks act, in order."""
        return tuple(chain(*tree(num_qubits)))

    def kept(self, num_qubits: int) -> tuple[int, ...]:
        """The root of the tree: the second qubit of the last pair."""
        return (tree(num_qubits)[-1][0][1],)

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(blocks, angles)."""
        return len(self.blocks(num_qubits)), math.prod(self.block.param_shape(2))

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "blocks angles"]) -> None:
        """Each block with its own row of `theta`, from the leaves to the root."""
        for index, pair in enumerate(self.blocks(circuit.num_qubits)):
            own = theta[index].reshape(self.block.param_shape(2))
            append_block(circuit, [pair], partial(self.block, theta=own))


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
