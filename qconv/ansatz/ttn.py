"""Tree tensor networks as circuits."""

import math
from dataclasses import dataclass, field
from functools import partial

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


def root(num_qubits: int) -> int:
    """The qubit that is left at the end: the second of the last pair."""
    return tree(num_qubits)[-1][0][1]


@dataclass(frozen=True)
class TTN(Ansatz):
    """A binary tree of two-qubit blocks, each with angles of its own, after each of which one qubit is given up.

    The readout sees the qubit that is left. Has qubits - 1 blocks. Needs at least two qubits.

    Source: Grant et al., "Hierarchical quantum classifiers", npj Quantum Information 4, 65 (2018), fig. 1, the tree;
    its blocks are a rotation of each qubit and a CNOT (`HurConvolution(1)`, real), or general (`HurConvolution(9)`).
    """

    block: Ansatz = field(default_factory=lambda: HurConvolution(1))
    """What acts on each pair: any ansatz that takes two qubits."""

    def kept(self, num_qubits: int) -> tuple[int, ...]:
        """The root of the tree."""
        return (root(num_qubits),)

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(blocks, angles)."""
        blocks = sum(len(pairs) for pairs in tree(num_qubits))
        return blocks, math.prod(self.block.param_shape(2))

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "blocks angles"]) -> None:
        """From the leaves to the root."""
        append_blocks(circuit, self.block, [pair for pairs in tree(circuit.num_qubits) for pair in pairs], theta)


def append_blocks(
    circuit: CircuitBuilder, block: Ansatz, pairs: list[tuple[int, int]], theta: Float[Array, "blocks angles"]
) -> None:
    """Appends `block` on each pair, each time with its own row of `theta`."""
    for index, pair in enumerate(pairs):
        append_block(circuit, [pair], partial(block, theta=theta[index].reshape(block.param_shape(2))))
