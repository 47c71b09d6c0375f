"""Quantum convolutional neural networks: convolution and pooling in turn, on fewer and fewer qubits."""

import math
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, NamedTuple

from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz
from qconv.ansatz.hur_convolution import HurConvolution, convolution_pairs
from qconv.ansatz.hur_pooling import HurPooling
from qconv.ansatz.identity import Identity
from qconv.bounds import require, require_choices
from qconv.errors import InputError
from qconv.gates.tape import CircuitBuilder
from qconv.gates.wiring import Wires, append_block, check_pairs

Pairs = tuple[tuple[int, int], ...]


class Layer(NamedTuple):
    """One convolution and the pooling after it."""

    qubits: tuple[int, ...]
    """The qubits that are left before the layer."""
    convolved: Pairs
    """Where a block acts, in order."""
    pooled: Pairs
    """(source, sink) in order: the source is given up."""

    @property
    def kept(self) -> tuple[int, ...]:
        """The qubits that are left after the layer."""
        sources = {source for source, _ in self.pooled}
        return tuple(qubit for qubit in self.qubits if qubit not in sources)


@dataclass(frozen=True)
class QCNN(Ansatz):
    """Layers of one two-qubit block on all pairs of a pattern, then of a pooling that gives up half of the qubits.

    All blocks of a layer have the same angles, and so have its poolings; layers have angles of their own. The readout
    sees the qubits that are left at the end (`kept`), numbered from 0: `PauliZ()` is one channel if one is left. With n
    qubits there are ceil(log2(n)) layers down to one; an odd qubit passes on to the next layer. Defaults are the
    network of Hur, Kim and Park: 51 parameters on 8 qubits, the last of which to be left is qubit 4.

    With `Identity` as pooling, qubits are given up as they are. The 1-D chain of the paper's code is that,
    `keep="inner"`, and the pairs (0, 1), (2, 3), (4, 5), (6, 7), (1, 2), (3, 4), (5, 6), then (2, 3), (4, 5), then
    (3, 4).

    Source: Cong, Choi and Lukin, "Quantum convolutional neural networks", Nature Physics 15, 1273 (2019), the idea;
    Hur, Kim and Park, "Quantum convolutional neural network for classical data classification", Quantum Machine
    Intelligence 4:3 (2022), fig. 1, blocks and poolings, with the order of pairs of the authors' code.
    """

    block: Ansatz = field(default_factory=HurConvolution)
    """What acts on each pair: any ansatz that takes two qubits."""
    pooling: Ansatz = field(default_factory=HurPooling)
    """What acts where a qubit is given up: any ansatz that takes two qubits, the kept one first."""
    pattern: Literal["ring", "chain", "brickwork"] | tuple[Pairs, ...] = "ring"
    """Neighbours among the qubits that are left: as Hur et al. order a ring, without its closing pair (chain), or with
    it at the end (brickwork); or for each layer the pairs of qubits as the register numbers them."""
    keep: Literal["even", "inner"] = "even"
    """Which of the qubits stay: every second from the first on (the second of the last two), or those in the middle."""
    depth: int | None = None
    """Number of layers; by default until one qubit is left."""
    dense: Ansatz = field(default_factory=Identity)
    """What acts on all qubits that are left at the end: a fully connected layer."""

    def __post_init__(self) -> None:
        require(self, "depth", self.depth is None or self.depth >= 0, "0 or more layers, or None")
        named = self.pattern in ("ring", "chain", "brickwork")
        require(
            self, "pattern", named or isinstance(self.pattern, tuple), "'ring', 'chain', 'brickwork', or pairs by layer"
        )
        require_choices(self)

    def layers(self, num_qubits: int) -> tuple[Layer, ...]:
        """Which qubits each layer joins and gives up.

        Raises:
            InputError: fewer than two qubits, more layers than they allow, or a pattern that does not fit them.
        """
        check_pairs(self, num_qubits)
        most = math.ceil(math.log2(num_qubits))
        depth = most if self.depth is None else self.depth
        if depth > most:
            raise InputError(f"depth = {depth}; allowed: at most {most} layers on {num_qubits} qubits")
        if isinstance(self.pattern, tuple) and len(self.pattern) != depth:
            raise InputError(f"pattern has {len(self.pattern)} layers; allowed: {depth} on {num_qubits} qubits")
        found: list[Layer] = []
        left = tuple(range(num_qubits))
        for index in range(depth):
            found.append(Layer(left, self._convolved(index, left), self._pooled(left)))
            left = found[-1].kept
        return tuple(found)

    def kept(self, num_qubits: int) -> tuple[int, ...]:
        """The qubits that are left at the end."""
        layers = self.layers(num_qubits)
        return layers[-1].kept if layers else tuple(range(num_qubits))

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(angles,): those of the first layer's block and of its pooling, of the second layer's, ..., of `dense`.

        Raises:
            InputError: see `layers`; or a part that does not take its number of qubits.
        """
        of_layer = _size(self.block, 2) + _size(self.pooling, 2)
        return (len(self.layers(num_qubits)) * of_layer + _size(self.dense, len(self.kept(num_qubits))),)

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "angles"]) -> None:
        """Convolution and pooling, layer by layer; each block and each pooling is one gate."""
        layers = self.layers(circuit.num_qubits)
        place = 0
        for layer in layers:
            pooled = tuple((sink, source) for source, sink in layer.pooled)
            for part, pairs in ((self.block, layer.convolved), (self.pooling, pooled)):
                own = theta[place : place + _size(part, 2)].reshape(part.param_shape(2))
                append_block(circuit, pairs, partial(part, theta=own))
                place += own.size
        kept = self.kept(circuit.num_qubits)
        self.dense(Wires(circuit, kept), theta[place:].reshape(self.dense.param_shape(len(kept))))

    def _convolved(self, index: int, left: tuple[int, ...]) -> Pairs:
        if isinstance(self.pattern, tuple):
            for pair in self.pattern[index]:
                if len(pair) != 2 or len(set(pair)) != 2 or not set(pair) <= set(left):
                    raise InputError(f"pattern joins {pair} in layer {index}; allowed: two different ones of {left}")
            return self.pattern[index]
        pairs = convolution_pairs("chain" if self.pattern == "chain" else "ring", len(left))
        if self.pattern == "brickwork" and len(left) > 2:
            pairs = [*pairs[1:], (len(left) - 1, 0)]
        return tuple((left[a], left[b]) for a, b in pairs)

    def _pooled(self, left: tuple[int, ...]) -> Pairs:
        count = len(left)
        if count == 2:
            pairs = [(0, 1)]
        elif self.keep == "even":
            pairs = [(q + 1, q) for q in range(0, count - 1, 2)]
        else:
            # The outer quarters go into the inner ones, the outermost qubit into that next to the quarter.
            below, above = (count // 2 + 1) // 2, count // 4
            pairs = [(q, below + q) for q in range(below)]
            pairs += [(count - 1 - q, count - 1 - above - q) for q in range(above)]
        return tuple((left[source], left[sink]) for source, sink in pairs)


def _size(part: Ansatz, num_qubits: int) -> int:
    return math.prod(part.param_shape(num_qubits))
