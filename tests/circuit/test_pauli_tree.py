"""Trees against the dense simulator and TensorCircuit's contraction, which know nothing of Pauli vectors."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.strongly_entangling import StronglyEntangling
from qconv.ansatz.su4_brickwork import SU4Brickwork
from qconv.circuit.pauli_tree import maps
from qconv.circuit.tree import Tree
from qconv.encoding.angle import Angle
from qconv.encoding.dense_angle import DenseAngle
from qconv.encoding.iqp import IQP
from qconv.readout.pauli import PauliZ
from qconv.readout.probabilities import Probabilities
from tests import oracle

RNG = np.random.default_rng(0)


class At:
    """Some qubits of a register, by the numbers 0, 1, ... that an encoding or ansatz gives them."""

    def __init__(self, register: Any, qubits: list[int]) -> None:
        self.register, self.qubits, self.num_qubits = register, qubits, len(qubits)

    def __getattr__(self, name: str) -> Any:
        return lambda *qubits, **params: getattr(self.register, name)(*(self.qubits[q] for q in qubits), **params)


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


def dense(tree: Tree, theta: Any, image: Any, until: int | None = None) -> dict[Any, list[float]]:
    """What is measured on each site after `until` levels, by the dense simulator."""
    num_qubits = tree.encoding.num_qubits(image.shape[2]) * int(
        np.prod([1 << (n - 1).bit_length() for n in image.shape[:2]])
    )
    register = oracle.Dense(num_qubits)
    found = {}
    for place, qubits in whole(tree, theta, image, register, until).items():
        strings = tree.readout.observables(len(qubits))
        letters = [["I"] * num_qubits for _ in strings]
        for string, full in zip(strings, letters, strict=True):
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
    "8 qubits of 3x1 filled up, two channels": (
        Tree(DenseAngle(), StronglyEntangling(1), readout=PauliZ(), block=(2, 2)),
        (3, 2, 2),
    ),
    "8 qubits, two kept": (Tree(Angle(), HardwareEfficient(1, ("ry", "rx")), kept=2, block=(2, 1)), (2, 4, 1)),
    "8 qubits, two a pixel, probabilities": (
        Tree(IQP(), SU4Brickwork(1), Probabilities(), kept=3, block=(2, 1)),
        (2, 2, 2),
    ),
}


@pytest.mark.parametrize("name", TREES)
@pytest.mark.usefixtures("x64")
def test_every_level_is_that_of_the_dense_simulator(name: str) -> None:
    tree, shape = TREES[name]
    theta, images = angles(tree, shape), RNG.uniform(size=(2, *shape))
    count = len(theta)
    found = maps(tree, tuple(map(jnp.asarray, theta)), jnp.asarray(images), count)
    assert len(found) == count
    for index, image in enumerate(images):
        for level, own in enumerate(found, start=1):
            for place, expected in dense(tree, theta, image, level).items():
                oracle.assert_close(own[index][place], expected, 1e-10)
