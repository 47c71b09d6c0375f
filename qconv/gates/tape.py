"""Gates, and the tape that records them.

Encodings and ansätze are written with the gate calls of `tensorcircuit.Circuit`: `circuit.ry(0, theta=x)`,
`circuit.cnot(0, 1)`, `circuit.unitary(0, 1, unitary=matrix)`. Such a function runs on a TensorCircuit circuit and on a
`Tape` alike. The tape needs no TensorCircuit, whose import costs seconds. It keeps what it is told: the gates of a call
as a `GateGroup`, and gates that are repeated elsewhere as a `Block` with its definition. Engines, drawings and whoever
counts gates read from it what they need.

Qubit q is bit q from the left: amplitude number `b_0 b_1 ... b_(n-1)` (binary) belongs to qubit 0 in state b_0.
Angles are in radians.
"""

import inspect
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import groupby, pairwise
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from qconv.errors import InputError
from qconv.gates.kinds import (
    ALIASES,
    KINDS,
    SETTINGS,
    Matrix,
    cast,
    exponential,
    in_one_dtype,
    is_permutation,
    side,
)

_Class = TypeVar("_Class", bound=type)

CircuitBuilder = Any
"""What encodings and ansätze append their gates to: a `Tape`, or a `tensorcircuit.Circuit` that was given the attribute
`num_qubits`."""


@dataclass(frozen=True, eq=False)
class Structure:
    """What of a pytree is no leaf. Equals itself only: whether arrays among it are equal has no one answer."""

    parts: Any


def pytree(*leaves: str) -> Callable[[_Class], _Class]:
    """Makes a dataclass a pytree. The named fields are its leaves, or pytrees; all others are structure."""

    def register(cls: Any) -> Any:
        others = [field.name for field in fields(cls) if field.name not in leaves]

        def flatten(own: Any) -> tuple[list[Any], Structure]:
            return [getattr(own, name) for name in leaves], Structure({name: getattr(own, name) for name in others})

        def unflatten(structure: Structure, values: Any) -> Any:
            return cls(**dict(zip(leaves, values, strict=True)), **structure.parts)

        jax.tree_util.register_pytree_node(cls, flatten, unflatten)
        return cls

    return register


@pytree("values")
@dataclass(frozen=True, eq=False)
class Entry:
    """One of many angles or matrices. Engines take them together as well, which is less to trace and to compile."""

    values: Any
    """(gates, ...); of an example, no more than shape and dtype."""
    index: int
    """Which of `values` it is."""

    @property
    def value(self) -> Array:
        """The angle or matrix by itself."""
        return self.values[self.index]


ARRAYS = (jax.Array, jax.ShapeDtypeStruct, Entry)
"""What a parameter is that may be traced; of an example, shape and dtype of it. Anything else is a constant."""


