"""How a circuit is written makes no difference to what is compiled."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.base import Ansatz
from qconv.circuit.circuit import Circuit
from qconv.encoding.angle import Angle
from qconv.gates.tape import Gate, Tape
from qconv.lowering.ansatz import ansatz_gates, example_gates
from qconv.lowering.order import loops, ordered
from qconv.lowering.program import Layers, Step, program
from qconv.readout.pauli import PauliZ
from qconv.simulate.choose import choose_engine
from qconv.simulate.expectations import expectations
from tests import oracle
from tests.oracle import assert_close

QUBITS = range(4)
Call = tuple[str, tuple[int, ...], tuple[int, ...] | None]
"""A gate, its qubits, and the place of its angle in theta."""


def calls(depth: int) -> list[list[Call]]:
    """Layers of a ladder of CNOTs and of RX, RZ, RX on each qubit."""
    return [
        [("cnot", (q, q + 1), None) for q in QUBITS[:-1]]
        + [(name, (q,), (layer, q, k)) for k, name in enumerate(("rx", "rz", "rx")) for q in QUBITS]
        for layer in range(depth)
    ]


def by_rows(circuit: Any, theta: Any) -> None:
    for row in theta:
        for q in QUBITS[:-1]:
            circuit.cnot(q, q + 1)
        for k, name in enumerate(("rx", "rz", "rx")):
            getattr(circuit, name)(QUBITS, theta=row[:, k])


def qubit_by_qubit(circuit: Any, theta: Any) -> None:
    for layer in range(len(theta)):
        for q in QUBITS[:-1]:
            circuit.cnot(q, q + 1)
        for q in QUBITS:
            circuit.rx(q, theta=theta[layer, q, 0])
            circuit.rz(q, theta=theta[layer, q, 1])
            circuit.rx(q, theta=theta[layer, q, 2])


def along_the_ladder(circuit: Any, theta: Any) -> None:
    """Rotations as soon as the ladder has passed."""
    flat = theta.ravel()
    for layer in range(len(theta)):
        for q in QUBITS:
            if q < 3:
                circuit.cnot(q, q + 1)
            for k, name in enumerate(("rx", "rz", "rx")):
                getattr(circuit, name)(q, theta=flat[12 * layer + 3 * q + k])


def in_any_order(circuit: Any, theta: Any) -> None:
    """Each next gate drawn from all that nothing is before."""
    rng = np.random.default_rng(0)
    waiting = [call for layer in calls(len(theta)) for call in layer]
    while waiting:
        reached: set[int] = set()
        options = []
        for index, (_, qubits, _) in enumerate(waiting):
            if reached.isdisjoint(qubits):
                options.append(index)
            reached |= set(qubits)
        name, qubits, place = waiting.pop(rng.choice(options))
        getattr(circuit, name)(*qubits, **({} if place is None else {"theta": theta[place]}))


def with_arithmetic(circuit: Any, theta: Any) -> None:
    for layer in range(len(theta)):
        for q in QUBITS[:-1]:
            circuit.cnot(q, q + 1)
        for q in QUBITS:
            circuit.rx(q, theta=-theta[layer][q][0])
            circuit.rz(q, theta=theta[layer, q, 1] * 0.5 + theta[layer, q, 0] ** 2)
            circuit.rx(q, theta=jnp.mod(theta[layer, q, 2], 1.0) if isinstance(theta, jax.Array) else 0.0)


def between_odd_gates(circuit: Any, theta: Any) -> None:
    circuit.h(2)
    by_rows(circuit, theta[:-1])
    for q in QUBITS:
        circuit.ry(q, theta=theta[-1, q, 0])
    circuit.crz(0, 3, theta=theta[-1, 0, 1])


WAYS = [by_rows, qubit_by_qubit, along_the_ladder, in_any_order]


@dataclass(frozen=True)
class Written(Ansatz):
    """Layers as `way` writes them."""

    way: Callable[[Any, Any], None]
    depth: int = 5

    def param_shape(self, num_qubits):
        return self.depth, num_qubits, 3

    def __call__(self, circuit, theta):
        self.way(circuit, theta)


def written(way: Callable[[Any, Any], None], depth: int = 5) -> tuple[Circuit, jax.Array, jax.Array]:
    circuit = Circuit(Angle(), Written(way, depth), PauliZ())
    theta = np.random.default_rng(0).uniform(-3, 3, circuit.param_shape(4))
    return circuit, jnp.asarray(theta), jnp.asarray(np.random.default_rng(1).random((3, 4)))


def traced(way: Callable[[Any, Any], None], engine: Any, depth: int = 5) -> Any:
    circuit, theta, patches = written(way, depth)
    loss = jax.value_and_grad(lambda angles: jnp.sin(expectations(circuit, angles, patches, engine)).sum())
    return jax.make_jaxpr(loss)(theta).jaxpr


def equations(jaxpr: Any) -> Iterator[Any]:
    for equation in jaxpr.eqns:
        yield equation
        for param in jax.tree.leaves(list(equation.params.values()), is_leaf=lambda own: hasattr(own, "eqns")):
            if hasattr(param, "eqns"):
                yield from equations(getattr(param, "jaxpr", param))


@pytest.mark.parametrize("engine", ["unitary", "fused", "halves"])
@pytest.mark.parametrize("way", WAYS[1:])
def test_the_same_program_whichever_way_it_is_written(way, engine):
    depth = 2 if engine == "halves" else 5  # each layer has four times the terms of the one before
    assert str(traced(way, engine, depth)) == str(traced(by_rows, engine, depth))


@pytest.mark.parametrize("way", [*WAYS, between_odd_gates])
def test_values_are_the_oracles(x64, way):
    circuit, theta, patches = written(way)
    expected = oracle.expectations(circuit, theta, patches)
    for engine in ("unitary", "fused"):
        assert_close(expectations(circuit, theta, patches, engine), expected, atol=1e-13)


def test_the_same_engine_whichever_way_it_is_written():
    assert len({choose_engine(written(way)[0], 4) for way in WAYS}) == 1


def test_angles_are_those_that_the_ansatz_gives(x64):
    circuit, theta, _ = written(with_arithmetic)
    tape = Tape(4, theta.dtype)
    with_arithmetic(tape, theta)
    found = ansatz_gates(circuit, theta, 4)
    for own, expected in zip(found, tape.gates, strict=True):
        assert (own.name, own.qubits) == (expected.name, expected.qubits)
        assert_close(own.matrix, expected.matrix, atol=1e-15)


@pytest.mark.parametrize("way", [*WAYS, with_arithmetic, between_odd_gates])
def test_what_is_traced_does_not_grow_with_depth(way):
    few, many = (sum(1 for _ in equations(traced(way, "unitary", depth))) for depth in (6, 12))
    assert few == many


@pytest.mark.parametrize("way", WAYS)
def test_layers_are_one_loop(way):
    circuit, theta, _ = written(way)
    steps = jax.eval_shape(lambda angles: program(ansatz_gates(circuit, angles, 4), 4, 4), theta).steps
    assert [type(step) for step in steps] == [Layers]
    assert [type(step) for step in steps[0].layer.steps] == [Step] * 3  # RX, phases, RX; CNOTs are no step


def test_odd_gates_stay_outside_of_the_loop():
    """H is within the first of six layers; what follows the last one is no layer."""
    gates = ordered(example_gates(written(between_odd_gates, 7)[0], 4))
    (loop,) = loops(gates)
    assert (loop.period, loop.repeats) == (15, 5)
    assert [gates[loop.start].name, *(gate.name for gate in gates[loop.stop :])] == ["cnot", *["ry"] * 4, "crz"]


def test_two_kinds_of_layers_are_two_loops():
    first = [Gate(name, (q,), {}, np.float32) for _ in range(4) for name in ("h", "t") for q in range(2)]
    second = [Gate(name, (q,), {}, np.float32) for _ in range(5) for name in ("s", "h", "x") for q in range(2)]
    found = loops(ordered([*first, *second]))
    assert [(loop.start, loop.period, loop.repeats) for loop in found] == [(0, 4, 4), (16, 6, 5)]


def test_few_gates_are_no_loop():
    gates = [Gate("h", (0,), {}, np.float32)] * 5 + [Gate("cnot", (0, 1), {}, np.float32)]
    assert loops(ordered(gates)) == []


def test_gates_keep_their_order_on_each_qubit():
    gates = example_gates(written(in_any_order)[0], 4)
    for q in QUBITS:
        chains = [[gate for gate in order if q in gate.qubits] for order in (gates, ordered(gates))]
        assert chains[0] == chains[1]
