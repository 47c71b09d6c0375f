"""float32, the default precision, against the oracle at the upper sizes of each engine: values and gradients."""

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.circuit.tree import MAX_BLOCK_QUBITS, Tree
from qconv.encoding.angle import Angle
from qconv.simulate.choose import choose_engine
from qconv.simulate.pauli_tree import maps
from tests import oracle
from tests.circuit.test_pauli_tree import measured
from tests.oracle import assert_close
from tests.precision.engines import CASES, SLOW_CASES, Case, check_engine, tolerance

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "case", [*CASES, *(pytest.param(case, marks=pytest.mark.slow) for case in SLOW_CASES)], ids=str
)
def test_engines_are_right_to_single_precision(case: Case) -> None:
    ansatz = HardwareEfficient(case.depth, ("ry", "rz"))
    assert not case.is_chosen or choose_engine(Circuit(case.encoding, ansatz), case.num_qubits) == case.engine
    check_engine(case)


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