@dataclass(frozen=True, eq=False)
class Gate:
    """One recorded gate. A pytree: its arrays are leaves, all else is structure."""

    name: str
    """As in TensorCircuit, without aliases (`cnot`, never `cx`)."""
    qubits: tuple[int, ...]
    """Where it acts; the first is the most significant bit of `matrix`."""
    params: Mapping[str, Any]
    """The gate's keyword arguments, angles in radians; an `Entry` for one of many."""
    dtype: Any
    """float32 or float64."""
    built: Entry | None = None
    """The gate's matrix, if it was computed together with those of other gates."""

    @property
    def angles(self) -> dict[str, Any]:
        """Parameters that are angles, or arrays that may be traced; the gate's others are the same in every run."""
        return {name: own for name, own in self.params.items() if name not in SETTINGS or isinstance(own, ARRAYS)}

    @property
    def likeness(self) -> Hashable:
        """Equal for gates that differ in nothing but qubits and angles: name, and parameters but for the angles."""
        angles = self.angles
        return self.name, *(
            (name, value.values.shape[1:] if isinstance(value, Entry) else np.shape(value))
            if name in angles
            else (name, np.shape(value), np.asarray(value).tobytes())
            for name, value in self.params.items()
        )

    @property
    def is_diagonal(self) -> bool:
        """Whether the matrix is diagonal, whatever the angles."""
        return KINDS[self.name].is_diagonal

    @property
    def rates(self) -> np.ndarray | None:
        """For a diagonal gate of an angle theta: r (2^k,), where the matrix is diag(exp(i r theta)); else None."""
        return KINDS[self.name].rates

    @property
    def generator(self) -> np.ndarray | None:
        """For a rotation by an angle theta: G, where G^2 = 1 and the matrix is exp(-i theta/2 G); else None."""
        return KINDS[self.name].generator

    @property
    def controls(self) -> tuple[int, ...]:
        """Qubits that the gate reads and does not change: its matrix is block diagonal in them, whatever the angles."""
        if self.is_diagonal:
            return self.qubits
        if self.name == "multicontrol":
            return self.qubits[: np.size(self.params.get("ctrl", 1))]
        return self.qubits[: KINDS[self.name].num_controls]

    @property
    def is_real(self) -> bool:
        """Whether the matrix is real, whatever the angles."""
        if self.name in ("any", "multicontrol"):
            unitary = self.params["unitary"]
            return not jnp.iscomplexobj(unitary.values if isinstance(unitary, Entry) else unitary)
        return KINDS[self.name].is_real

    @cached_property
    def permutation(self) -> np.ndarray | None:
        """For a constant gate that only permutes basis states: the one that each of them comes from; else None."""
        if (self.params and self.name != "any") or isinstance(self.params.get("unitary"), ARRAYS):
            return None
        if not is_permutation(self.matrix):
            return None
        return np.asarray(self.matrix).argmax(axis=1)

    @cached_property
    def matrix(self) -> Matrix:
        """(2^k, 2^k), built when asked for; of a real dtype if the gate is real, and of NumPy if it is a constant."""
        if self.built is not None:
            return self.built.value
        return KINDS[self.name].build(
            self.dtype, **{key: own.value if isinstance(own, Entry) else own for key, own in self.params.items()}
        )

    def with_params(self, params: Mapping[str, Any]) -> "Gate":
        """A copy of the gate with other parameters."""
        return replace(self, params=params, built=None)


def _flatten_gate(gate: Gate) -> tuple[Any, Structure]:
    arrays = {name: param for name, param in gate.params.items() if isinstance(param, ARRAYS)}
    others = {name: None if name in arrays else param for name, param in gate.params.items()}
    return (arrays, gate.built), Structure((gate.name, gate.qubits, others, gate.dtype))


def _unflatten_gate(structure: Structure, arrays: Any) -> Gate:
    name, qubits, others, dtype = structure.parts
    return Gate(name, qubits, others | arrays[0], dtype, arrays[1])


jax.tree_util.register_pytree_node(Gate, _flatten_gate, _unflatten_gate)


@pytree("gates")
@dataclass(frozen=True, eq=False)
class GateGroup:
    """Gates that differ in qubits and angles only, such as those of one call, `tape.ry(range(3), theta=angles)`."""

    gates: tuple[Gate, ...]
    """The gates, in the order in which they act."""

    @property
    def name(self) -> str:
        """The name that all gates of the group have."""
        return self.gates[0].name

    @property
    def qubits(self) -> tuple[tuple[int, ...], ...]:
        """The qubits of each gate, (gates, k)."""
        return tuple(gate.qubits for gate in self.gates)

    @property
    def params(self) -> dict[str, Array]:
        """Angles of all gates in radians, or matrices that may be traced, by name: each (gates, ...)."""
        return {name: stacked([gate.params[name] for gate in self.gates]) for name in self.gates[0].angles}

    @property
    def matrices(self) -> Array:
        """The matrices of all gates, (gates, 2^k, 2^k), computed at once: less to trace and to compile."""
        first = self.gates[0]
        if not (params := self.params):
            return jnp.broadcast_to(first.matrix, (len(self.gates), *first.matrix.shape))
        if first.generator is not None:
            return exponential(first.generator, params["theta"].reshape(-1) / 2, first.dtype)
        return jax.vmap(lambda own: jnp.asarray(first.with_params({**first.params, **own}).matrix))(params)


