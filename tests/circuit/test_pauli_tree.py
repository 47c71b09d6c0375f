"""Trees against the dense simulator and TensorCircuit's contraction, which know nothing of Pauli vectors."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.hur_pooling import HurPooling
from qconv.ansatz.strongly_entangling import StronglyEntangling
from qconv.ansatz.su4_brickwork import SU4Brickwork
from qconv.circuit.tree import Tree
from qconv.encoding.amplitude import Amplitude
from qconv.encoding.angle import Angle
from qconv.encoding.dense_angle import DenseAngle
from qconv.encoding.iqp import IQP
from qconv.errors import InputError
from qconv.readout.pauli import PauliXYZ, PauliZ
from qconv.readout.probabilities import Probabilities
from qconv.simulate import pauli_tree
from qconv.simulate.expectations import expectations
from qconv.simulate.pauli_tree import maps
from qconv.simulate.tensorcircuit import tensorcircuit
from tests import oracle

RNG = np.random.default_rng(0)


class At:
    """Some qubits of a register, by the numbers 0, 1, ... that an encoding or ansatz gives them."""

    def __init__(self, register: Any, qubits: list[int]) -> None:
        self.register, self.qubits, self.num_qubits = register, qubits, len(qubits)

    def __getattr__(self, name: str) -> Any:
        def append(*qubits: Any, **params: Any) -> None:
            named = (
                [self.qubits[q] for q in own] if isinstance(own, range | list) else self.qubits[own] for own in qubits
            )
            getattr(self.register, name)(*named, **params)

        return append


def whole(tree: Tree, theta: Any, image: Any, register: Any, until: int | None = None) -> dict[Any, list[int]]:
    """Runs a tree of one network on a register of all of its qubits; the qubits of each site that is left, by place.

    Written down as one would say it, with no matrix but the gates'.
    """
    height, width, channels = image.shape
    rows, columns = (1 << (n - 1).bit_length() for n in (height, width))
    top, left = (rows - height) // 2, (columns - width) // 2
    each = tree.encoding.num_qubits(channels)
    sites = {}
    for row in range(rows):
        for column in range(columns):
            qubits = list(range(each * (row * columns + column), each * (row * columns + column + 1)))
            inside = top <= row < top + height and left <= column < left + width
            pixel = jnp.asarray(image[row - top, column - left] if inside else np.zeros(channels))
            tree.encoding(At(register, qubits), pixel)
            sites[row, column] = qubits
    down, level = tree.block[0] == 2, 0
    while (rows, columns) != (1, 1) and level != until:
        both = tree.block == (2, 2)
        high = 2 if rows > 1 and (both or down or columns == 1) else 1
        wide = 2 if columns > 1 and (both or high == 1) else 1
        down = not down
        rows, columns = rows // high, columns // wide
        merged = {}
        for row in range(rows):
            for column in range(columns):
                joined = [sites[high * row + i, wide * column + j] for i in range(high) for j in range(wide)]
                qubits = [qubit for site in joined for qubit in site]
                angles = jnp.asarray(theta[level][0, 0 if tree.shared else row * columns + column])
                tree.ansatz(At(register, qubits), angles)
                merged[row, column] = qubits[: tree.kept]
        sites, level = merged, level + 1
    return sites


def measured(
    tree: Tree, theta: Any, image: Any, until: int | None = None, kind: Any = oracle.Dense
) -> dict[Any, list[float]]:
    """What the readout gives on each site after `until` levels, from the state of the whole register."""
    sides = [1 << (n - 1).bit_length() for n in image.shape[:2]]
    register = kind(tree.encoding.num_qubits(image.shape[2]) * int(np.prod(sides)))
    found = {}
    for place, qubits in whole(tree, theta, image, register, until).items():
        letters = [["I"] * register.num_qubits for _ in tree.readout.observables(len(qubits))]
        for string, full in zip(tree.readout.observables(len(qubits)), letters, strict=True):
            for letter, qubit in zip(string, qubits, strict=True):
                full[qubit] = letter
        found[place] = [register.expectation("".join(full)) for full in letters]
    return found


def angles(tree: Tree, shape: tuple[int, ...], features: int = 1) -> tuple[np.ndarray, ...]:
    return tuple(RNG.uniform(-3, 3, (features, *own)) for own in tree.param_shapes(shape))


TREES = {
    "4 qubits": (Tree(Angle(), StronglyEntangling(2)), (2, 2, 1)),
    "8 qubits, 2x1": (Tree(Angle("X"), StronglyEntangling(1), block=(2, 1)), (2, 4, 1)),
    "8 qubits, 1x2, own": (Tree(Angle("Z"), HardwareEfficient(2), block=(1, 2), shared=False), (4, 2, 1)),
    "8 qubits, filled up, two channels": (Tree(DenseAngle(), StronglyEntangling(1), PauliZ()), (3, 2, 2)),
    "8 qubits, two kept": (Tree(Angle(), HardwareEfficient(1, ("ry", "rx")), kept=2, block=(2, 1)), (2, 4, 1)),
    "8 qubits, two a pixel": (Tree(IQP(), SU4Brickwork(1), Probabilities(), kept=3, block=(2, 1)), (2, 2, 2)),
    "4 qubits, pooled": (Tree(Angle(), HurPooling(), PauliXYZ(), block=(2, 1)), (2, 2, 1)),
}
SLOW = ("8 qubits, two a pixel", "8 qubits, filled up, two channels", "8 qubits, 2x1", "8 qubits, 1x2, own")


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] * (n in SLOW)) for n in TREES])
@pytest.mark.usefixtures("x64")
def test_every_level_is_that_of_the_dense_simulator(name: str) -> None:
    tree, shape = TREES[name]
    theta, image = angles(tree, shape), RNG.uniform(size=shape)
    found = maps(tree, tuple(map(jnp.asarray, theta)), jnp.asarray(image[None]), len(theta))
    for level, own in enumerate(found, start=1):
        expected = measured(tree, theta, image, level)
        assert own.shape[1] * own.shape[2] == len(expected)
        for place, values in expected.items():
            oracle.assert_close(own[0][place], values, 1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.usefixtures("x64")
def test_sixteen_qubits_and_the_slope_by_angles_and_pixels(shared: bool) -> None:
    tree, shape = Tree(Angle(), HardwareEfficient(1, ("rx", "ry")), shared=shared), (4, 3, 1)
    theta, image = angles(tree, shape), RNG.uniform(size=shape)
    along = tuple(RNG.normal(size=own.shape) for own in theta), RNG.normal(size=shape)

    def moved(step: float) -> Any:
        return tuple(t + step * d for t, d in zip(theta, along[0], strict=True)), image + step * along[1]

    def by_state(step: float) -> np.ndarray:
        angles_, image_ = moved(step)
        return np.array(measured(tree, angles_, image_, kind=oracle.State)[0, 0])

    def root(angles_: Any, image_: Any) -> jax.Array:
        return maps(tree, angles_, image_[None])[0][0, 0, 0]

    value, slope = jax.jvp(root, *(jax.tree.map(jnp.asarray, part) for part in ((theta, image), along)))
    oracle.assert_close(value, by_state(0), 1e-10)
    # A central difference of sixth order: its error falls with h^6, to 1e-12 here.
    h, weights = 2e-3, {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}
    difference = sum(w * (by_state(k * h) - by_state(-k * h)) for k, w in weights.items()) / h
    oracle.assert_close(slope, difference, 1e-10)
    backward = [jax.grad(lambda t, x, k=k: root(t, x)[k], argnums=(0, 1)) for k in range(3)]
    point = jax.tree.map(jnp.asarray, (theta, image))
    reverse = [
        sum(jnp.vdot(a, b) for a, b in zip(jax.tree.leaves(g(*point)), jax.tree.leaves(along), strict=True))
        for g in backward
    ]
    oracle.assert_close(jnp.stack(reverse), slope, 1e-12)


@pytest.mark.slow
@pytest.mark.usefixtures("x64")
def test_sixty_four_qubits_are_as_tensorcircuit_contracts_them() -> None:
    tree, shape = Tree(Angle(), StronglyEntangling(1)), (8, 8, 1)
    theta, image = jax.tree.map(jnp.asarray, (angles(tree, shape), RNG.uniform(size=shape)))
    with tensorcircuit(np.float64) as tc:

        def contracted(angles_: Any, image_: Any) -> jax.Array:
            circuit = tc.Circuit(64)
            qubits = whole(tree, angles_, image_, circuit)[0, 0]
            return tc.backend.real(circuit.expectation([tc.gates.z(), qubits], enable_lightcone=True, reuse=False))

        expected = jax.value_and_grad(contracted, (0, 1))(theta, image)
    found = jax.value_and_grad(lambda t, x: maps(tree, t, x[None])[0][0, 0, 0, 2], (0, 1))(theta, image)
    assert float(jnp.abs(jnp.concatenate([g.ravel() for g in expected[1][0]])).max()) > 1e-6
    for own, theirs in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        oracle.assert_close(own, theirs, 1e-10)


def test_a_first_level_is_what_its_block_gives_as_a_circuit() -> None:
    tree, images = Tree(ansatz=StronglyEntangling(2)), jnp.asarray(RNG.random((2, 2, 2, 1)), jnp.float32)
    (theta,) = angles(tree, (2, 2, 1))
    (found,) = maps(tree, (jnp.asarray(theta, jnp.float32),), images)
    block = expectations(tree.first_block, jnp.asarray(theta[0, 0], jnp.float32), images.reshape(2, 4), "unitary")
    oracle.assert_close(found.reshape(2, 3), block, 1e-6)


@pytest.mark.slow
@pytest.mark.usefixtures("x64")
def test_blocks_with_the_same_angles_are_a_convolution() -> None:
    tree, shape = Tree(ansatz=HardwareEfficient(1)), (4, 8, 1)
    own, images = replace(tree, shared=False), jnp.asarray(RNG.random((2, *shape)))
    theta = tuple(map(jnp.asarray, angles(tree, shape, features=2)))
    repeated = tuple(
        jnp.repeat(angles_, level.num_blocks, 1) for angles_, level in zip(theta, tree.levels(shape), strict=True)
    )
    for a, b in zip(maps(tree, theta, images, 3), maps(own, repeated, images, 3), strict=True):
        oracle.assert_close(a, b, 1e-13)


@pytest.mark.slow
def test_compiled_mapped_and_in_chunks_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    tree, shape = Tree(ansatz=HardwareEfficient(1)), (4, 4, 1)
    theta = tuple(jnp.asarray(own, jnp.float32) for own in angles(tree, shape, features=2))
    images = jnp.asarray(RNG.random((5, *shape)), jnp.float32)

    def loss(theta_: Any, images_: Any) -> jax.Array:
        return jnp.stack([jnp.sum(m**2) for m in maps(tree, theta_, images_, 2)]).sum()

    outputs = maps(tree, theta, images)[0]
    mapped = jax.vmap(lambda image: maps(tree, theta, image[None])[0][0])(images)
    oracle.assert_close(mapped, outputs, 1e-6)
    slopes = jax.grad(loss, (0, 1))(theta, images)
    jax.clear_caches()
    monkeypatch.setattr(pauli_tree, "_CHUNK_BYTES", 2 * 16 * 4 * 4)  # two images
    oracle.assert_close(maps(tree, theta, images)[0], outputs, 1e-6)
    for a, b in zip(*map(jax.tree.leaves, (slopes, jax.grad(loss, (0, 1))(theta, images))), strict=True):
        oracle.assert_close(a, b, 1e-5)
    jax.clear_caches()


def test_the_memory_of_a_gradient_does_not_grow_with_the_number_of_images() -> None:
    tree, shape = Tree(ansatz=HardwareEfficient(0)), (16, 16, 1)
    theta = tuple(jnp.zeros((2, *own)) for own in tree.param_shapes(shape))

    def needed(count: int) -> int:
        gradient = jax.jit(jax.grad(lambda t, x: jnp.sum(maps(tree, t, x)[0] ** 2), 1))
        images = jax.ShapeDtypeStruct((count, *shape), jnp.float32)
        memory: Any = gradient.lower(theta, images).compile().memory_analysis()
        return memory.temp_size_in_bytes

    few, many = needed(1024), needed(8192)
    of_images = 4 * 7168 * 256
    assert many - few < 4 * of_images  # copies of the images; the Pauli vectors of two networks would be far more


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Tree(block=(3, 3)), r"block = \(3, 3\); allowed: \(2, 2\)"),
        (lambda: Tree(kept=0), "kept = 0; allowed: at least 1"),
        (lambda: Tree().levels((1, 1, 1)), "1x1 pixels and 1 channels; allowed: at least 2 pixels"),
        (lambda: Tree().levels((4, 4, 3)), "blocks have 12 qubits: 4 sites of 3; allowed: up to 8"),
        (lambda: Tree(kept=3).levels((4, 4, 1)), "blocks have 12 qubits: 4 sites of 3"),
        (lambda: Tree(Amplitude()).levels((4, 4, 0)), "0 channels"),
        (lambda: Tree(ansatz=HurPooling(pairs=((2, 0),)), block=(2, 1)).param_shapes((2, 2, 1)), "qubit 2 is pooled"),
        (lambda: maps(Tree(), (), jnp.zeros((1, 2, 2, 1))), r"theta has shapes \[\]; allowed: "),
        (lambda: maps(Tree(), (jnp.zeros((1, 1, 2, 4, 2)),), jnp.zeros((1, 2, 2, 1)), 2), "read = 2; allowed: 1 .. 1"),
    ],
)
def test_what_is_not_allowed(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
