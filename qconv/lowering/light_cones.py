"""Light cones: which gates an observable depends on, and which observables depend on alike ones.

U^+ O U = O where U acts on other qubits than O, so of a shallow circuit of neighbours an expectation sees few qubits,
at any width of the register. Where gates repeat along the register, most cones are the same small circuit with other
numbers: those of a group are evaluated as the windows of a convolution are.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from qconv.ansatz.identity import Identity
from qconv.circuit.circuit import Circuit, scaled
from qconv.encoding.base import Encoding
from qconv.errors import InputError
from qconv.gates.tape import CircuitBuilder, Entry, Gate, Tape, x64_enabled
from qconv.lowering.ansatz import recorded
from qconv.readout.base import Readout, as_letters, as_strings

MOST_QUBITS = 20
"""Of a light cone."""
_MOST_OBSERVABLES = 2**20


class Place(NamedTuple):
    """Where an angle or a matrix of a gate stands among the numbers of all gates."""

    start: int
    """Of the first of its numbers."""
    shape: tuple[int, ...]
    """Of the angle or matrix."""
    is_complex: bool
    """Whether each entry takes two numbers, its real and its imaginary part."""

    @property
    def size(self) -> int:
        """How many numbers it takes."""
        return math.prod(self.shape) * (2 if self.is_complex else 1)


@dataclass(frozen=True, eq=False)
class Cone(Encoding):
    """The gates of a light cone as an encoding: a patch holds the numbers of its gates, one after the other."""

    size: int
    """Its qubits."""
    gates: tuple[Gate, ...]
    """In order; what differs from cone to cone is a `Place` in the patch."""

    def num_qubits(self, patch_size: int) -> int:
        """The qubits of the cone, whatever the numbers."""
        return self.size

    def __call__(self, circuit: CircuitBuilder, patch: Float[Array, " pixels"]) -> None:
        """The gates, with the numbers of the patch."""
        for gate in self.gates:
            params = {name: _taken(own, patch) if isinstance(own, Place) else own for name, own in gate.params.items()}
            getattr(circuit, gate.name)(*gate.qubits, **params)


def _taken(place: Place, patch: Float[Array, " pixels"]) -> Array:
    numbers = patch[place.start : place.start + place.size].reshape(*place.shape, -1)
    return jax.lax.complex(numbers[..., 0], numbers[..., 1]) if place.is_complex else numbers[..., 0]


@dataclass(frozen=True, eq=False)
class ConeReadout(Readout):
    """The observables of a cone."""

    strings: tuple[str, ...]
    """One letter a qubit of the cone."""

    def observables(self, num_qubits: int) -> tuple[str, ...]:
        """The strings."""
        return self.strings


@dataclass(frozen=True, eq=False)
class LightCones:
    """Light cones that are the same circuit with other numbers.

    Attributes:
        circuit: of a cone; its patch are the numbers of the gates.
        places: which of the numbers of all gates each cone has, (numbers, cones).
        channels: which observables of the whole register they are, (observables, cones).
    """

    circuit: Circuit
    places: Int[np.ndarray, "numbers cones"]
    channels: Int[np.ndarray, "observables cones"]

    @property
    def num_qubits(self) -> int:
        """Of each cone."""
        return self.circuit.num_qubits(len(self.places))

    @property
    def count(self) -> int:
        """How many cones there are."""
        return self.channels.shape[1]


def numbers_of_gates(
    circuit: Circuit,
    theta: Float[Array, "..."],
    scaling: Float[Array, "blocks pixels"] | None,
    patch: Float[Array, " pixels"],
) -> Float[Array, " numbers"]:
    """The angles and matrices of all gates of a circuit, ansätze included, as real numbers in one row."""
    return _recorded(circuit, theta, scaling, patch)[1]


def light_cones(circuit: Circuit, patch_size: int) -> tuple[LightCones, ...]:
    """The light cones of all observables, alike ones together.

    Args:
        circuit: of a whole register.
        patch_size: numbers of a patch.

    Raises:
        InputError: an observable that depends on more qubits than can be simulated, an encoding that is not made of
            gates, or more observables than can be written down.
    """
    return _light_cones(circuit, patch_size, x64_enabled())


@lru_cache(maxsize=16)
def _light_cones(circuit: Circuit, patch_size: int, x64: bool) -> tuple[LightCones, ...]:
    if (count := circuit.num_observables(patch_size)) > _MOST_OBSERVABLES:
        raise InputError(
            f"the readout {type(circuit.readout).__name__} measures 2^{count.bit_length() - 1} observables or more; "
            f"allowed: up to {_MOST_OBSERVABLES:,}"
        )
    gates = _example(circuit, patch_size)
    order = _order(gates)
    letters = as_letters(circuit.observables(patch_size))
    groups: dict[Hashable, list[_Own]] = {}
    for support, rows in _supports(letters).items():
        key, own = _relative(gates, order, support, letters, rows)
        groups.setdefault(key, []).append(own)
    return tuple(map(_together, groups.values()))


class _Known(NamedTuple):
    """A gate of the whole register, with places for its angles and matrices."""

    gate: Gate
    likeness: Hashable


def _recorded(
    circuit: Circuit, theta: Array, scaling: Array | None, patch: Array
) -> tuple[list[_Known], Float[Array, " numbers"]]:
    """The gates of a circuit with places for angles and matrices, and the numbers that belong there."""
    given = [theta, patch] if scaling is None else [theta, patch, scaling]
    ends = np.cumsum([array.size for array in given])[:-1]

    def record(tape: Tape, numbers: Array) -> None:
        parts = zip(jnp.split(numbers, ends), given, strict=True)
        theta, patch, *factors = (part.reshape(array.shape) for part, array in parts)
        for block in range(circuit.reuploads + 1):
            circuit.encoding(tape, scaled(patch, factors[0] if factors else None, block))
            circuit.ansatz(tape, theta[block] if circuit.reuploads else theta)

    tape = recorded(record, circuit.num_qubits(len(patch)), jnp.concatenate([array.ravel() for array in given]))
    if tape.initial is not None:
        raise InputError(
            f"the encoding {type(circuit.encoding).__name__} sets the state of the register; "
            "allowed for light cones: encodings made of gates"
        )
    starts: dict[int, tuple[int, Any]] = {}  # of each array, with itself: its id is its own as long as it is there
    rows: list[Array] = [jnp.zeros(0, tape.dtype)]
    found, end = [], 0
    for gate in tape.gates:
        places: dict[str, Any] = {}
        for name, own in gate.angles.items():
            array, index = (own.values, own.index) if isinstance(own, Entry) else (own, 0)
            values = jnp.asarray(array)
            shape = values.shape[1:] if isinstance(own, Entry) else values.shape
            if id(array) not in starts:
                starts[id(array)] = end, array
                rows.append(_real(values, tape.dtype))
                end += rows[-1].size
            place = Place(0, shape, jnp.iscomplexobj(values))
            places[name] = place._replace(start=starts[id(array)][0] + index * place.size)
        found.append(_Known(gate.with_params({**gate.params, **places}), gate.likeness))
    return found, jnp.concatenate(rows)


def _real(values: Array, dtype: Any) -> Float[Array, " numbers"]:
    both = jnp.stack([values.real, values.imag], axis=-1) if jnp.iscomplexobj(values) else values
    return both.astype(dtype).ravel()


def _example(circuit: Circuit, patch_size: int) -> list[_Known]:
    """The gates of a circuit, for any patch: nothing is computed."""
    found: list[list[_Known]] = []

    def record(theta: Array, scaling: Array | None, patch: Array) -> Array:
        known, numbers = _recorded(circuit, theta, scaling, patch)
        found.append(known)
        return numbers

    dtype = np.dtype(np.float32)
    theta = jax.ShapeDtypeStruct(circuit.param_shape(patch_size), dtype)
    scaling = jax.ShapeDtypeStruct(circuit.scaling_shape(patch_size), dtype) if circuit.trainable_scaling else None
    jax.eval_shape(record, theta, scaling, jax.ShapeDtypeStruct((patch_size,), dtype))
    return found[0]


class _Order(NamedTuple):
    """Which gates have to come before which."""

    before: list[set[int]]
    """For each gate those right before it."""
    depths: list[int]
    """For each gate how many come before it at least, one after the other."""
    last: dict[int, list[int]]
    """For each qubit the gates that none has to follow on it."""


def _order(gates: Sequence[_Known]) -> _Order:
    """The order that gates must keep. Those that only read a qubit commute as far as it is concerned."""
    before: list[set[int]] = []
    depths: list[int] = []
    runs: dict[int, tuple[bool, list[int], list[int]]] = {}  # of each qubit: whether it is read; by which gates; before
    for index, (gate, _) in enumerate(gates):
        own: set[int] = set()
        for qubit in gate.qubits:
            reads = qubit in gate.controls
            was_read, members, earlier = runs.get(qubit, (False, [], []))
            if reads and was_read:
                members.append(index)
            else:
                earlier = members
                runs[qubit] = reads, [index], earlier
            own.update(earlier)
        before.append(own)
        depths.append(max((depths[other] + 1 for other in own), default=0))
    return _Order(before, depths, {qubit: members for qubit, (_, members, _) in runs.items()})


def _supports(observables: np.ndarray) -> dict[tuple[int, ...], list[int]]:
    """The observables on the same qubits together; the identity is one on qubit 0."""
    found: dict[tuple[int, ...], list[int]] = {}
    for row, letters in enumerate(observables):
        found.setdefault(tuple(np.flatnonzero(letters != ord("I")).tolist()) or (0,), []).append(row)
    return found


def _reached(gates: Sequence[_Known], order: _Order, support: tuple[int, ...]) -> tuple[set[int], set[int]]:
    """The gates of a light cone, and its qubits.

    Raises:
        InputError: more qubits than can be simulated.
    """
    found = {index for qubit in support for index in order.last.get(qubit, ())}
    waiting, qubits = list(found), set(support)
    while waiting:
        index = waiting.pop()
        qubits.update(gates[index].gate.qubits)
        if len(qubits) > MOST_QUBITS:
            raise InputError(
                f"what is measured of qubit {support[0]} depends on more than {MOST_QUBITS} qubits; allowed on wide "
                "registers: shallow circuits of neighbours, and observables of few qubits each"
            )
        new = order.before[index] - found
        found |= new
        waiting += new
    return found, qubits


class _Own(NamedTuple):
    """A cone by itself, its qubits counted from 0."""

    gates: list[Gate]
    size: int
    strings: tuple[str, ...]
    rows: list[int]
    """Of the observables of the whole register."""


def _relative(
    gates: Sequence[_Known], order: _Order, support: tuple[int, ...], letters: np.ndarray, rows: list[int]
) -> tuple[Hashable, _Own]:
    """A cone, and what it has in common with those that are alike: all but the numbers of its gates."""
    width = letters.shape[1]
    found, qubits = _reached(gates, order, support)
    # Counted from the qubit after which the others come soonest: on a ring, (n - 1, 0) is the same as (0, 1).
    first = min(support, key=lambda qubit: sorted((other - qubit) % width for other in support))
    ranked = sorted(qubits, key=lambda qubit: (qubit - first + width // 2) % width)
    names = {qubit: name for name, qubit in enumerate(ranked)}

    def placed(index: int) -> tuple[int, str, tuple[int, ...], int]:
        gate = gates[index].gate
        return order.depths[index], gate.name, tuple(names[qubit] for qubit in gate.qubits), index

    own = [(index, places) for _, _, places, index in sorted(map(placed, found))]
    strings = as_strings(letters[np.ix_(rows, ranked)])
    key = len(ranked), strings, *((gates[index].likeness, places) for index, places in own)
    return key, _Own([replace(gates[index].gate, qubits=places) for index, places in own], len(ranked), strings, rows)


def _together(members: Sequence[_Own]) -> LightCones:
    """Cones that are alike."""
    first = members[0]
    gates, end = [], 0
    for gate in first.gates:
        places = {name: own for name, own in gate.params.items() if isinstance(own, Place)}
        for name, place in places.items():
            places[name] = place._replace(start=end)
            end += place.size
        gates.append(gate.with_params({**gate.params, **places}))
    numbers = [[index for gate in own.gates for index in _indices(gate)] for own in members]
    return LightCones(
        Circuit(Cone(first.size, tuple(gates)), Identity(), ConeReadout(first.strings)),
        np.array(numbers, int).reshape(len(members), end).T,
        np.array([own.rows for own in members]).T,
    )


def _indices(gate: Gate) -> list[int]:
    places = [own for own in gate.params.values() if isinstance(own, Place)]
    return [index for place in places for index in range(place.start, place.start + place.size)]
