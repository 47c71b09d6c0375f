"""Contract checks for encodings, ansätze and readouts of your own.

    from experiments.my_experiment import MyAnsatz
    from qconv.testing import check_ansatz

    def test_my_ansatz():
        check_ansatz(MyAnsatz(depth=2))

Each check takes an instance and raises AssertionError with what is wrong: whether it can be part of a spec, records
unitary gates that both engines understand, gives the same each time, and has finite gradients and no dead angle.
"""

import ast
import dataclasses
import inspect
import json
import math
import textwrap
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import checkify
from jaxtyping import Array

from qconv.ansatz.base import Ansatz
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit, example_ansatz, record_ansatz, record_encoding
from qconv.encoding.angle import Angle
from qconv.encoding.base import Encoding
from qconv.experiment.spec import from_json, to_json
from qconv.gates.kinds import Matrix
from qconv.gates.tape import Gate
from qconv.lowering.fusion import after_gates
from qconv.readout.base import OPERATORS, Readout
from qconv.readout.pauli import PauliStrings
from qconv.simulate.expectations import expectations
from qconv.simulate.states import states

_ATOL = 1e-5
"""Rounding of float32 in a circuit of this size."""


def check_encoding(encoding: Encoding, patch_size: int = 4) -> None:
    """Checks an encoding on patches of `patch_size` numbers.

    Raises:
        AssertionError: it breaks the contract of `Encoding`.
    """
    _check_spec(encoding)
    num_qubits = _pure("num_qubits", lambda: encoding.num_qubits(patch_size))
    _require(isinstance(num_qubits, int) and num_qubits >= 1, f"num_qubits is {num_qubits!r}; allowed: an int from 1")
    circuit = Circuit(encoding, HardwareEfficient(0), PauliStrings(("Z", "X", "Y")))
    patches = _uniform((3, patch_size), 0.05, 0.95)

    def state(patch: Array) -> Array:
        return states(circuit, jnp.zeros(circuit.param_shape(patch_size)), patch[None])[0]

    tape = _attempt("recording the gates", record_encoding, circuit, patches[0])
    gates = [(gate, np.asarray(gate.matrix)) for gate in tape.gates]
    _check_gates(gates)
    ground = np.eye(2**num_qubits)[0] if tape.initial is None else np.asarray(tape.initial)
    norm = float(np.linalg.norm(ground))
    _require(abs(norm - 1) < _ATOL, f"the state has norm {norm:.6f}; allowed: 1")
    moved = jnp.stack([patches[0].at[pixel].set(value) for pixel in range(patch_size) for value in (0.1, 0.45, 0.9)])
    compiled = _compiled(
        state, jnp.concatenate([patches[:1], jnp.zeros((1, patch_size)), moved]), _after(gates, ground)
    )
    _require(abs(float(np.linalg.norm(compiled[1])) - 1) < _ATOL, "the state of a patch of zeros does not have norm 1")
    for pixel, others in enumerate(compiled[2:].reshape(patch_size, 3, -1)):
        _require(not all(_same(others[0], other) for other in others[1:]), f"number {pixel} of the patch has no effect")
    if tape.initial is None:  # gates can be re-uploaded: they must do the same on any state
        circuit = Circuit(encoding, HardwareEfficient(1, ("ry",)), circuit.readout, reuploads=1)
    theta = _uniform(circuit.param_shape(patch_size), -math.pi, math.pi)
    _check_engines(circuit, theta, patches)


