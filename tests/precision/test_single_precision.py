"""float32, the default precision, against the oracle at the upper sizes of each engine: values and gradients.

The oracle counts in float64. A gate moves a state by at most 2e-7: its sine and cosine are right to that (see
`qconv.gates.sincos`), and its sums to less. These errors have any sign, so those of G gates add up to 2e-7 sqrt(G), and
as much again comes with the bra of an expectation. A derivative by an angle of a Pauli rotation is half the difference
of two expectations (parameter-shift rule), so it is right to the same. The tables of `heisenberg` change nothing: the
squares of the weights of any state of a qubit add up to 1, so errors of the table's values do not grow in the sums.
"""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit, num_gates
from qconv.circuit.tree import MAX_BLOCK_QUBITS, Tree
from qconv.encoding.angle import Angle
from qconv.encoding.basis import Basis
from qconv.readout.pauli import PauliStrings
from qconv.simulate.choose import EngineName, choose_engine
from qconv.simulate.expectations import expectations
from qconv.simulate.pauli_tree import maps
from tests import oracle
from tests.circuit.test_pauli_tree import measured
from tests.oracle import assert_close

RNG = np.random.default_rng(0)


def tolerance(gates: int) -> float:
    return 2 * 2e-7 * math.sqrt(gates)


def shifted(values: np.ndarray, shift: float) -> list[np.ndarray]:
    """The array with each number in turn raised by `shift`."""
    return [values + shift * unit.reshape(values.shape) for unit in np.eye(values.size)]


def readout(num_qubits: int) -> PauliStrings:
    """Products of few and of many letters, in three bases."""
    last = "I" * (num_qubits - 2)
    return PauliStrings(("Z" * num_qubits, "XY" + last, last + "ZI", "Y" + last + "X"))


@pytest.mark.parametrize(
    ("engine", "encoding", "num_qubits", "depth", "chosen"),
    [
        ("unitary", Angle(), 10, 3, False),  # beyond 10 qubits it is never chosen
        ("heisenberg", Angle(), 7, 2, True),
        ("heisenberg", Angle("X"), 6, 1, False),  # the largest table that is counted with; 4 qubits are chosen
        ("halves", Angle(), 12, 2, True),
        ("fused", Angle("X"), 12, 3, False),
        pytest.param("fused", Angle(), 13, 2, False, marks=pytest.mark.slow),
        ("lookup", Basis(), 10, 2, True),
        pytest.param("statevector", Angle("Z"), 8, 2, False, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_engines_are_right_to_single_precision(
    engine: EngineName, encoding: Any, num_qubits: int, depth: int, chosen: bool
) -> None:
    ansatz = HardwareEfficient(depth, ("ry", "rz"))
    assert not chosen or choose_engine(Circuit(encoding, ansatz), num_qubits) == engine
    circuit = Circuit(encoding, ansatz, readout(num_qubits))
    theta = RNG.uniform(-math.pi, math.pi, circuit.param_shape(num_qubits)).astype(np.float32)
    patch = RNG.uniform(0.05, 0.95, num_qubits).astype(np.float32)
    weights = RNG.normal(size=4)

    def expected(theta: np.ndarray, patch: np.ndarray) -> np.ndarray:
        numbers = jnp.asarray(patch), jnp.asarray(theta)  # of float64: rounding them again would be another circuit
        return oracle.expectations(circuit, numbers[1], numbers[0][None], kind=oracle.State)[0]

    @jax.jit
    def found(theta: jax.Array, patches: jax.Array) -> Any:
        values = expectations(circuit, theta, patches, engine)

        def loss(theta: jax.Array, patches: jax.Array) -> jax.Array:
            return jnp.sum(expectations(circuit, theta, patches, engine)[0] * weights.astype(np.float32))

        return values[0], *jax.grad(loss, (0, 1))(theta, patches)

    values, of_theta, of_patch = found(jnp.asarray(theta), jnp.stack([patch, patch[::-1]]))
    assert values.dtype == of_theta.dtype == of_patch.dtype == np.float32
    atol = tolerance(num_gates(circuit, num_qubits))
    double = theta.astype(np.float64), patch.astype(np.float64)
    with jax.enable_x64(True):
        assert_close(values, expected(*double), atol)
        atol *= float(np.linalg.norm(weights))
        forth, back = (
            np.array([expected(moved, double[1]) @ weights for moved in shifted(double[0], sign * math.pi / 2)])
            for sign in (1, -1)
        )
        assert_close(of_theta.ravel(), (forth - back) / 2, atol)
        if isinstance(encoding, Angle):  # bits have no gradient
            step = math.pi / 2 / encoding.scale
            forth, back = (
                np.array([expected(double[0], moved) @ weights for moved in shifted(double[1], sign * step)])
                for sign in (1, -1)
            )
            assert_close(of_patch[0], encoding.scale * (forth - back) / 2, atol * encoding.scale)
    assert np.abs(of_theta).max() > 100 * atol  # a gradient of zeros would be no test


@pytest.mark.slow
def test_trees_are_right_to_single_precision() -> None:
    """16 qubits, and in the last level a block of 8, the largest that is allowed."""
    tree, shape = Tree(Angle(), HardwareEfficient(1, ("ry", "rx")), kept=2), (4, 4, 1)
    assert tree.levels(shape)[-1].num_qubits == MAX_BLOCK_QUBITS
    theta = tuple(RNG.uniform(-3, 3, (1, *own)).astype(np.float32) for own in tree.param_shapes(shape))
    image = RNG.uniform(0.05, 0.95, shape).astype(np.float32)
    double = jax.tree.map(lambda values: values.astype(np.float64), (theta, image))
    along = jax.tree.map(lambda values: RNG.normal(size=values.shape), double)

    def expected(step: float) -> np.ndarray:
        angles, pixels = jax.tree.map(lambda values, change: values + step * change, double, along)
        with jax.enable_x64(True):
            return np.array(measured(tree, angles, pixels, kind=oracle.State)[0, 0])

    @jax.jit
    def found(theta: Any, images: Any) -> Any:
        values, pullback = jax.vjp(lambda t, x: maps(tree, t, x)[0][0, 0, 0], theta, images)
        return values, jax.vmap(pullback)(jnp.eye(len(values)))

    values, gradients = found(jax.tree.map(jnp.asarray, theta), jnp.asarray(image[None]))
    gates = 16 + 4 * (2 * 4 + 4) + 2 * 8 + 8
    assert_close(values, expected(0), tolerance(gates))
    # A central difference of sixth order: its error falls with h^6, to 1e-10 here.
    h, factors = 2e-3, {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}
    slopes = sum(w * (expected(k * h) - expected(-k * h)) for k, w in factors.items()) / h
    products = [
        np.sum(np.asarray(own, np.float64) * change[None], axis=tuple(range(1, change.ndim + 1)))
        for own, change in zip(jax.tree.leaves(gradients), jax.tree.leaves((along[0], along[1][None])), strict=True)
    ]
    # What each number is right to, times how far it moves: a pixel turns its qubit by pi.
    distance = math.hypot(*(np.linalg.norm(own) for own in along[0]), math.pi * np.linalg.norm(along[1]))
    assert_close(sum(products), slopes, tolerance(gates) * distance)
    assert np.abs(slopes).max() > 100 * tolerance(gates)
