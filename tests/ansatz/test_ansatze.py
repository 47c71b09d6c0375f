"""Ansätze against gate lists written down from their published definitions, through the dense oracle."""

from collections import Counter
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.basic_entangler import BasicEntangler
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.random_layers import RandomLayers
from qconv.ansatz.staggered import Staggered
from qconv.ansatz.strongly_entangling import StronglyEntangling
from qconv.ansatz.su4_brickwork import SU4Brickwork
from qconv.errors import InputError
from tests.oracle import Dense, assert_close
from tests.variants import gate_list


def rotations(names: list[str], layer: int, num_qubits: int) -> list[Any]:
    """One rotation of each qubit, then the next, with the index of their angle."""
    return [(name, (q,), (layer, q, k)) for k, name in enumerate(names) for q in range(num_qubits)]


def entanglers(name: str, *pairs: tuple[int, int]) -> list[Any]:
    return [(name, pair, None) for pair in pairs]


RY_RZ, EULER = ["ry", "rz"], ["rz", "ry", "rz"]
CASES = {
    "ring": (
        HardwareEfficient(2, ("ry", "rz")),
        3,
        rotations(RY_RZ, 0, 3)
        + entanglers("cnot", (0, 1), (1, 2), (2, 0))
        + rotations(RY_RZ, 1, 3)
        + entanglers("cnot", (0, 1), (1, 2), (2, 0)),
    ),
    "ring of two": (HardwareEfficient(1, ("ry", "rz")), 2, rotations(RY_RZ, 0, 2) + entanglers("cnot", (0, 1))),
    "one qubit": (HardwareEfficient(1, ("ry", "rz")), 1, rotations(RY_RZ, 0, 1)),
    "chain": (
        HardwareEfficient(1, ("rx",), "cnot", "chain"),
        4,
        rotations(["rx"], 0, 4) + entanglers("cnot", (0, 1), (1, 2), (2, 3)),
    ),
    "all": (
        HardwareEfficient(1, ("rz", "rx", "ry"), "cnot", "all"),
        4,
        rotations(["rz", "rx", "ry"], 0, 4) + entanglers("cnot", (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)),
    ),
    "cz ring": (
        HardwareEfficient(1, ("rx", "ry"), "cz", "ring"),
        4,
        rotations(["rx", "ry"], 0, 4) + entanglers("cz", (0, 1), (1, 2), (2, 3), (3, 0)),
    ),
    "no entangler": (HardwareEfficient(2, ("ry",), "none"), 3, rotations(["ry"], 0, 3) + rotations(["ry"], 1, 3)),
    "no layers": (HardwareEfficient(depth=0), 2, []),
    # Ranges 1, 2, 3, and 1 again, as in PennyLane's documentation of StronglyEntanglingLayers.
    "strongly entangling": (
        StronglyEntangling(depth=4),
        4,
        rotations(EULER, 0, 4)
        + entanglers("cnot", (0, 1), (1, 2), (2, 3), (3, 0))
        + rotations(EULER, 1, 4)
        + entanglers("cnot", (0, 2), (1, 3), (2, 0), (3, 1))
        + rotations(EULER, 2, 4)
        + entanglers("cnot", (0, 3), (1, 0), (2, 1), (3, 2))
        + rotations(EULER, 3, 4)
        + entanglers("cnot", (0, 1), (1, 2), (2, 3), (3, 0)),
    ),
    "strongly entangling, two qubits": (
        StronglyEntangling(depth=1),
        2,
        rotations(EULER, 0, 2) + entanglers("cnot", (0, 1), (1, 0)),
    ),
    "basic entangler": (
        BasicEntangler(),
        3,
        [("rx", (q,), (0, q)) for q in range(3)]
        + entanglers("cnot", (0, 1), (1, 2), (2, 0))
        + [("rx", (q,), (1, q)) for q in range(3)]
        + entanglers("cnot", (0, 1), (1, 2), (2, 0)),
    ),
    "basic entangler, two qubits": (
        BasicEntangler(1, "ry"),
        2,
        [("ry", (0,), (0, 0)), ("ry", (1,), (0, 1)), ("cnot", (0, 1), None)],
    ),
    "staggered": (
        Staggered(2),
        5,
        entanglers("cnot", (0, 1), (2, 3), (1, 2), (3, 4))
        + [("ry", (q,), (0, q)) for q in range(5)]
        + entanglers("cnot", (0, 1), (2, 3), (1, 2), (3, 4))
        + [("ry", (q,), (1, q)) for q in range(5)],
    ),
    "staggered, two qubits": (
        Staggered(1),
        2,
        [("cnot", (0, 1), None), ("ry", (0,), (0, 0)), ("ry", (1,), (0, 1))],
    ),
    "staggered, one qubit": (Staggered(1), 1, [("ry", (0,), (0, 0))]),
    "basic entangler, one qubit": (BasicEntangler(1, "rz"), 1, [("rz", (0,), (0, 0))]),
    # An index here stands for the fifteen angles of a block.
    "brickwork": (
        SU4Brickwork(2),
        5,
        [
            ("su4", pair, (layer, index))
            for layer in range(2)
            for index, pair in enumerate([(0, 1), (2, 3), (1, 2), (3, 4)])
        ],
    ),
    "brickwork, two qubits": (SU4Brickwork(1), 2, [("su4", (0, 1), (0, 0))]),
    "strongly entangling, one qubit": (StronglyEntangling(depth=1), 1, rotations(EULER, 0, 1)),
}


