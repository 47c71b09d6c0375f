"""The `pauli_tree` engine: a tree of blocks as small real matrices, exact for any number of qubits.

The sites that a block joins have no past in common, so their joint state is a product, and all that matters of a site
is its Pauli vector: the expectations of the 4^m products of I, X, Y and Z on its m qubits. A block is a real matrix
on them. With U the unitary of its ansatz, on n qubits of which the first are kept,

    w_a = sum_b T_ab (v_1 x ... x v_k)_b,    T_ab = 2^-n Tr(U^dag (P_a x I) U P_b),

where v_1 ... v_k are the vectors of its sites and w that of what it keeps. So an image of 1,024 qubits takes
256 + 64 + 16 + 4 + 1 products with such a matrix instead of a state of 2^1024 amplitudes. The matrices are built once a
call, for all networks and levels together. Vectors are columns, the images the last axis.

Source: Greenbaum, "Introduction to quantum gate set tomography", arXiv:1509.02921, section 2.1.2: the Pauli transfer
matrix.
"""

import math
from functools import partial, reduce

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz
from qconv.circuit.circuit import Circuit, real_dtype
from qconv.circuit.tree import Level, Tree, padding
from qconv.errors import InputError
from qconv.gates.kinds import complex_dtype, pauli_matrices
from qconv.gates.tape import Tape
from qconv.lowering.ansatz import example_gates, fuse_blocks
from qconv.lowering.encoded_states import encoded
from qconv.lowering.fusion import built_together, matrix_of_gates
from qconv.lowering.program import Columns
from qconv.patches import flattened
from qconv.simulate.evaluation import devices_of, in_chunks, number_of_chunks
from qconv.simulate.memory import on_devices, refuse_beyond

Theta = tuple[Float[Array, "features _ ..."], ...]
"""Angles in radians of each level, from the pixels to the root: of all networks and blocks."""

_CHUNK_BYTES = 2**20
"""Pauli vectors of the pixels of one chunk of images: what the next levels add to them stays in the cache, too."""

_IN_PAULIS = dict(zip("IXYZ", np.eye(4), strict=True))
_IN_PAULIS |= {"0": np.array([0.5, 0, 0, 0.5]), "1": np.array([0.5, 0, 0, -0.5])}


def maps(
    tree: Tree, theta: Theta, images: Float[Array, "batch height width channels"], read: int = 1
) -> tuple[Float[Array, "batch rows columns out"], ...]:
    """What is measured on the sites of the last levels: pure, differentiable in `theta` and `images`.

    The sites of a level are measured in an experiment of their own, which ends there.

    Args:
        tree: encoding, blocks and readout.
        theta: of each level (features, blocks, ...) as `tree.param_shapes` says, for `features` networks side by side.
        images: in [0, 1]; every pixel is encoded by itself.
        read: how many levels are read, the root and those before it.

    Returns:
        One map for each level that is read, the root last; `features * channels` of the readout at each site, the
            network slowest. Float32, or float64 if `theta` or `images` are (with JAX's 64-bit mode).

    Raises:
        InputError: images that do not fit the tree, theta of other shapes, an array that is not of floating point, more
            levels than there are, or more images than memory allows.
    """
    shape, shapes = images.shape[1:], tree.param_shapes(images.shape[1:])
    if [angles.shape[1:] for angles in theta] != list(shapes) or len({len(angles) for angles in theta}) != 1:
        raise InputError(
            f"theta has shapes {[angles.shape for angles in theta]}; allowed: {[('features', *s) for s in shapes]}"
        )
    check_read(read, tree, shape)
    dtype = real_dtype(images=images, **{f"theta[{level}]": angles for level, angles in enumerate(theta)})
    count, features = len(images), len(theta[0])
    refuse_beyond(
        on_devices(lambda own: bytes_needed(tree, shape, dtype, own, features, read), count, devices_of(images)),
        f"{count:,} images of shape {shape} in {features:,} networks",
        " with engine 'pauli_tree'",
        "a smaller batch, fewer features, or smaller blocks",
    )
    columns = _quantum_tree(tree, tuple(t.astype(dtype) for t in theta), images.astype(dtype), read)
    found, start = [], 0
    for level in tree.levels(shape)[-read:]:
        rows, cols, channels = level.rows, level.columns, tree.num_channels(level)
        end = start + channels * rows * cols
        found.append(columns[:, start:end].reshape(features, channels, rows, cols, len(images)))
        found[-1] = found[-1].transpose(4, 2, 3, 0, 1).reshape(len(images), rows, cols, features * channels)
        start = end
    return tuple(found)