def check_ansatz(ansatz: Ansatz, num_qubits: int = 4) -> None:
    """Checks an ansatz on `num_qubits` qubits.

    Raises:
        AssertionError: it breaks the contract of `Ansatz`.
    """
    _check_spec(ansatz)
    shape = _pure("param_shape", lambda: ansatz.param_shape(num_qubits))
    whole = isinstance(shape, tuple) and all(isinstance(size, int) and size >= 0 for size in shape)
    _require(whole, f"param_shape is {shape!r}; allowed: a tuple of ints from 0")
    circuit = Circuit(Angle(), ansatz, PauliStrings(("Z", "X", "Y")))
    theta = _uniform(shape, -math.pi, math.pi)
    # A state without symmetry, so that an angle without effect on it has none on any.
    real, imaginary = _uniform((2, 2**num_qubits), -1.0, 1.0)
    start = jax.lax.complex(real, imaginary) / jnp.sqrt(jnp.sum(real**2 + imaginary**2))

    def state(angles: Array) -> Array:
        return after_gates(start, record_ansatz(circuit, angles, num_qubits).gates)

    # JAX itself takes the last angle for an index that is too large.
    matrices = jax.jit(checkify.checkify(lambda angles: _matrices(circuit, angles, num_qubits), checkify.index_checks))
    error, found = _attempt("recording the gates", matrices, theta)
    _require(error.get() is None, f"angles beyond param_shape {shape} are used: {error.get()}")
    tape = example_ansatz(circuit, num_qubits)
    _require(tape.initial is None, "an ansatz calls replace_inputs; allowed: gates")
    _require(len(tape.gates) == len(found), f"{len(found)} gates at first, {len(tape.gates)} then; allowed: the same")
    gates = list(zip(tape.gates, map(np.asarray, found), strict=True))
    _check_gates(gates)
    angles = jnp.concatenate([theta[None], _each_moved(theta)])
    end, *moved = _compiled(state, angles, _after(gates, np.asarray(start)))
    for index, image in zip(np.ndindex(shape), moved, strict=True):
        _require(not _same(end, image), f"theta{list(index)} has no effect; is param_shape {shape} too large?")
    _check_engines(circuit, theta, _uniform((3, num_qubits), 0.05, 0.95))


def check_readout(readout: Readout, num_qubits: int = 4) -> None:
    """Checks a readout of `num_qubits` qubits.

    Raises:
        AssertionError: it breaks the contract of `Readout`.
    """
    _check_spec(readout)
    observables = _pure("observables", lambda: readout.observables(num_qubits))
    _require(isinstance(observables, tuple) and bool(observables), f"observables are {observables!r}; allowed: a tuple")
    for string in observables:
        fits = isinstance(string, str) and len(string) == num_qubits and set(string) <= set(OPERATORS)
        _require(fits, f"observable {string!r}; allowed: {num_qubits} of the letters {''.join(OPERATORS)}")
    channels = readout.num_channels(num_qubits)
    decoded = readout.decode(_uniform((len(observables), 2), 0.0, 1.0)).shape
    _require(decoded == (channels, 2), f"num_channels is {channels}, but decode gives {decoded[0]} channels")
    circuit = Circuit(Angle(), HardwareEfficient(1, ("rx",)), readout)
    _check_engines(circuit, _uniform((1, num_qubits, 1), 0.3, 2.8), _uniform((3, num_qubits), 0.05, 0.95))


def _matrices(circuit: Circuit, theta: Array, num_qubits: int) -> list[Matrix]:
    return [gate.matrix for gate in record_ansatz(circuit, theta, num_qubits).gates]


def _check_spec(spec: Any) -> None:
    """What a part of a spec must be."""
    name = type(spec).__name__
    params = getattr(type(spec), "__dataclass_params__", None)
    _require(
        params is not None and params.frozen,
        f"{name} is not a frozen dataclass; allowed: @dataclass(frozen=True)",
    )
    copy = dataclasses.replace(spec)
    _require(copy == spec, f"{name} does not equal a copy of itself; do not switch off eq, nor compare=False")
    _require(_attempt("hash()", hash, spec) == hash(copy), f"{name} and a copy of it have different hashes")
    again = _attempt("to_json and from_json", lambda: from_json(json.loads(json.dumps(to_json(spec)))))
    _require(again == spec, f"{name} is another one after to_json and from_json: {again}")
    documented = _documented(type(spec))
    for field in dataclasses.fields(spec):
        _require(field.name in documented, f"field {field.name} has no docstring below it; --help shows it")


def _documented(cls: type) -> set[str]:
    """Fields with a string below them, those of base classes too."""
    found: set[str] = set()
    for base in cls.__mro__:
        if dataclasses.is_dataclass(base):
            body = getattr(ast.parse(textwrap.dedent(inspect.getsource(base))).body[0], "body", [])
            for node, below in pairwise(body):
                text = below.value if isinstance(below, ast.Expr) else None
                if isinstance(node, ast.AnnAssign) and isinstance(text, ast.Constant) and isinstance(text.value, str):
                    found.add(ast.unparse(node.target))
    return found


