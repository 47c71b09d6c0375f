"""The engine `chain`: gates on single qubits and between neighbours of a line or a ring, at any width.

The line is cut into segments (`qconv.kernels.segments`), and of a point the states of its segments are kept, for each
value of the indices of their cuts: a matrix product state, multiplied out for a few qubits at a time. An overlap goes
from segment to segment: numbers for each value of the indices of the cut behind it, of both states for those that are
hidden, times the overlaps of the next segment's states. Those are products of matrices over the segment's amplitudes,
for many pairs of points at once, and take most of the operations. What is left to be done number by number is the less,
the longer the segments are.

Overlaps of many qubits are small, and yet nothing is scaled on the way: no part of one is much larger than 1, so where
one is lost the square of the whole would have been 0.

Source: Schollwöck, "The density-matrix renormalization group in the age of matrix product states", Annals of Physics
326, 96 (2011), section 4.2.1, the overlaps of matrix product states.
"""

from collections.abc import Iterable
from functools import lru_cache, reduce
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit
from qconv.gates.tape import Gate, x64_enabled
from qconv.kernels.feature_map import Angles, example_map, record_map
from qconv.kernels.kernel import Embedded
from qconv.kernels.overlaps import Overlaps
from qconv.kernels.segment_states import segment_states
from qconv.kernels.segments import Cut, Line, lines

_SIZES = range(1, 8)
"""Qubits of a segment."""
_MOST_TERMS = 128
"""Numbers that are carried from segment to segment for a pair of points, and each value of what closes a ring."""
_WRITTEN = 16
"""A number that is read, multiplied and added takes as long as so many operations of a product of matrices."""
_TILE = 2**17
"""Numbers of a segment's overlaps for the pairs of points that are compared at once: what stays in the cache."""
_LEAST_TILE = 4
"""Points on either side of these pairs, at least."""

Parts = tuple[Array, ...]
"""A real array, or the real and the imaginary part of a complex one."""


class Chains(Overlaps):
    """Matrix product states, multiplied out for a few qubits at a time."""

    name = "chain"

    def refusal(self, circuit: Circuit, columns: int) -> str | None:
        """Gates that reach further than neighbours, or too many of them."""
        if _plan(circuit, columns, x64_enabled()) is not None:
            return None
        return (
            f"needs a map of few gates, which join neighbours of a line or a ring; this one is "
            f"{type(circuit.encoding).__name__} on {circuit.num_qubits(columns)} qubits, IQP with pattern='chain' or a "
            "map of gates on single qubits, such as Angle, would run at any width"
        )

    def cost(self, circuit: Circuit, columns: int) -> float:
        """The products of matrices, and what is written for each pair."""
        plan = _plan(circuit, columns, x64_enabled())
        assert plan is not None
        return plan.cost

    def embed(
        self, circuit: Circuit, theta: Angles, scaling: Angles, points: Float[Array, "points columns"]
    ) -> Embedded:
        """The states of the segments.

        `first`, (points, seen, seen, hidden, hidden, parts, amplitudes), of the first segment; `others` with an axis of
        segments after that of the points; `norms`, <x|x> of each point, 1 but for the rounding of many segments.
        """
        columns, dtype = points.shape[1], points.dtype
        plan = _plan(circuit, columns, x64_enabled())
        assert plan is not None
        theta, scaling = (None if own is None else own.astype(dtype) for own in (theta, scaling))

        def record(point: Float[Array, " columns"]) -> list[Gate]:
            return record_map(circuit, theta, scaling, point).gates

        states = segment_states(plan.line, example_map(circuit, columns, dtype).gates, record, points)
        seen, hidden = (2 ** len(kind) for kind in plan.line.cuts[-1])
        first, others = states[0, :seen, :, :hidden], states[1:]
        norms = jax.lax.stop_gradient(_overlap(_with_itself, (first, first), (others, others))[0])
        return {"norms": norms, "first": jnp.moveaxis(first, 4, 0), "others": jnp.moveaxis(others, 5, 0)}

    def compare(self, left: Embedded, right: Embedded) -> Float[Array, "left right"]:
        """From the first segment to the last, for as many pairs at a time as the cache holds."""
        size = _tile_size(left["others"].shape)
        x, y = (_tiles(own, size) for own in (left, right))

        @jax.checkpoint
        def tile(own: tuple[Array, Array], other: tuple[Array, Array]) -> Float[Array, "rows columns"]:
            parts = _overlap(_of_pairs, (own[0], other[0]), (own[1], other[1]))
            return _sum(map(jnp.square, parts))

        found = jax.lax.map(lambda own: jax.lax.map(lambda other: tile(own, other), y), x)
        rows, columns = len(left["first"]), len(right["first"])
        found = jnp.swapaxes(found, 1, 2).reshape(len(found) * found.shape[2], -1)[:rows, :columns]
        return found / (left["norms"][:, None] * right["norms"][None])


class _Plan(NamedTuple):
    """How a map is cut."""

    line: Line
    """Its gates on segments."""
    are_real: bool
    """Whether all gates are."""

    @property
    def terms(self) -> int:
        """Numbers that are carried for a pair of points and each value of the closing cut's indices."""
        return _most(self.line.cuts).terms

    @property
    def cost(self) -> float:
        """Operations for each pair of points."""
        parts, blocks = 1 if self.are_real else 2, self.terms**2
        amplitudes = 2.0 ** (self.line.size - len(_most(self.line.cuts).seen))
        written = _WRITTEN * parts * blocks * self.line.cuts[-1].terms
        return self.line.num_segments * (2 * parts**2 * blocks * amplitudes + written)


