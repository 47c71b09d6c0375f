"""The gates of an ansatz, as engines take them.

An ansatz may take or compute its angles one by one. `theta[layer, qubit, 0]` is a slice to trace, to compile and to
differentiate for each gate, and a minus before it one more operation. So the ansatz is traced by itself first
(`recorded`). What it only takes out of an array is then known by its place there, and what it does to many numbers
alike is done once, to all of them: how an ansatz comes by its angles makes no difference to what is compiled.

Each copy of a `Block` is one gate (`fuse_blocks`): what a circuit repeats is multiplied out once, and little is left to
be merged.
"""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import JaxprEqn, Literal
from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz
from qconv.circuit.circuit import Circuit
from qconv.gates.tape import Block, Entry, Gate, Tape, gates_of, stacked, x64_enabled
from qconv.lowering.fusion import built_together, matrix_of_gates, of_all

_MOST_QUBITS = 4
"""Of a block that is multiplied out; the matrix of a larger one takes longer than its gates."""


def ansatz_gates(circuit: Circuit, theta: Float[Array, "..."], num_qubits: int) -> list[Gate]:
    """The gates of one ansatz with angles `theta`, in order, each copy of a block as one."""
    return fuse_blocks(recorded(circuit.ansatz, num_qubits, theta))


def example_gates(circuit: Circuit, patch_size: int) -> list[Gate]:
    """The gates of one ansatz for some angles, with shapes in the place of arrays: nothing is computed."""
    shape = circuit.param_shape(patch_size)[1 if circuit.reuploads else 0 :]
    gates = _example(circuit.ansatz, circuit.num_qubits(patch_size), shape, x64_enabled())
    # For one caller: gates hold matrices once asked, which may belong to a function being traced.
    return jax.tree.map(lambda leaf: leaf, gates)


@lru_cache(maxsize=64)
def _example(ansatz: Ansatz, num_qubits: int, shape: tuple[int, ...], x64: bool) -> list[Gate]:
    """The gates that are kept; in 64-bit mode, a gate may have another dtype."""
    theta = jax.ShapeDtypeStruct(shape, np.dtype(np.float32))
    return jax.eval_shape(lambda theta: fuse_blocks(recorded(ansatz, num_qubits, theta)), theta)


def fuse_blocks(tape: Tape) -> list[Gate]:
    """The gates of a tape, in order, each copy of a block of few qubits as one."""
    blocks = [item for item in tape.items if isinstance(item, Block) and len(item.qubits[0]) <= _MOST_QUBITS]
    alike: dict[Any, list[Block]] = {}
    for block in blocks:
        key = tuple((gate.likeness, gate.qubits) for gate in gates_of(block.definition))
        alike.setdefault((len(block.qubits[0]), key), []).append(block)
    matrices: dict[int, Array] = {}
    for (num_qubits, _), members in alike.items():
        build = partial(_matrix, num_qubits=num_qubits, dtype=tape.dtype)
        of_members = of_all([gates_of(block.definition) for block in members], build)
        matrices |= zip(map(id, members), of_members, strict=True)
    found: list[Gate] = []
    for item in tape.items:
        if (matrix := matrices.get(id(item))) is None:
            found += item.gates
        else:
            found += [Gate("any", places, {"unitary": matrix}, tape.dtype) for places in item.qubits]
    return found


def _matrix(gates: Sequence[Gate], num_qubits: int, dtype: Any) -> Array:
    return jnp.asarray(matrix_of_gates(built_together(gates), range(num_qubits), dtype))


_TAKING: dict[str, Callable[[np.ndarray, dict[str, Any]], np.ndarray]] = {
    "slice": lambda places, p: places[
        tuple(map(slice, p["start_indices"], p["limit_indices"], p["strides"] or [1] * places.ndim))
    ],
    "squeeze": lambda places, p: places.squeeze(p["dimensions"]),
    "reshape": lambda places, p: places.reshape(p["new_sizes"]),
    "transpose": lambda places, p: places.transpose(p["permutation"]),
    "rev": lambda places, p: np.flip(places, p["dimensions"]),
}
"""Operations that take numbers out of an array: where those come from that are taken out of numbers at `places`."""


@dataclass(eq=False)
class _Source:
    """An array that numbers are taken out of.

    Attributes:
        array: None as long as what it is computed from is not there.
        rows: the array as rows of some shape, for who asked for it: the same one for all of them.
    """

    array: Any = None
    rows: dict[tuple[int, ...], Array] = field(default_factory=dict)

    def row(self, places: np.ndarray) -> Entry | None:
        """The numbers at `places`, one or a vector, as one of rows like it; None if they do not lie so."""
        index, before = divmod(int(places.flat[0]), places.size) if places.size else (0, 1)
        aligned = places.ndim < 2 and not before and self.array.size % places.size == 0
        if not aligned or (places.ravel() != np.arange(places.size) + places.flat[0]).any():
            return None
        if places.shape not in self.rows:
            self.rows[places.shape] = self.array.reshape(-1, *places.shape)
        return Entry(self.rows[places.shape], index)


@dataclass(frozen=True, eq=False)
class _Numbers:
    """What a variable of a traced function holds.

    Attributes:
        source: the array that it was taken out of, or itself.
        places: which of its numbers they are, in the shape of the variable.
        round: after how many rounds of operations it is known.
        compute: how to come by the array itself.
    """

    source: _Source
    places: np.ndarray
    round: int
    compute: Callable[[], Any]

    @cached_property
    def value(self) -> Any:
        """The array itself."""
        return self.compute()

    def taken(self, take: Callable[..., np.ndarray], params: Any, operation: Callable[..., Any]) -> "_Numbers":
        """What an operation that only takes numbers out makes of these."""
        return _Numbers(self.source, take(self.places, params), self.round, lambda: operation(self.value)[0])

    @property
    def entry(self) -> Any:
        """As one of many, if it is a number or a vector that lies so; else the array itself."""
        return self.source.row(self.places) or self.value