def _check_gates(gates: Sequence[tuple[Gate, np.ndarray]]) -> None:
    for gate, matrix in gates:
        error = float(np.abs(matrix @ matrix.conj().T - np.eye(len(matrix))).max())
        _require(error < _ATOL, f"gate {gate.name} on qubits {gate.qubits} is not unitary (error {error:.1e})")


def _after(gates: Sequence[tuple[Gate, np.ndarray]], state: np.ndarray) -> np.ndarray:
    """A state (2^n,) after gates, in NumPy."""
    tensor = state.reshape((2,) * int(math.log2(len(state))))
    for gate, matrix in gates:
        count = len(gate.qubits)
        product = np.tensordot(matrix.reshape((2,) * 2 * count), tensor, axes=(range(count, 2 * count), gate.qubits))
        tensor = np.moveaxis(product, range(count), gate.qubits)
    return tensor.ravel()


def _compiled(state: Callable[[Array], Array], arguments: Array, first: np.ndarray) -> np.ndarray:
    """The states of all arguments, compiled; that of the first is known."""
    states = np.asarray(_attempt("compiling with jax.jit", jax.jit(jax.vmap(state)), arguments))
    alike = states[0].shape == first.shape and np.abs(states[0] - first).max() < _ATOL
    _require(bool(alike), "computed twice, the states differ; is something drawn or kept between calls?")
    return states


def _check_engines(circuit: Circuit, theta: Array, patches: Array) -> None:
    """Outputs and gradients of the whole circuit, with both engines."""

    @jax.jit
    def run(theta: Array, patches: Array) -> tuple[Array, Any]:
        outputs, pullback = jax.vjp(lambda t, p: expectations(circuit, t, p, "unitary"), theta, patches)
        return outputs, pullback(jnp.ones_like(outputs))

    outputs, gradients = _attempt("the unitary engine", run, theta, patches)
    reference = _attempt("the statevector engine", expectations, circuit, theta, patches, "statevector")
    _require(_close(outputs, reference), "the engines disagree; a gate means something else to TensorCircuit")
    shape = (len(patches), circuit.num_channels(patches.shape[1]))
    _require(outputs.shape == shape, f"the outputs have shape {outputs.shape}; allowed: {shape}")
    _require(outputs.dtype == np.float32, f"the outputs are {outputs.dtype}; allowed: float32, as the inputs are")
    bound = 1 if type(circuit.readout).decode is Readout.decode else math.inf  # decoded ones may have other ranges
    _require(bool(jnp.abs(outputs).max() <= bound + _ATOL), "the outputs are not in [-1, 1]")
    for row in range(len(patches)):
        alone, _ = run(theta, jnp.stack([patches[row]] * len(patches)))
        _require(_close(alone[0], outputs[row]), "a patch gives something else among other patches than alone")
    for gradient, name in zip(gradients, ("theta", "patches"), strict=True):
        _require(bool(jnp.isfinite(gradient).all()), f"the gradient with respect to {name} is not finite")


def _each_moved(theta: Array) -> Array:
    """For each angle, all of them with this one moved."""
    return (theta.ravel()[None] + jnp.eye(theta.size)).reshape(theta.size, *theta.shape)


def _uniform(shape: tuple[int, ...], low: float, high: float) -> Array:
    return jnp.asarray(np.random.default_rng(0).uniform(low, high, shape), jnp.float32)


def _close(one: Array, other: Array) -> bool:
    return one.shape == other.shape and bool(jnp.abs(one - other).max() < _ATOL)


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two states differ by no more than a phase."""
    return bool(np.abs(np.vdot(one, other)) > 1 - _ATOL)


def _pure(name: str, function: Callable[[], Any]) -> Any:
    first, second = _attempt(name, function), _attempt(name, function)
    _require(first == second, f"{name} gives {first!r}, and then {second!r}; allowed: always the same")
    return first


def _attempt(what: str, function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except Exception as error:
        raise AssertionError(f"{what} fails with {type(error).__name__}: {error}") from error


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)
