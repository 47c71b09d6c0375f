"""A vision transformer whose blocks have circuits where others have dense layers."""

import flax.linen as nn
from jaxtyping import Array, Float

from qconv.bounds import require_at_least
from qconv.models.network import MaybeModule, Network
from qconv.models.num_classes import check_num_classes, known_num_classes
from qconv.models.transformer import EncoderBlock, PatchTokens


class QuantumViT(Network):
    """A vision transformer: patches as tokens, `depth` blocks of attention, the mean of the tokens, and a dense layer.

    In each block a circuit makes query, key and value of a token, another one mixes what the heads have collected, and
    a third acts between the two dense layers that follow. The three layers given are the patterns of those of all
    blocks, each of which has parameters of its own; with `nn.Dense` in their place it is a classical vision
    transformer.

    The published network for MNIST has patches of 14x14, tokens of 6 numbers, 2 heads, 4 blocks and a hidden layer of
    3. Each of its circuits is RX of the number, RX of an angle, a ring of CNOTs and <Z> of each qubit:

        circuit = Circuit(Angle("X", scale=1.0), BasicEntangler(depth=1), PauliZ())
        QuantumViT(QuantumDense(circuit, features=3), QuantumDense(circuit), QuantumDense(circuit))

    It has 1,672 parameters: 196 * 6 + 6 of the patches and 4 * 6 of the positions; in each of 4 blocks 4 * 6 angles of
    query, key, value and mixing, 3 of the hidden circuit, 6 * 3 + 3 and 3 * 6 + 6 of the dense layers around that, and
    2 * 12 of two norms; 12 of the last norm, and 6 * 10 + 10 of the logits. `qconv.CosineProducts` is what such a
    circuit computes, without one.

    Source: Comajoan Cara et al., "Quantum vision transformers for quark-gluon classification", Axioms 13:323 (2024),
    arXiv:2405.10284.
    """

    projections: nn.Module
    """From a token to query, key and value: a `QuantumDense` with three features, or a classical layer."""
    mixing: nn.Module
    """After attention: a `QuantumDense`, or a classical layer."""
    hidden: MaybeModule = None
    """Between the dense layers of a block: a `QuantumDense`, a classical layer, or nothing."""
    patch: int = 14
    """Height and width of a patch, in pixels."""
    width: int = 6
    """How many numbers a token has: with angle encoding, qubits."""
    num_heads: int = 2
    """How many parts of a token attend to others on their own."""
    depth: int = 4
    """Number of blocks."""
    hidden_width: int = 3
    """How many numbers the hidden layer of a block has."""
    dropout: float = 0.1
    """Part of the values that training sets to 0."""
    num_classes: int | None = 10
    """Number of logits; None for as many as the data have classes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_num_classes(self)
        require_at_least(self, 1, "patch", "width", "num_heads", "depth", "hidden_width")

    def setup(self) -> None:
        """Makes the blocks, each with layers of its own after the patterns given."""
        self.tokens = PatchTokens(self.patch, self.width)
        self.drop = nn.Dropout(self.dropout)
        self.blocks = [
            EncoderBlock(
                _another(self.projections),
                _another(self.mixing),
                None if self.hidden is None else _another(self.hidden),
                self.num_heads,
                self.hidden_width,
                self.dropout,
            )
            for _ in range(self.depth)
        ]
        self.norm = nn.LayerNorm()
        self.logits = nn.Dense(known_num_classes(self))

    @nn.nowrap
    def stages(self) -> tuple[str, ...]:
        """Tokens of images, the mean of the tokens after all blocks, and logits."""
        return ("tokens", "encoded", "logits")

    def encoded(
        self, tokens: Float[Array, "batch tokens numbers"], *, train: bool = False
    ) -> Float[Array, "batch numbers"]:
        """The mean of the tokens after all blocks."""
        tokens = self.drop(tokens, deterministic=not train)
        for block in self.blocks:
            tokens = block(tokens, train=train)
        return self.norm(tokens).mean(1)


def _another(layer: nn.Module) -> nn.Module:
    """A layer like this one, with parameters of its own."""
    return layer.clone(parent=None, name=None, _deep_clone=True, _reset_names=True)