@pytree("definition")
@dataclass(frozen=True, eq=False)
class Block:
    """Gates on few qubits that a circuit has on several tuples of them, with the same angles."""

    definition: "tuple[GateGroup | Block, ...]"
    """What the block is made of, on qubits 0, 1, ... of its own."""
    qubits: tuple[tuple[int, ...], ...]
    """Where its copies act, (copies, k), in order: qubit i of the definition is `qubits[copy][i]`."""

    @property
    def gates(self) -> tuple[Gate, ...]:
        """The gates of all copies of the block, copy by copy."""
        return tuple(
            replace(gate, qubits=tuple(places[qubit] for qubit in gate.qubits))
            for places in self.qubits
            for gate in gates_of(self.definition)
        )


def gates_of(items: "Sequence[GateGroup | Block]") -> list[Gate]:
    """The gates of groups and blocks, one by one."""
    return [gate for item in items for gate in item.gates]


def stacked(params: Sequence[Any]) -> Array:
    """Angles or matrices as one array (params, ...). Those that belong together are not taken apart."""
    together: dict[Hashable, list[int]] = {}
    for place, param in enumerate(params):
        together.setdefault(("entry", id(param.values)) if isinstance(param, Entry) else place, []).append(place)
    parts = [_together([params[place] for place in places]) for places in together.values()]
    if len(parts) == 1:
        return parts[0]
    order = np.argsort([place for places in together.values() for place in places])
    return rows_of(jnp.concatenate(in_one_dtype(*parts)), order.tolist())


def _together(params: list[Any]) -> Array:
    """Entries of one array, or one that is none."""
    if isinstance(params[0], Entry):
        return rows_of(jnp.asarray(params[0].values), [entry.index for entry in params])
    return jnp.asarray(params[0])[None]


def rows_of(values: Array, indices: list[int]) -> Array:
    """These rows: a slice if they are evenly spaced, since its gradient is no scattering."""
    first, last = indices[0], indices[-1]
    step, *others = {after - before for before, after in pairwise(indices)} or {1}
    if others or step < 1:
        return values[np.array(indices)]
    return values if len(indices) == len(values) else jax.lax.slice_in_dim(values, first, last + 1, step)


def x64_enabled() -> bool:
    """Whether JAX's 64-bit mode is on here; without it float64 silently becomes float32."""
    return jax.dtypes.canonicalize_dtype(np.float64) == np.float64