def check_read(read: int, tree: Tree, image_shape: tuple[int, ...]) -> None:
    """Refuses to read more levels than there are.

    Raises:
        InputError: `read` is below 1 or above the number of levels.
    """
    count = len(tree.levels(image_shape))
    if not 1 <= read <= count:
        raise InputError(f"read = {read}; allowed: 1 .. {count}, the levels of images of shape {image_shape}")


@partial(jax.jit, static_argnames=("tree", "read"))
def _quantum_tree(tree: Tree, theta: Theta, images: Array, read: int) -> Float[Array, "features numbers batch"]:
    """For each network what is measured, level by level, channel by channel, site by site."""
    image_shape = images.shape[1:]
    levels = tree.levels(image_shape)
    matrices = transfer_matrices(tree, theta, levels)
    measured = [None] * (len(levels) - read) + [_coefficients(tree, level) for level in levels[-read:]]
    circuit = Circuit(tree.encoding)

    def evaluate(chunk: Float[Array, "numbers chunk"]) -> Float[Array, "outputs chunk"]:
        count = chunk.shape[1]
        pixels = _in_block_order(chunk.reshape(*image_shape, count), levels)
        states = jax.lax.optimization_barrier(encoded(circuit, pixels.reshape(image_shape[2], -1)))
        first = pauli_vectors(states).reshape(-1, pixels.shape[1], count)

        def network(own: list[Array]) -> Float[Array, "numbers chunk"]:
            vectors, outputs = first, []
            for index, (matrix, coefficients) in enumerate(zip(own, measured, strict=True)):
                vectors = _next_level(matrix, vectors, levels[index].num_sites)
                if coefficients is not None:
                    channels = tree.readout.decode(
                        jnp.matmul(
                            coefficients.astype(vectors.dtype), vectors.reshape(len(vectors), -1), precision="highest"
                        )
                    )
                    outputs.append(_row_by_row(channels.reshape(-1, vectors.shape[1], count), levels[index + 1 :]))
            return jnp.concatenate(outputs)

        # Network by network, and each again in the gradient: what one needs is in the cache then.
        return jax.lax.map(jax.checkpoint(network), matrices).reshape(-1, count)

    columns = jax.lax.optimization_barrier(flattened(images).T)
    outputs = in_chunks(evaluate, columns, _images_at_once(tree, image_shape, images.dtype))
    return outputs.reshape(len(matrices[0]), len(outputs) // len(matrices[0]), len(images))


def _images_at_once(tree: Tree, image_shape: tuple[int, ...], dtype: np.dtype) -> int:
    """Images of a chunk."""
    first = tree.levels(image_shape)[0]
    numbers = first.num_blocks * first.num_sites * 4 ** tree.encoding.num_qubits(image_shape[-1])
    return max(1, _CHUNK_BYTES // (numbers * np.dtype(dtype).itemsize))


def bytes_needed(
    tree: Tree, image_shape: tuple[int, ...], dtype: np.dtype, images: int, features: int = 1, read: int = 1
) -> int:
    """Memory of an evaluation and its gradient, within a factor of two.

    What comes in and goes out for all images, the matrices of all networks, and what one network writes for a chunk.
    """
    levels = tree.levels(image_shape)
    sites = levels[0].num_blocks * levels[0].num_sites
    halves, shared = [], 0.0
    for level in levels:
        first = 4 ** (level.num_sites // 2 * (level.num_qubits // level.num_sites))
        halves.append(level.num_blocks * 4**level.kept * first)
        matrices = features * (1 if tree.shared else level.num_blocks)
        gates = len(example_gates(Circuit(ansatz=tree.ansatz), level.num_qubits))
        shared += matrices * (6 * 4 ** (level.num_qubits + level.kept) + 0.8 * gates * 4**level.num_qubits)
    # All levels are kept for the gradient, which goes through one of them at a time.
    each = 4 * sites * 4 ** tree.encoding.num_qubits(image_shape[-1]) + sum(halves) + max(halves)
    outputs = features * sum(level.num_blocks * tree.num_channels(level) for level in levels[-read:])
    chunks = number_of_chunks(images, _images_at_once(tree, image_shape, dtype))
    numbers = images * (4 * math.prod(image_shape) + 3 * outputs) + shared + -(-images // chunks) * each
    return int(numbers * np.dtype(dtype).itemsize)


def transfer_matrices(tree: Tree, theta: Theta, levels: tuple[Level, ...]) -> list[Float[Array, "features _ _ _"]]:
    """The matrices T (4^kept - 1, 4^qubits) of all blocks of each level, without their first row 1, 0, 0, ..."""
    alike: dict[tuple[int, int], list[int]] = {}
    for index, level in enumerate(levels):
        alike.setdefault((level.num_qubits, level.kept), []).append(index)
    found: dict[int, Array] = {}
    for (num_qubits, kept), members in alike.items():
        angles = [theta[index].reshape(math.prod(theta[index].shape[:2]), *theta[index].shape[2:]) for index in members]
        build = jax.vmap(partial(transfer_matrix, tree.ansatz, num_qubits=num_qubits, kept=kept))
        parts = jnp.split(build(jnp.concatenate(angles)), np.cumsum([len(rows) for rows in angles])[:-1])
        for index, part in zip(members, parts, strict=True):
            of_level = part.reshape(*theta[index].shape[:2], *part.shape[1:])
            found[index] = of_level if tree.shared else of_level[:, _block_order(levels[index + 1 :])]
    return [found[index] for index in range(len(levels))]


def transfer_matrix(
    ansatz: Ansatz, theta: Float[Array, "..."], num_qubits: int, kept: int
) -> Float[Array, "outputs inputs"]:
    """T (4^kept - 1, 4^num_qubits) of one block; qubit 0 is the most significant digit of rows and columns."""
    tape = Tape(num_qubits, theta.dtype)
    ansatz(tape, theta)
    size, dtype = 2**num_qubits, complex_dtype(theta.dtype)
    unitary = matrix_of_gates(built_together(fuse_blocks(tape)), range(num_qubits), theta.dtype)
    unitary = jnp.asarray(unitary, dtype).reshape(2**kept, -1, size)
    einsum = partial(jnp.einsum, precision="highest")
    turned = einsum("srj,ast,trk->ajk", unitary.conj(), pauli_matrices(kept)[1:].astype(dtype), unitary)
    # The trace with all P_b, first half of the qubits by second half.
    halves = (num_qubits // 2, num_qubits - num_qubits // 2)
    first, second = (pauli_matrices(half).astype(dtype) / 2**half for half in halves)
    sizes = [2**half for half in halves]
    traces = einsum("aijkl,bki,clj->abc", turned.reshape(-1, *sizes, *sizes), first, second)
    return traces.real.reshape(len(turned), -1)


def pauli_vectors(states: Columns) -> Float[Array, "paulis columns"]:
    """The expectations of all products of I, X, Y and Z, (4^n, columns), of states (2^n, parts, columns)."""
    matrices = pauli_matrices(len(states).bit_length() - 1)
    einsum = partial(jnp.einsum, "bij,ijn->bn", precision="highest")
    real, *imaginary = jnp.moveaxis(states, 1, 0)
    products = sum(part[:, None] * part[None] for part in (real, *imaginary))
    vectors = einsum(matrices.real.astype(states.dtype), products)
    for part in imaginary:
        products = real[:, None] * part[None] - part[:, None] * real[None]
        vectors = vectors - einsum(matrices.imag.astype(states.dtype), products)
    return vectors


def _next_level(
    matrices: Float[Array, "blocks outputs inputs"], vectors: Float[Array, "paulis sites columns"], num_sites: int
) -> Float[Array, "_ _ columns"]:
    """The Pauli vectors of what blocks of `num_sites` sites keep; sites that are first in their block come first."""
    size, _, columns = vectors.shape
    apart = jnp.swapaxes(vectors.reshape(size, num_sites, -1, columns), 0, 1)
    # The matrix times the second half of the sites, then the sum over the first half: the product of all of the sites,
    # 256 numbers a block of four, is never there.
    left, right = (_outer(list(half)) for half in (apart[: num_sites // 2], apart[num_sites // 2 :]))
    outputs = matrices.shape[1]
    if len(matrices) == 1:  # one product for all blocks
        joined = jnp.matmul(matrices[0].reshape(-1, len(right)), right.reshape(len(right), -1), precision="highest")
        joined = joined.reshape(outputs, *left.shape)
    else:
        joined = jnp.einsum(
            "bopq,qbn->opbn", matrices.reshape(len(matrices), outputs, len(left), -1), right, precision="highest"
        )
    kept = (joined * left[None]).sum(1)
    return jnp.concatenate([jnp.ones_like(kept[:1]), kept])


def _outer(vectors: list[Array]) -> Array:
    """The Pauli vectors of independent sites together."""
    return reduce(lambda a, b: (a[:, None] * b[None]).reshape(-1, *a.shape[1:]), vectors)


def _coefficients(tree: Tree, level: Level) -> np.ndarray:
    """What is measured on a site, as combinations of its Pauli vector: (observables, 4^kept)."""
    observables = tree.readout.observables(level.kept)
    return np.array([reduce(np.kron, [_IN_PAULIS[letter] for letter in string]) for string in observables])


def _in_block_order(pixels: Float[Array, "height width channels columns"], levels: tuple[Level, ...]) -> Array:
    """Pixels (channels, sites, columns), filled up, so that each level finds the sites of its blocks apart."""
    pixels = jnp.pad(pixels, [*padding(pixels.shape), (0, 0), (0, 0)])
    order = np.argsort(_bits_of_levels(levels))
    digits = pixels.reshape(*(2,) * len(order), *pixels.shape[2:])
    digits = digits.transpose(len(order), *order, len(order) + 1)
    return digits.reshape(pixels.shape[2], -1, pixels.shape[3])


def _row_by_row(maps: Float[Array, "channels sites columns"], later: tuple[Level, ...]) -> Array:
    """Maps with their sites row by row, which came in the order of the levels that are yet to come."""
    order = _bits_of_levels(later)
    digits = maps.reshape(len(maps), *(2,) * len(order), -1)
    return digits.transpose(0, *(bit + 1 for bit in order), len(order) + 1).reshape(-1, maps.shape[2])


def _block_order(later: tuple[Level, ...]) -> np.ndarray:
    """The blocks of a level, numbered row by row, as those of `later` levels find them."""
    bits = _bits_of_levels(later)
    return np.arange(2 ** len(bits)).reshape((2,) * len(bits)).transpose(np.argsort(bits)).ravel()


def _bits_of_levels(levels: tuple[Level, ...]) -> list[int]:
    """The binary digits of a site's row and of its column, the highest first, as places in the order of the levels."""
    axes = [axis for level in levels for axis in level.axes]
    return [place for axis in (0, 1) for place in reversed(range(len(axes))) if axes[place] == axis]
