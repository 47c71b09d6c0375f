"""Hybrid encodings: the register in blocks, each with several numbers on few qubits.

Between amplitude encoding, many numbers in a deep circuit, and angle encoding, few in a shallow one.
"""

import math
from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.bounds import require, require_at_least
from qconv.encoding.base import Encoding
from qconv.encoding.direction import directions
from qconv.errors import InputError
from qconv.gates.tape import CircuitBuilder


@dataclass(frozen=True)
class HybridDirect(Encoding):
    """Each block has up to 2^block_qubits neighbouring numbers as amplitudes, divided by their norm (HDE).

    A patch that does not fill its blocks is shared out evenly, the missing amplitudes are 0: a number alone in a block
    would lose its size to the norm. A block whose norm is at most `epsilon` becomes |0...0>, and the gradient with
    respect to it is 0. A NaN or an infinite number makes the state NaN.

    Source: hybrid direct encoding of Hur, Kim and Park, "Quantum convolutional neural network for classical data
    classification", Quantum Machine Intelligence 4:3 (2022): 32 numbers in 2 blocks of 4 qubits, or 16 in 4 of 2.
    """

    block_qubits: int = 2
    """Qubits of a block."""
    order: tuple[int, ...] | None = None
    """Qubits as the blocks take them, e.g. (0, 2, 1, 3) for blocks {0, 2} and {1, 3}; by default 0, 1, 2, ..."""
    epsilon: float = 1e-6
    """Smallest norm of a block that still has a direction."""

    def __post_init__(self) -> None:
        _check(self)
        require(self, "epsilon", self.epsilon > 0, "more than 0")

    def num_qubits(self, patch_size: int) -> int:
        """`block_qubits` for each 2^block_qubits numbers, rounded up."""
        blocks = -(-patch_size // 2**self.block_qubits)
        if patch_size < 2 * blocks:
            raise InputError(
                f"block_qubits = {self.block_qubits} would leave one of {patch_size} numbers alone in a block, where "
                "only its sign counts; allowed: two or more numbers a block"
            )
        return _num_qubits(blocks * self.block_qubits, self.order)

    def __call__(self, circuit: CircuitBuilder, patch: Float[Array, " pixels"]) -> None:
        """Sets the register's state."""
        blocks = self.num_qubits(patch.shape[0]) // self.block_qubits
        parts = jnp.array_split(patch, blocks)
        padded = jnp.stack([jnp.pad(part, (0, 2**self.block_qubits - part.shape[0])) for part in parts])
        circuit.replace_inputs(_joined(directions(padded, self.epsilon), self.order))


@dataclass(frozen=True)
class HybridAngle(Encoding):
    """Each block has up to 2^m - 1 neighbouring numbers, m = block_qubits, as angles of a tree of rotations (HAE).

    Qubit j of a block (j = 0, ..., m - 1) is turned by RY(`scale * x_g`), where g = 2^j - 1 + sum over l < j of
    i_l 2^l and i_l is the state of qubit l: a number for each state of the qubits before it. So amplitude
    i_0 i_1 ... i_(m-1) is the product over j of cos(scale * x_g / 2) where i_j = 0 and sin(scale * x_g / 2) where it
    is 1. Missing numbers are 0. No norm is taken, so dark patches are like others.

    Source: hybrid angle encoding of Hur, Kim and Park, "Quantum convolutional neural network for classical data
    classification", Quantum Machine Intelligence 4:3 (2022), there with scale 2: 30 numbers in 2 blocks of 4 qubits,
    or 12 in 4 of 2. Their published code has scale 1, and in blocks of 4 mixes the angles of the last two qubits.
    """

    block_qubits: int = 2
    """Qubits of a block."""
    order: tuple[int, ...] | None = None
    """Qubits as the blocks take them, e.g. (0, 2, 1, 3) for blocks {0, 2} and {1, 3}; by default 0, 1, 2, ..."""
    scale: float = math.pi
    """Radians for a pixel of value 1."""

    def __post_init__(self) -> None:
        _check(self)
        require(self, "scale", math.isfinite(self.scale), "any finite number of radians")

    def num_qubits(self, patch_size: int) -> int:
        """`block_qubits` for each 2^block_qubits - 1 numbers, rounded up."""
        return _num_qubits(-(-patch_size // (2**self.block_qubits - 1)) * self.block_qubits, self.order)

    def __call__(self, circuit: CircuitBuilder, patch: Float[Array, " pixels"]) -> None:
        """Sets the register's state."""
        blocks = self.num_qubits(patch.shape[0]) // self.block_qubits
        numbers = 2**self.block_qubits - 1
        angles = jnp.pad(patch, (0, blocks * numbers - patch.shape[0])).reshape(blocks, numbers) * (self.scale / 2)
        states = jnp.ones((blocks, 1), patch.dtype)
        for qubit in range(self.block_qubits):
            # The first qubit is the least significant bit here: then g counts as the states do.
            level = angles[:, 2**qubit - 1 : 2 ** (qubit + 1) - 1]
            states = jnp.concatenate([states * jnp.cos(level), states * jnp.sin(level)], axis=1)
        axes = (0, *range(self.block_qubits, 0, -1))
        reversed_bits = states.reshape(blocks, *(2,) * self.block_qubits).transpose(axes)
        circuit.replace_inputs(_joined(reversed_bits.reshape(blocks, -1), self.order))


def _check(encoding: HybridDirect | HybridAngle) -> None:
    require_at_least(encoding, 1, "block_qubits")
    fits = encoding.order is None or sorted(encoding.order) == list(range(len(encoding.order)))
    require(encoding, "order", fits, "each qubit from 0 on once, or None")


def _num_qubits(needed: int, order: tuple[int, ...] | None) -> int:
    if order is not None and len(order) != needed:
        raise InputError(f"order = {order} has {len(order)} qubits; allowed: the {needed} of the blocks, or None")
    return needed


def _joined(blocks: Float[Array, "blocks amplitudes"], order: tuple[int, ...] | None) -> Float[Array, " states"]:
    """The product of the blocks' states, with its qubits where they belong."""
    state = blocks[0]
    for block in blocks[1:]:
        state = jnp.outer(state, block).ravel()
    if order is None:
        return state
    # Axis p of the product is qubit order[p]; a qubit finds its axis by the inverse permutation.
    places = sorted(range(len(order)), key=order.__getitem__)
    return state.reshape((2,) * len(order)).transpose(places).ravel()