class Tape:
    """Records gates. Each gate of TensorCircuit is a method: `tape.rzz(0, 1, theta=0.3)`, `tape.H(0)`. A pytree.

    All but `diagonal`, `rzm`, `cmz` and `mpo`, which TensorCircuit runs only with packages it does not install.

    Qubits may be given as sequences, one gate for each: `tape.ry([0, 1], theta=angles)`.

    Attributes:
        num_qubits: size of the register.
        dtype: float32 or float64; complex gates have the complex dtype of the same precision.
        initial: the state before the first gate, (2^n,); None for |0...0>.
        items: what was recorded, in order.

    Raises:
        InputError: (by a gate) a qubit that does not exist or is named twice, a wrong number of qubits or a wrong
            parameter.
        AttributeError: no such gate.
    """

    def __init__(self, num_qubits: int, dtype: Any = np.float32) -> None:
        self.num_qubits = num_qubits
        self.dtype = dtype
        self.initial: Array | None = None
        self.items: list[GateGroup | Block] = []

    @property
    def gates(self) -> list[Gate]:
        """The gates that were recorded, in order, one by one: those of blocks as many times as there are copies."""
        return gates_of(self.items)

    def replace_inputs(self, inputs: Array) -> None:
        """Starts from the normalised state `inputs` (2^n,) instead of |0...0>, as in TensorCircuit."""
        if np.size(inputs) != 2**self.num_qubits:
            raise InputError(
                f"the initial state has {np.size(inputs)} amplitudes; allowed: {2**self.num_qubits} "
                f"for {self.num_qubits} qubits"
            )
        self.initial = cast(jnp.ravel(inputs), self.dtype)

    def __getattr__(self, name: str) -> Callable[..., None]:
        gate = ALIASES.get(name.lower(), name.lower())
        if gate not in KINDS:
            raise AttributeError(f"no gate {name!r}; allowed: {', '.join(sorted(KINDS | ALIASES))}")

        def append(*index: Any, **params: Any) -> None:
            if not index or isinstance(index[0], int | np.integer):
                self.items.append(GateGroup((self._gate(gate, index, params),)))
                return
            lengths = {len(qubits) for qubits in index} | {len(v) for v in params.values() if np.ndim(v)}
            if len(lengths) > 1:
                raise InputError(f"gate {name!r} was given sequences of lengths {sorted(lengths)}; allowed: one length")
            gates = [
                self._gate(gate, qubits, {key: _element(value, position) for key, value in params.items()})
                for position, qubits in enumerate(zip(*index, strict=True))
            ]
            for _, alike in groupby(gates, lambda gate: gate.likeness):
                self.items.append(GateGroup(tuple(alike)))

        return append

    def append_block(self, qubits: Sequence[tuple[int, ...]], build: Callable[["Tape"], None]) -> None:
        """Appends what `build` appends to a tape of k qubits, on each of `qubits` (copies, k); see `gates.wiring`."""
        if not qubits:
            return
        definition = Tape(len(qubits[0]), self.dtype)
        build(definition)
        own = tuple(self._checked("block", places, definition.num_qubits) for places in qubits)
        if definition.items:
            self.items.append(Block(tuple(definition.items), own))

    def _gate(self, name: str, qubits: tuple[int | np.integer, ...], params: dict[str, Any]) -> Gate:
        if "hermitian" in params:  # TensorCircuit's other name for the same argument of exp and exp1
            params = {("unitary" if key == "hermitian" else key): value for key, value in params.items()}
        params = {key: _as_array(value) for key, value in params.items()}
        signature = dict(list(inspect.signature(KINDS[name].build).parameters.items())[1:])
        if unknown := set(params) - set(signature):
            allowed = ", ".join(signature) or "none"
            raise InputError(f"gate {name!r} has no parameter {sorted(unknown)[0]!r}; allowed: {allowed}")
        if missing := [key for key, p in signature.items() if p.default is p.empty and key not in params]:
            raise InputError(f"gate {name!r} needs a parameter {missing[0]!r}")
        return Gate(name, self._checked(name, qubits, _num_qubits(name, params)), params, self.dtype)

    def _checked(self, name: str, qubits: tuple[int | np.integer, ...], count: int) -> tuple[int, ...]:
        if len(qubits) != count:
            raise InputError(f"gate {name!r} acts on {count} qubits; it was given {qubits}")
        if len(set(qubits)) < len(qubits) or not all(0 <= q < self.num_qubits for q in qubits):
            raise InputError(f"gate {name!r} on qubits {qubits}; allowed: different ones of 0 .. {self.num_qubits - 1}")
        return tuple(int(q) for q in qubits)


def _unflatten_tape(structure: Any, arrays: Any) -> Tape:
    tape = Tape(*structure)
    tape.initial, tape.items = arrays
    return tape


jax.tree_util.register_pytree_node(
    Tape, lambda tape: ((tape.initial, tape.items), (tape.num_qubits, tape.dtype)), _unflatten_tape
)


def _element(value: Any, position: int) -> Any:
    """What one of many gates is given."""
    if isinstance(value, jax.Array) and value.ndim:
        return Entry(value, position)
    return value[position] if np.ndim(value) else value


def _as_array(value: Any) -> Any:
    """A list with traced numbers, as one array."""
    if isinstance(value, Entry):
        return value
    traced = isinstance(value, list | tuple) and any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(value))
    return jnp.asarray(value) if traced else value


def _num_qubits(name: str, params: Mapping[str, Any]) -> int:
    """Qubits that a gate acts on."""
    if (count := KINDS[name].num_qubits) is not None:
        return count
    controls = np.size(params.get("ctrl", 1)) if name == "multicontrol" else 0
    return controls + side(params["unitary"]).bit_length() - 1