def _most(cuts: list[Cut]) -> Cut:
    """The most indices of each kind that a cut has."""
    return Cut(*(max(kind, key=len) for kind in zip(*cuts, strict=True)))


@lru_cache(maxsize=64)
def _plan(circuit: Circuit, columns: int, x64: bool) -> _Plan | None:
    """The cheapest segments of a map; None if there are none."""
    tape = example_map(circuit, columns)
    if tape.initial is not None or any(len(gate.qubits) > 2 for gate in tape.gates):
        return None
    are_real = all(gate.is_real for gate in tape.gates)
    plans = [_Plan(own, are_real) for own in lines(tape.gates, tape.num_qubits, _SIZES)]
    return min((plan for plan in plans if plan.terms <= _MOST_TERMS), key=lambda plan: plan.cost, default=None)


def _overlap(compared: Any, first: tuple[Array, Array], others: tuple[Array, Array]) -> Parts:
    """<x|y>, from segment to segment.

    Args:
        compared: the overlaps of the states of one segment, (seen, seen, hidden, hidden, hidden, hidden, ...): of the
            cut on the left and on the right what both states share, then of the left one what is x's and y's, and so of
            the right one.
        first: of x and y the states of the first segment.
        others: those of the others.
    """

    @jax.checkpoint
    def step(carried: Parts, states: tuple[Array, Array]) -> tuple[Parts, None]:
        return _after(carried, compared(*states)), None

    start = compared(*first)
    closing = tuple(start[0].shape[axis] for axis in (0, 2, 3))
    carried = tuple(jnp.moveaxis(part, 1, 3).reshape(-1, *part.shape[1:2], *part.shape[4:]) for part in start)
    carried, _ = jax.lax.scan(step, carried, others)
    ends = (part[(slice(None), *map(slice, closing))] for part in carried)
    return tuple(_trace(end.reshape(len(end), len(end), *end.shape[4:])) for end in ends)


def _after(carried: Parts, segment: Parts) -> Parts:
    """What is carried (closing, seen, hidden, hidden, ...) after one segment more.

    The sum over the indices between is written out: XLA's own sums do one number after the other.
    """
    indices = list(np.ndindex(carried[0].shape[1:4]))
    left = [[part[:, seen, x, y][:, None, None, None] for part in carried] for seen, x, y in indices]
    right = [[part[seen, :, x, y][None] for part in segment] for seen, x, y in indices]
    if len(carried) == 1:
        return (_sum(own[0] * other[0] for own, other in zip(left, right, strict=True)),)
    products = [(a * c - b * d, a * d + b * c) for (a, b), (c, d) in zip(left, right, strict=True)]
    return tuple(_sum(of_part) for of_part in zip(*products, strict=True))


def _sum(arrays: Iterable[Array]) -> Array:
    return reduce(jnp.add, arrays)


def _trace(ends: Float[Array, "closing closing ..."]) -> Array:
    """The closing cut is the last as well as the first one."""
    return ends[0, 0] if len(ends) == 1 else jnp.trace(ends)


def _of_pairs(x: Array, y: Array) -> Parts:
    """The overlaps of all states of one segment, (seen, seen, hidden, hidden, hidden, hidden, x, y): real products."""
    seen, hidden, parts = x.shape[:2], x.shape[2:4], x.shape[5]
    turned = [y] if parts == 1 else [y, jnp.stack([y[..., 1, :], -y[..., 0, :]], axis=-2)]
    columns = jnp.stack(turned, axis=2).reshape(*seen, -1, parts * y.shape[-1])
    rows = x.reshape(*seen, -1, columns.shape[-1])
    found = jnp.einsum("lrxk,lryk->lrxy", rows, columns, precision="highest")
    apart = found.reshape(*seen, *hidden, x.shape[4], len(turned), *hidden, y.shape[4])
    return tuple(apart[:, :, :, :, :, part].transpose(0, 1, 2, 5, 3, 6, 4, 7) for part in range(len(turned)))


def _with_itself(x: Array, y: Array) -> Parts:
    """Overlaps of one segment's states of a point, (seen, seen, hidden, hidden, hidden, hidden, points)."""
    left, right = (jnp.moveaxis(own, 4, -1) for own in (x, y))
    left, right = left[:, :, :, None, :, None], right[:, :, None, :, None]
    real = (left * right).sum((-3, -2))
    if x.shape[5] == 1:
        return (real,)
    imaginary = left[..., 0, :, :] * right[..., 1, :, :] - left[..., 1, :, :] * right[..., 0, :, :]
    return real, imaginary.sum(-2)


def _tile_size(shape: tuple[int, ...]) -> int:
    """Points on either side of the pairs that are compared at once."""
    _, _, *indices, parts, _ = shape
    numbers = parts * indices[0] * indices[1] * (indices[2] * indices[3]) ** 2
    size = _LEAST_TILE
    while 4 * size**2 * numbers <= _TILE:
        size *= 2
    return size


def _tiles(embedded: Embedded, size: int) -> tuple[Array, Array]:
    """The first segment and the others, of `size` points at a time: points after indices, as products have them."""

    def apart(states: Array) -> Array:
        own = min(size, len(states))
        filled = jnp.pad(states, ((0, -len(states) % own), *[(0, 0)] * (states.ndim - 1)))
        return filled.reshape(len(filled) // own, own, *states.shape[1:])

    first, others = (apart(embedded[name]) for name in ("first", "others"))
    return jnp.moveaxis(first, 1, 5), jnp.moveaxis(others, 1, 6)