@pytest.mark.parametrize("name", CASES)
def test_gates_are_the_published_ones(x64, name):
    ansatz, num_qubits, gates = CASES[name]
    rng = np.random.default_rng(0)
    theta = rng.uniform(-np.pi, np.pi, ansatz.param_shape(num_qubits))
    start = rng.normal(size=2**num_qubits) + 1j * rng.normal(size=2**num_qubits)
    found, expected = Dense(num_qubits), Dense(num_qubits)
    found.replace_inputs(start)
    expected.replace_inputs(start)
    ansatz(found, jnp.asarray(theta))
    for gate, qubits, index in gates:
        getattr(expected, gate)(*qubits, **({} if index is None else {"theta": theta[index]}))
    assert_close(found.state, expected.state, atol=1e-13)
    assert theta.size == sum(theta[index].size for _, _, index in gates if index is not None)


def test_random_layers_are_fixed_by_their_seed():
    first, again = (gate_list(RandomLayers(depth=2), 4).gates for _ in range(2))
    assert first == again
    assert len({tuple(gate_list(RandomLayers(circuit_seed=seed), 4).gates) for seed in range(20)}) == 20


@pytest.mark.parametrize(("depth", "count", "num_qubits"), [(1, 4, 4), (3, 5, 2), (2, 7, 1), (0, 4, 3)])
def test_random_layers_use_each_angle_once_in_order(depth, count, num_qubits):
    ansatz = RandomLayers(depth, count, circuit_seed=3)
    circuit = gate_list(ansatz, num_qubits)
    assert ansatz.param_shape(num_qubits) == (depth, count)
    assert circuit.angles == list(range(depth * count))
    assert {name for name, _ in circuit.gates} <= {"rx", "ry", "rz"} | ({"cnot"} if num_qubits > 1 else set())


def test_random_layers_are_uniform():
    circuit = gate_list(RandomLayers(rotations=2000, cnot_ratio=0.3), 3)
    names = Counter(name for name, _ in circuit.gates)
    cnots, total = names.pop("cnot"), len(circuit.gates)
    assert abs(cnots / total - 0.3) < 4 * np.sqrt(0.3 * 0.7 / total)
    pairs = Counter(qubits for name, qubits in circuit.gates if name == "cnot")
    qubits = Counter(qubits for name, qubits in circuit.gates if name != "cnot")
    for counts, kinds in ((names, 3), (qubits, 3), (pairs, 6)):  # six: control and target in either order
        assert len(counts) == kinds
        expected = counts.total() / kinds
        assert all(abs(count - expected) < 4 * np.sqrt(expected) for count in counts.values())
    assert all(name != "cnot" for name, _ in gate_list(RandomLayers(cnot_ratio=0.0, rotations=50), 3).gates)


def test_random_layers_stay_what_they_were():
    """Frozen filters of earlier runs must not change under a new version: the circuit of seed 0, pinned."""
    pinned = [("ry", (1,)), ("cnot", (3, 0)), ("rz", (2,)), ("ry", (2,)), ("ry", (1,))]
    assert gate_list(RandomLayers(), 4).gates == pinned


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: HardwareEfficient(depth=-1), "depth = -1; allowed: 0 or more"),
        (lambda: HardwareEfficient(rotations=()), r"rotations = \(\); allowed"),
        (lambda: StronglyEntangling(depth=-2), "depth = -2; allowed"),
        (lambda: BasicEntangler(depth=-1), "depth = -1; allowed"),
        (lambda: SU4Brickwork(depth=-1), "depth = -1; allowed"),
        (lambda: SU4Brickwork().param_shape(1), "SU4Brickwork .* there are 1; allowed: at least 2"),
        (lambda: RandomLayers(depth=-1), "depth = -1; allowed"),
        (lambda: RandomLayers(rotations=0), "rotations = 0; allowed: at least 1"),
        (lambda: RandomLayers(cnot_ratio=1.0), "cnot_ratio = 1.0; allowed: 0 to less than 1"),
        (lambda: RandomLayers(cnot_ratio=-0.1), "cnot_ratio = -0.1; allowed"),
        (lambda: RandomLayers(circuit_seed=-1), "circuit_seed = -1; allowed"),
    ],
)
def test_what_is_not_allowed_is_said(make, message):
    with pytest.raises(InputError, match=message):
        make()
