"""A tree of circuits: what happens to a whole image with one register a pixel."""

import math
from dataclasses import dataclass, field
from functools import reduce

import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.bounds import require, require_at_least
from qconv.circuit.circuit import Circuit
from qconv.encoding.angle import Angle
from qconv.encoding.base import Encoding
from qconv.errors import InputError
from qconv.gates.tape import CircuitBuilder, Tape
from qconv.readout.base import Readout
from qconv.readout.pauli import PauliXYZ

MAX_BLOCK_QUBITS = 8
"""Of a block: its matrix has 4^(kept + qubits) entries."""

_BLOCKS = ((2, 2), (2, 1), (1, 2))


@dataclass(frozen=True)
class Level:
    """One level of a tree, for images of one size."""

    axes: tuple[int, ...]
    """The directions in which two sites are joined: 0 is down, 1 is to the right."""
    rows: int
    columns: int
    """Columns of blocks; there are `rows` of them."""
    num_qubits: int
    """Qubits of a block."""
    kept: int
    """Qubits of a block that are a site of the next level."""

    @property
    def num_sites(self) -> int:
        """Sites that a block joins."""
        return 2 ** len(self.axes)

    @property
    def num_blocks(self) -> int:
        """Blocks of the level."""
        return self.rows * self.columns


@dataclass(frozen=True)
class Tree:
    """Pixels are encoded each by itself; blocks join neighbouring sites, level by level, until one site is left.

    A site is the register of a pixel, or what a block has kept. The qubits of a block are those of its sites, row by
    row; it keeps the first ones and the others are discarded. Images are filled up with pixels of 0 on all sides, to
    powers of 2 of rows and columns: 28x28 to 32x32. Angle encoding leaves the qubit of such a pixel in |0>.

    Hashable, so it can be a static argument of `jax.jit`.

    Raises:
        InputError: a field that is not allowed.
    """

    encoding: Encoding = field(default_factory=Angle)
    """Pixel to state: it is given the channels of one pixel, for a grey image one number."""
    ansatz: Ansatz = field(default_factory=HardwareEfficient)
    """The trainable part of a block."""
    readout: Readout = field(default_factory=PauliXYZ)
    """What is measured on the qubits of a site."""
    block: tuple[int, int] = (2, 2)
    """Rows and columns that a block joins: (2, 2); (2, 1) joins two rows, then two columns and so on; (1, 2) begins
    with columns. Where one row or column is left, only the other direction goes on."""
    kept: int = 1
    """Qubits that a block keeps; all, if it has no more."""
    shared: bool = True
    """Whether the blocks of a level have the same angles, as in a convolution; else each has its own."""

    def __post_init__(self) -> None:
        require(self, "block", self.block in _BLOCKS, ", ".join(map(str, _BLOCKS)))
        require_at_least(self, 1, "kept")

    def levels(self, image_shape: tuple[int, ...]) -> tuple[Level, ...]:
        """From the pixels to the root, for images of shape (height, width, channels).

        Raises:
            InputError: an image of a single pixel or of none, one that the encoding cannot take, or blocks of too many
                qubits.
        """
        height, width, channels = image_shape
        if height * width < 2 or channels < 1:
            raise InputError(f"images have {height}x{width} pixels and {channels} channels; allowed: at least 2 pixels")
        left, turn = list(size_bits(image_shape)), self.block.index(2)
        site, found = self.encoding.num_qubits(channels), []
        while any(left):
            axes = tuple(axis for axis in (0, 1) if left[axis])
            if len(axes) == 2 and 1 in self.block:
                axes, turn = (turn,), 1 - turn
            for axis in axes:
                left[axis] -= 1
            num_qubits = site * 2 ** len(axes)
            if num_qubits > MAX_BLOCK_QUBITS:
                raise InputError(
                    f"blocks have {num_qubits} qubits: {2 ** len(axes)} sites of {site}; allowed: up to "
                    f"{MAX_BLOCK_QUBITS}. Keep fewer qubits, join fewer sites, or encode pixels of {channels} channels "
                    "in fewer qubits"
                )
            site = min(self.kept, num_qubits)
            found.append(Level(axes, 2 ** left[0], 2 ** left[1], num_qubits, site))
        return tuple(found)

    def param_shapes(self, image_shape: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """Shape of the angles of each level: (blocks, ...), with one block if they are shared.

        Raises:
            InputError: as `levels`, or an ansatz that does not fit the qubits of a block.
        """
        return tuple(
            (1 if self.shared else level.num_blocks, *self.ansatz.param_shape(level.num_qubits))
            for level in self.levels(image_shape)
        )

    def num_channels(self, level: Level) -> int:
        """Channels that the readout of one site of a level gives."""
        return self.readout.num_channels(level.kept)

    @property
    def first_block(self) -> Circuit:
        """A block of the first level, as the circuit of a window of pixels."""
        sites = math.prod(self.block)
        return Circuit(Pixelwise(self.encoding, sites), FirstKept(self.ansatz, self.kept), self.readout)


def size_bits(image_shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of the image once it is filled up, as powers of 2."""
    height, width = image_shape[:2]
    return (height - 1).bit_length(), (width - 1).bit_length()


def padding(image_shape: tuple[int, ...]) -> tuple[tuple[int, int], tuple[int, int]]:
    """The rows above and below and the columns left and right that an image is filled up with."""
    missing = [2**bits - size for bits, size in zip(size_bits(image_shape), image_shape[:2], strict=True)]
    above, left = (count // 2 for count in missing)
    return (above, missing[0] - above), (left, missing[1] - left)


@dataclass(frozen=True)
class Pixelwise(Encoding):
    """The pixels of a window, each by itself, in registers one after the other."""

    encoding: Encoding
    """The encoding of one pixel."""
    pixels: int
    """Pixels of a window."""

    def num_qubits(self, patch_size: int) -> int:
        """Qubits of all pixels together."""
        return self.pixels * self.encoding.num_qubits(patch_size // self.pixels)

    def __call__(self, circuit: CircuitBuilder, patch: Float[Array, " pixels"]) -> None:
        """The gates of each pixel."""
        each = patch.reshape(self.pixels, -1)
        registers = [Tape(self.encoding.num_qubits(each.shape[1]), patch.dtype) for _ in each]
        for register, pixel in zip(registers, each, strict=True):
            self.encoding(register, pixel)
        states = [register.initial for register in registers if register.initial is not None]
        if states:
            circuit.replace_inputs(reduce(jnp.kron, states))
        for index, register in enumerate(registers):
            for gate in register.gates:
                qubits = [index * register.num_qubits + qubit for qubit in gate.qubits]
                getattr(circuit, gate.name)(*qubits, **gate.params)


@dataclass(frozen=True)
class FirstKept(Ansatz):
    """An ansatz of which the first qubits are kept."""

    ansatz: Ansatz
    """What acts on all qubits."""
    count: int
    """How many qubits are kept, if there are so many."""

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """The shape of the parameters of the ansatz."""
        return self.ansatz.param_shape(num_qubits)

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "..."]) -> None:
        """The gates of the ansatz."""
        self.ansatz(circuit, theta)

    def kept(self, num_qubits: int) -> tuple[int, ...]:
        """The first `count` qubits."""
        return tuple(range(min(self.count, num_qubits)))