@dataclass(eq=False)
class _Alike:
    """Operations that differ in nothing but the variables that they are done to.

    Attributes:
        operation: that of the first.
        operands: the variables of each.
        results: what they give.
    """

    operation: Callable[..., Sequence[Any]]
    operands: list[list[_Numbers]]
    results: list[_Source]

    def run(self) -> None:
        """Computes all results, at once if there are several operations."""
        if len(self.operands) == 1:
            found = self.operation(*(own.value for own in self.operands[0]))
        else:
            columns = [stacked([own.entry for own in column]) for column in zip(*self.operands, strict=True)]
            found = jax.vmap(self.operation)(*columns)
        for source, array in zip(self.results, found, strict=True):
            source.array = array


def recorded(ansatz: Callable[[Tape, Array], None], num_qubits: int, theta: Array) -> Tape:
    """What an ansatz appends to a tape, its angles as entries of `theta` and of what it computes of them."""

    def record(theta: Array) -> Tape:
        tape = Tape(num_qubits, theta.dtype)
        ansatz(tape, theta)
        return tape

    traced, example = jax.make_jaxpr(record, return_shape=True)(theta)
    numbers = _evaluated(traced, theta)
    tape = jax.tree.unflatten(jax.tree.structure(example), numbers)
    tape.initial = None if tape.initial is None else tape.initial.value
    tape.items = jax.tree.map(_with_entries, tape.items, is_leaf=lambda own: isinstance(own, Gate))
    return tape


def _with_entries(gate: Gate) -> Gate:
    return replace(gate, params={name: _as_entry(param) for name, param in gate.params.items()})


def _as_entry(param: Any) -> Any:
    """A parameter of a gate for what is known of it; constants stay what they are."""
    if isinstance(param, Entry):
        row = param.values.source.row(param.values.places[param.index, ...])
        return row or Entry(param.values.value, param.index)
    return param.entry if isinstance(param, _Numbers) else param


def _evaluated(traced: Any, theta: Array) -> list[_Numbers]:
    """The results of a traced function."""
    inputs = zip([*traced.jaxpr.constvars, *traced.jaxpr.invars], [*traced.consts, theta], strict=True)
    known: dict[Any, _Numbers] = {var: _itself(_Source(array), var, 0) for var, array in inputs}
    rounds: list[dict[Hashable, _Alike]] = []
    for equation in traced.jaxpr.eqns:
        variables = list(dict.fromkeys(own for own in equation.invars if not isinstance(own, Literal)))
        operands = [known[var] for var in variables]
        operation = partial(_done, equation, variables)
        if (name := equation.primitive.name) in _TAKING and operands:
            known[equation.outvars[0]] = operands[0].taken(_TAKING[name], equation.params, operation)
            continue
        # Numbers that are computed alike are computed in the same round.
        round = max((own.round for own in operands), default=0)
        rounds += [{} for _ in range(round + 1 - len(rounds))]
        new = _Alike(operation, [], [_Source() for _ in equation.outvars])
        same = rounds[round].setdefault(_likeness(equation, variables), new)
        for var, source in zip(equation.outvars, same.results, strict=True):
            known[var] = _result(source, var, len(same.operands), round + 1)
        same.operands.append(operands)
    for groups in rounds:
        for same in groups.values():
            same.run()
    return [
        _itself(_Source(jnp.asarray(var.val)), var, 0) if isinstance(var, Literal) else known[var]
        for var in traced.jaxpr.outvars
    ]


def _itself(source: _Source, var: Any, round: int) -> _Numbers:
    shape = var.aval.shape
    return _Numbers(source, np.arange(math.prod(shape)).reshape(shape), round, lambda: source.array)


def _result(source: _Source, var: Any, index: int, round: int) -> _Numbers:
    if var.aval.shape:
        return _itself(source, var, round)
    return _Numbers(source, np.array(index), round, lambda: source.array[index] if source.array.ndim else source.array)


def _done(equation: JaxprEqn, variables: list[Any], *values: Any) -> Sequence[Any]:
    known = dict(zip(variables, values, strict=True))
    operands = [own.val if isinstance(own, Literal) else known[own] for own in equation.invars]
    found = equation.primitive.bind(*operands, **equation.primitive.get_bind_params(equation.params))
    return found if equation.primitive.multiple_results else [found]


def _likeness(equation: JaxprEqn, variables: list[Any]) -> Hashable:
    """What operations on single numbers have in common that can be done at once; any others are alone."""
    kinds: list[Any] = [own.aval for own in [*equation.invars, *equation.outvars]]
    if not variables or any(kind.shape for kind in kinds):
        return id(equation)
    operands = [
        np.asarray(own.val).item() if isinstance(own, Literal) else f"variable {variables.index(own)}"
        for own in equation.invars
    ]
    kinds = [(kind.dtype, kind.weak_type) for kind in kinds]
    params = [(name, _hashable(value)) for name, value in sorted(equation.params.items())]
    return equation.primitive, *operands, *kinds, *params


def _hashable(value: Any) -> Hashable:
    """With its type, since 1 equals 1.0 and True."""
    try:
        hash(value)
    except TypeError:
        return id(value)
    return type(value), value
