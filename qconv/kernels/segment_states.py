"""The states of the segments of a line, for all points and for each value of the indices of their cuts."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Inexact

from qconv.gates.tape import Gate, GateGroup
from qconv.kernels.segments import Line, Shape, Step
from qconv.lowering.encoded_states import apply_runs, own_values, runs, with_sines

SegmentStates = Float[Array, "segments seen seen hidden hidden points parts amplitudes"]
"""Amplitudes for each value of the indices of the cuts on the left and on the right; one part if they are real, else
two. A segment with fewer indices or amplitudes than others is filled up with zeros."""


class _Group(NamedTuple):
    """Segments whose circuits differ in angles only."""

    shape: Shape
    """Their circuit."""
    members: list[int]
    """Which segments of the line they are."""
    gates: list[tuple[int, ...]]
    """For each member which gate of the map each step is."""


def segment_states(
    line: Line,
    examples: Sequence[Gate],
    record: Callable[[Float[Array, " columns"]], list[Gate]],
    points: Float[Array, "points columns"],
) -> SegmentStates:
    """The states of all segments: those that are alike are one program, run for one segment after the other.

    Args:
        line: cut into segments.
        examples: its gates, with shapes in the place of arrays.
        record: the gates of a point.
        points: one in each row.
    """
    groups = _groups(line)

    def values_of(point: Float[Array, " columns"]) -> list[Any]:
        gates = record(point)
        return [_values(group, gates) for group in groups]

    # Only what points have of their own is mapped over them, so that they come last in all that follows.
    values = jax.vmap(values_of, out_axes=-1)(points)
    parts = 1 if all(gate.is_real for gate in examples) else 2
    seen, hidden = (2 ** max(map(len, kind)) for kind in zip(*line.cuts, strict=True))
    summed = 2 ** max(len(group.shape.summed) for group in groups)
    sizes = (seen, seen, hidden, hidden, len(points), parts, summed)
    found = [_states(group, examples, own, sizes, points.dtype) for group, own in zip(groups, values, strict=True)]
    order = np.argsort([member for group in groups for member in group.members])
    states = jnp.concatenate(found)
    return states if np.array_equal(order, np.arange(len(order))) else states[order]


def _groups(line: Line) -> list[_Group]:
    found: dict[Shape, _Group] = {}
    for place, segment in enumerate(line.segments()):
        group = found.setdefault(segment.shape, _Group(segment.shape, [], []))
        group.members.append(place)
        group.gates.append(segment.gates)
    return list(found.values())


def _values(group: _Group, gates: Sequence[Gate]) -> list[Any]:
    """What a point has of its own for each run of gates, with an axis for the members of a group."""
    steps = group.shape.steps
    params = [
        _params(step, [gates[index] for index in of_members])
        for step, of_members in zip(steps, zip(*group.gates, strict=True), strict=True)
    ]

    def of_member(params: list[Any]) -> list[Any]:
        likes = (gates[index] for index in group.gates[0])
        own = [_gate(*step, gates[0].dtype) for step in zip(steps, likes, params, strict=True)]
        return own_values(runs(own))

    return jax.vmap(of_member, axis_size=len(group.members))(params)


def _params(step: Step, gates: list[Gate]) -> Any:
    """What the gates of a step are given, with an axis for the members of a group."""
    if step.kind == "gate":
        return GateGroup(tuple(gates)).params
    return _for_guests(GateGroup(tuple(gates)).matrices, step.place) if step.kind == "across" else {}


def _gate(step: Step, like: Gate, params: Any, dtype: Any) -> Gate:
    """A gate of a segment's circuit.

    Args:
        step: which one.
        like: a gate of the map that differs from it in qubits and angles only, if it is one of the map.
        params: its angles, or the matrix of `across`.
        dtype: float32 or float64.
    """
    if step.kind == "copy":
        return Gate("cnot", step.qubits, {}, dtype)
    if step.kind == "gate":
        return replace(like, qubits=step.qubits, params={**like.params, **params}, built=None)
    return Gate("any", step.qubits, {"unitary": np.ones((2, 2)) if step.kind == "free" else params}, dtype)


def _for_guests(matrices: Inexact[Array, "gates 4 4"], place: int) -> Inexact[Array, "gates 8 8"]:
    """What gates do to one qubit for each value of the other one, number `place`, before the gate and after it."""
    axes = matrices.reshape(-1, 2, 2, 2, 2)  # after the gate, then before it
    blocks = axes.transpose((0, 3, 1, 2, 4) if place == 0 else (0, 4, 2, 1, 3)).reshape(-1, 4, 2, 2)
    return (blocks[:, :, :, None] * np.eye(4, dtype=blocks.dtype)[None, :, None, :, None]).reshape(-1, 8, 8)


def _states(
    group: _Group, examples: Sequence[Gate], values: list[Any], sizes: tuple[int, ...], dtype: Any
) -> SegmentStates:
    """The states of the members of a group.

    Args:
        group: of which segments.
        examples: the gates of the map.
        values: as `_values` gives them, with a last axis for the points.
        sizes: of the axes of the result but for that of the members.
        dtype: float32 or float64.
    """
    shape, (*_, points, parts, _) = group.shape, sizes
    likes = (examples[index] for index in group.gates[0])
    matrix = jax.ShapeDtypeStruct((8, 8), dtype)
    params = [matrix if step.kind == "across" else {} for step in shape.steps]
    found = runs([_gate(*step, dtype) for step in zip(shape.steps, likes, params, strict=True)])
    start = np.ones(1, dtype)
    for is_free in (*[False] * shape.size, *shape.free):
        start = np.kron(start, np.array([1, is_free], dtype))
    columns = jnp.broadcast_to(start[:, None, None], (len(start), 1, points))
    indices = (*shape.seen, *shape.hidden)
    axes = [*sum(indices, ()), shape.num_qubits + 1, shape.num_qubits, *shape.summed]
    own = *(2 ** len(index) for index in indices), points, parts, 2 ** len(shape.summed)
    missing = [(0, size - here) for size, here in zip(sizes, own, strict=True)]

    def of_member(values: list[Any]) -> Array:
        states = apply_runs(found, with_sines(found, values, shape.num_qubits), columns)
        states = jnp.pad(states, ((0, 0), (0, parts - states.shape[1]), (0, 0)))
        states = states.reshape(*(2,) * shape.num_qubits, parts, points).transpose(axes)
        return jnp.pad(states.reshape(own), missing)

    return jax.lax.scan(lambda _, own: (None, of_member(own)), None, values, length=len(group.members))[1]
