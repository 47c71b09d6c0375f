"""Engines in float32 against the oracle: values and gradients. It needs no pytest, so `make gpu` asks it, too.

The oracle counts in float64. A gate moves a state by at most 2e-7: its sine and cosine are right to that (see
`qconv.gates.sincos`), and its sums to less. These errors have any sign, so those of G gates add up to 2e-7 sqrt(G), and
as much again comes with the bra of an expectation. A derivative by an angle of a Pauli rotation is half the difference
of two expectations (parameter-shift rule), so it is right to the same. The tables of `heisenberg` change nothing: the
squares of the weights of any state of a qubit add up to 1, so errors of the table's values do not grow in the sums.
"""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit, num_gates
from qconv.encoding.angle import Angle
from qconv.encoding.base import Encoding
from qconv.encoding.basis import Basis
from qconv.readout.pauli import PauliStrings
from qconv.simulate.choose import EngineName
from qconv.simulate.expectations import expectations
from tests import oracle
from tests.oracle import assert_close


class Case(NamedTuple):
    """An engine at the upper sizes that it takes."""

    engine: EngineName
    encoding: Encoding
    num_qubits: int
    depth: int
    is_chosen: bool = False
    """Whether the cost model for CPUs chooses it."""

    def __str__(self) -> str:
        return f"{self.engine}, {self.encoding}, {self.num_qubits} qubits, {self.depth} layers"


CASES = (
    Case("unitary", Angle(), 10, 3),  # beyond 10 qubits it is never chosen
    Case("heisenberg", Angle(), 7, 2, is_chosen=True),
    Case("heisenberg", Angle("X"), 6, 1),  # the largest table that is counted with; 4 qubits are chosen
    Case("halves", Angle(), 12, 2, is_chosen=True),
    Case("fused", Angle("X"), 12, 3),
    Case("lookup", Basis(), 10, 2, is_chosen=True),
)
SLOW_CASES = (Case("fused", Angle(), 13, 2), Case("statevector", Angle("Z"), 8, 2))


def tolerance(gates: int) -> float:
    return 2 * 2e-7 * math.sqrt(gates)


def shifted(values: np.ndarray, shift: float) -> list[np.ndarray]:
    """The array with each number in turn raised by `shift`."""
    return [values + shift * unit.reshape(values.shape) for unit in np.eye(values.size)]


def readout(num_qubits: int) -> PauliStrings:
    """Products of few and of many letters, in three bases."""
    last = "I" * (num_qubits - 2)
    return PauliStrings(("Z" * num_qubits, "XY" + last, last + "ZI", "Y" + last + "X"))


def check_engine(case: Case) -> None:
    """Values and gradients of an engine on the device that JAX computes on.

    Raises:
        AssertionError: they differ from the oracle by more than float32 rounds.
    """
    engine, encoding, num_qubits, depth, _ = case
    rng = np.random.default_rng(0)
    ansatz = HardwareEfficient(depth, ("ry", "rz"))
    circuit = Circuit(encoding, ansatz, readout(num_qubits))
    theta = rng.uniform(-math.pi, math.pi, circuit.param_shape(num_qubits)).astype(np.float32)
    patch = rng.uniform(0.05, 0.95, num_qubits).astype(np.float32)
    weights = rng.normal(size=4)

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
