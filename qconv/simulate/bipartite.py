"""The `halves` engine: the register cut in two, for shallow ansätze on many qubits.

Encoded qubits are independent, and so are the two halves of the register until the first gate across the cut. From
there on the state is kept as a sum of terms, each the product of a state of one half and one of the other: for each
term 2 * 2^(n/2) amplitudes instead of 2^n. A gate across the cut is a sum of products of an operator on either half, a
CNOT |0><0| x I + |1><1| x X, so it multiplies the number of terms, by 2 if it is controlled or diagonal. Terms are
columns next to each other, (2^k, parts, terms * columns) for the k qubits of a half, in the same order in both halves.
Permutations and phases at the end join the observables, across the cut as well.

Source: I. L. Markov, A. Fatima, S. V. Isakov and S. Boixo, "Quantum supremacy is both closer and farther than it
appears", arXiv:1807.10749 (2018), where this is the hybrid of Schrödinger's and Feynman's simulation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby, product
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, scaled
from qconv.gates.tape import Gate
from qconv.lowering.ansatz import ansatz_gates
from qconv.lowering.encoded_states import product_states, qubit_matrices, qubit_states
from qconv.lowering.fusion import Permutation, built_together, merged, spread
from qconv.lowering.observables import Basis, bases, diagonals, expectations_in, in_order
from qconv.lowering.order import leading_gates, ordered, seen, trailing_gates
from qconv.lowering.program import Columns, multiply, program, reordered
from qconv.simulate.counts import Counts, calls, of_gates, of_operations
from qconv.simulate.engine import Cost, Engine, Numbers, cost, refusal_of_joined
from qconv.simulate.evaluation import Evaluation, Observables, patches_at_once
from qconv.simulate.rates import Rates

_CHUNK_BYTES = 2**18
"""Amplitudes of one half, for one chunk of patches: what stays in the cache from one step to the next."""
_WHOLE_BYTES = 2**22
"""Amplitudes of the whole state, where it is put together."""
_BLOCK = 6
"""Qubits of a dense block."""
_LEAST_QUBITS = 6
"""To be chosen. Of fewer the whole state is so small that two halves have no fewer numbers, only more operations."""

Step = Callable[[Columns], Columns]


class Bipartite(Engine):
    """A sum of products of states of the two halves of the register."""

    name = "halves"

    def refusal(self, circuit: Circuit, patch_size: int) -> str | None:
        """Encoded qubits must be independent, at least two, and encoded once."""
        return refusal_of_joined(circuit, patch_size, 2, ", and two qubits or more")

    def cost(self, counts: Counts, filters: int, patches: int, rates: Rates) -> Cost | None:
        """The gates of either half for each term; None for few qubits, and where the whole state is smaller."""
        num_qubits, size, parts = counts.num_qubits, counts.size, counts.end
        if num_qubits < _LEAST_QUBITS:
            return None
        cut, observables = num_qubits // 2, counts.num_observables
        leading, middle, _ = in_parts(counts.circuit, counts.patch_size, counts.gates)
        if num_terms(middle, cut) ** 2 > size:
            return None
        rows = 2**cut + 2 ** (num_qubits - cut)
        flops, numbers, called, terms = 0.0, float(parts * rows), 1 + 4 * bool(leading), 1
        for across, segment in groupby(middle, lambda gate: crosses(gate, cut)):
            own = list(segment)
            if across:
                called += len(own)
                for gate in own:
                    terms *= num_terms([gate], cut)
                    numbers += terms * parts * rows
            else:
                operations = merged(own, num_qubits - cut)
                called += calls(operations)
                more, written = of_operations(operations, rows // 2, parts)
                flops, numbers = flops + terms * more, numbers + terms * written
        if joins(observables, num_qubits, terms):
            numbers += (terms * parts + 2) * size
        else:  # the overlaps of all terms are few large products, about one for each observable
            flops += 2 * observables * terms**2 * rows * rates.small.products / rates.large.products
            numbers += terms**2 * rows * rates.small.numbers / rates.large.numbers
        return cost(counts, patches, rates, rates.small, 5, (flops, numbers + 2 * len(leading)), called)

    def numbers(self, counts: Counts, filters: int, dtype: np.dtype) -> Numbers:
        """The states of both halves after each step, for each term, and their overlaps."""
        num_qubits, end, observables = counts.num_qubits, counts.end, counts.num_observables
        cut = num_qubits // 2
        rows = 2**cut + 2 ** (num_qubits - cut)
        each, terms, waiting = 3.0 * end * rows, 1, list[Gate]()
        for gate in [*in_parts(counts.circuit, counts.patch_size, counts.gates).middle, None]:
            if gate is not None and not crosses(gate, cut):
                waiting.append(gate)
                continue
            # The gates of each half since the last one across the cut, on half of the amplitudes.
            each += terms * rows * of_gates(waiting, num_qubits, num_qubits - cut, counts.start)[1] / counts.size
            waiting = []
            if gate is not None:
                terms = min(terms * num_terms([gate], cut), 2**200)  # more than any memory, and still a number
                each += 2 * terms * end * rows
        joined = joins(observables, num_qubits, terms)
        each += 6 * end * counts.size if joined else end * terms**2 * (2 * rows + 4 * observables)
        shared = 0 if joined else 2 * observables * rows
        return Numbers(shared, each, _patches_at_once(num_qubits, observables, terms, dtype))

    def evaluation(self, circuit: Circuit, patch_size: int, thetas: Array, scaling: Array | None = None) -> Evaluation:
        """Builds the steps of either half; a chunk of patches goes through both."""
        num_qubits, strings, theta = circuit.num_qubits(patch_size), circuit.observables(patch_size), thetas[0]
        cut = num_qubits // 2
        parts = in_parts(circuit, patch_size, ansatz_gates(circuit, theta, num_qubits))
        terms = num_terms(parts.middle, cut)
        leading = qubit_matrices(parts.leading, num_qubits)
        halves = halved(built_together(parts.middle), num_qubits, cut)
        source = renamed(parts.trailing, num_qubits)
        joined = joins(len(strings), num_qubits, terms)
        measured = []
        for basis in bases(strings, theta.dtype):
            turns = halved(basis.turn, num_qubits, cut, (halves[0].names, halves[1].names))
            names = turns[0].names, turns[1].names
            if joined:
                rows = (names[0][:, None] << (num_qubits - cut) | names[1]).ravel()
                measure = partial(_of_whole, basis, np.argsort(source)[rows], terms)
            else:
                measure = partial(products(basis, source, cut, theta.dtype).renamed(*names).expectations, terms=terms)
            measured.append((basis, turns, measure))

        def observables(chunk: Float[Array, "pixels chunk"]) -> Observables:
            zero, one = qubit_states(circuit, scaled(chunk, scaling, 0), leading)
            encoded = zip(_halved(zero, cut), _halved(one, cut), strict=True)
            states = [half.run(product_states(own)) for half, own in zip(halves, encoded, strict=True)]
            channels = []
            for basis, turns, measure in measured:
                turned = [turn.run(own) for turn, own in zip(turns, states, strict=True)]
                channels.append((basis, measure(*turned)))
            return in_order(channels)[None]

        return Evaluation(observables, _patches_at_once(num_qubits, len(strings), terms, theta.dtype))


def _patches_at_once(num_qubits: int, observables: int, terms: int, dtype: np.dtype) -> int:
    """Patches of a chunk, for so many terms."""
    chunk = patches_at_once(_CHUNK_BYTES, 2 ** (num_qubits - num_qubits // 2 + 1) * terms, dtype)  # the larger half
    if joins(observables, num_qubits, terms):
        chunk = min(chunk, patches_at_once(_WHOLE_BYTES, 2 * 2**num_qubits, dtype))
    return chunk


class Parts(NamedTuple):
    """An ansatz in three parts."""

    leading: list[Gate]
    """What joins the encoding."""
    middle: list[Gate]
    """What the two halves do."""
    trailing: list[Gate]
    """What joins the observables."""


class Products(NamedTuple):
    """Diagonal observables as sums of products of diagonals of either half.

    Attributes:
        first: of the first half, (products, 2^k).
        second: of the second half.
        sums: which products belong to which observable, (observables, products).
    """

    first: np.ndarray
    second: np.ndarray
    sums: np.ndarray

    def renamed(self, first: np.ndarray, second: np.ndarray) -> "Products":
        """Observables for halves whose rows hold the amplitudes `first` and `second`."""
        return self._replace(first=self.first[:, first], second=self.second[:, second])

    def expectations(self, first: Columns, second: Columns, terms: int) -> Float[Array, "observables columns"]:
        """The expectations in the sum of `terms` products of states of the halves."""
        are_real = first.shape[1] == 1 == second.shape[1]
        values = _overlaps(self.first, first, terms, are_real) * _overlaps(self.second, second, terms, are_real)
        values = jnp.einsum("pstc,st->pc", values, _weights(terms, are_real).astype(first.dtype), precision="highest")
        if np.array_equal(self.sums, np.eye(len(self.sums))):
            return values
        return jnp.matmul(self.sums, values, precision="highest")


def products(basis: Basis, source: np.ndarray, cut: int, dtype: np.dtype) -> Products:
    """The observables of a basis, after a permutation; by singular values, exact ones but for rounding."""
    first, second, sums = [], [], []
    for index, kinds in enumerate(basis.kinds):  # one by one: together they may be too many numbers
        diagonal = diagonals(kinds[None])[0, np.argsort(source)]
        left, values, right = np.linalg.svd(diagonal.reshape(2**cut, -1), full_matrices=False)
        for place in np.flatnonzero(values > 1e-9 * values[0]):
            first.append(left[:, place] * values[place])
            second.append(right[place])
            sums.append(np.arange(len(basis.kinds)) == index)
    return Products(np.array(first, dtype), np.array(second, dtype), np.array(sums, dtype).T)


def renamed(trailing: Sequence[Gate], num_qubits: int) -> np.ndarray:
    """Which amplitude is in which place after the permutations among the gates, (2^n,)."""
    return Permutation([gate for gate in trailing if gate.permutation is not None]).source(num_qubits)


def joins(observables: int, num_qubits: int, terms: int) -> bool:
    """Whether the whole state is put together to be measured, for so many observables.

    Each of them takes singular values of its own, and an overlap of each term with each other one.
    """
    return observables > 8 * num_qubits or observables * terms > 2**num_qubits


def _of_whole(
    basis: Basis, names: np.ndarray, terms: int, first: Columns, second: Columns
) -> Float[Array, "observables columns"]:
    """The members of a basis, from the whole state: the sum of `terms` products of states of the halves."""

    def apart(states: Columns) -> list[Array]:
        size, parts, columns = states.shape
        split = jax.lax.split(states, [1] * parts, axis=1)
        return [part.reshape(size, terms, columns // terms) for part in split]

    def times(left: Array, right: Array) -> Array:
        product = (left[:, None] * right[None]).sum(2)
        return product.reshape(-1, product.shape[2])

    (real, *imaginary), (others, *more) = apart(first), apart(second)
    whole = [times(real, others)]
    if imaginary and more:
        whole = [whole[0] - times(imaginary[0], more[0]), times(real, more[0]) + times(imaginary[0], others)]
    elif imaginary or more:
        whole.append(times(imaginary[0], others) if imaginary else times(real, more[0]))
    return expectations_in(basis, names, jnp.stack(whole, axis=1))


def _overlaps(
    diagonals: np.ndarray, states: Columns, terms: int, are_real: bool
) -> Float[Array, "products terms terms columns"]:
    """<s| D |t> for the terms of one half: the real part where s <= t, else the imaginary one; <t| D |s> is conjugate.

    Of real states, the real part throughout.
    """
    size, parts, columns = states.shape
    states = states.reshape(size, parts, terms, columns // terms)
    left, right = states[:, :, :, None], states[:, :, None]
    overlaps = (left * right).sum(1)
    if not are_real:
        imaginary = left[:, 0] * right[:, -1] - left[:, -1] * right[:, 0] if parts == 2 else jnp.zeros_like(overlaps)
        is_real_part = np.triu(np.ones((terms, terms), bool))[None, :, :, None]
        overlaps = jnp.where(is_real_part, overlaps, imaginary)
    return jnp.tensordot(diagonals, overlaps, 1, precision="highest")


def _weights(terms: int, are_real: bool) -> np.ndarray:
    """How the products of overlaps add up: the real part of <s|t> <s|t>' for all s and t."""
    if are_real:
        return np.ones((terms, terms))
    return np.eye(terms) + 2 * np.triu(np.ones((terms, terms)), 1) - 2 * np.tril(np.ones((terms, terms)), -1)


def in_parts(circuit: Circuit, patch_size: int, gates: Sequence[Gate]) -> Parts:
    """The gates of the ansatz, by who takes them over."""
    observables = circuit.observables(patch_size)
    leading, rest = leading_gates(ordered(seen(gates, observables)))
    if any(set("XY") & set(observable) for observable in observables):
        return Parts(leading, rest, [])
    return Parts(leading, *trailing_gates(rest))


def _halved(qubits: Array, cut: int) -> Sequence[Array]:
    """Not indexed, since the gradient of a split is one copy."""
    return jax.lax.split(qubits, [cut, len(qubits) - cut])


@dataclass(eq=False)
class Half:
    """What is done to the states of one half.

    Attributes:
        first: its first qubit.
        num_qubits: how many it has.
        names: which amplitude each row holds after the steps.
        steps: in order.
        waiting: gates of its own that are not in `steps` yet.
    """

    first: int
    num_qubits: int
    names: np.ndarray
    steps: list[Step] = field(default_factory=list)
    waiting: list[Gate] = field(default_factory=list)

    def own(self, gate: Gate) -> tuple[int, ...]:
        """Qubits of a gate that are in this half, as it counts them."""
        inside = range(self.first, self.first + self.num_qubits)
        return tuple(qubit - self.first for qubit in gate.qubits if qubit in inside)

    def close(self) -> None:
        """Makes a step of the waiting gates."""
        if self.waiting:
            own = program(self.waiting, self.num_qubits, _BLOCK, self.names)
            self.steps.append(own.run)
            self.names, self.waiting = own.names, []

    def fork(self, operators: Sequence[Any], qubits: tuple[int, ...], gate: Gate, are_diagonal: bool) -> None:
        """Each term becomes several, one for each operator."""
        branches = [
            self._diagonal(operator, qubits) if are_diagonal else self._dense(operator, qubits, gate.dtype)
            for operator in operators
        ]

        def step(states: Columns) -> Columns:
            found = [branch(states) for branch in branches]
            parts = max(own.shape[1] for own in found)  # one operator may be real and another not
            return jnp.concatenate([jnp.pad(own, ((0, 0), (0, parts - own.shape[1]), (0, 0))) for own in found], axis=2)

        self.steps.append(step)

    def _diagonal(self, operator: Any, qubits: tuple[int, ...]) -> Step:
        numpy = np if isinstance(operator, np.ndarray) else jnp  # a constant stays one
        numbers = spread(operator.diagonal(), qubits, self.num_qubits)
        numbers = numpy.broadcast_to(numbers, (2,) * self.num_qubits).reshape(-1)[self.names, None]
        return lambda states: multiply(numbers, states)

    def _dense(self, operator: Any, qubits: tuple[int, ...], dtype: np.dtype) -> Step:
        """A dense operator as a step that leaves the rows their names: all branches must agree on them."""
        own = program([Gate("any", qubits, {"unitary": operator}, dtype)], self.num_qubits, _BLOCK, self.names)
        rows = np.argsort(own.names)[self.names]
        if np.array_equal(rows, np.arange(len(rows))):
            return own.run
        return lambda states: reordered(own.run(states), rows)

    def run(self, states: Columns) -> Columns:
        """The states after all steps."""
        for step in self.steps:
            states = step(states)
        return states


def halved(
    gates: Sequence[Gate], num_qubits: int, cut: int, names: tuple[np.ndarray, np.ndarray] | None = None
) -> tuple[Half, Half]:
    """The gates as steps of the half before qubit `cut` and of the other.

    Args:
        gates: in order.
        num_qubits: of both halves.
        cut: qubits of the first.
        names: which amplitude each row of either half holds at the start; by default row i holds amplitude i.
    """
    first, second = names or (np.arange(2**cut), np.arange(2 ** (num_qubits - cut)))
    halves = (Half(0, cut, first), Half(cut, num_qubits - cut, second))
    for gate in gates:
        own = tuple(half.own(gate) for half in halves)
        if not crosses(gate, cut):
            side = 0 if own[0] else 1
            halves[side].waiting.append(replace(gate, qubits=own[side]))
            continue
        for half in halves:  # now, while there are few terms
            half.close()
        side, operators, others = _expanded(gate, cut)
        halves[side].fork(operators, own[side], gate, set(own[side]) <= {q - halves[side].first for q in gate.controls})
        halves[1 - side].fork(others, own[1 - side], gate, gate.is_diagonal)
    for half in halves:
        half.close()
    return halves


def crosses(gate: Gate, cut: int) -> bool:
    """Whether a gate acts on both halves."""
    return min(gate.qubits) < cut <= max(gate.qubits)


def num_terms(gates: Sequence[Gate], cut: int) -> int:
    """Terms of the state after the gates."""
    terms = 1
    for gate in gates:
        if crosses(gate, cut):
            terms *= len(_operators(gate, cut)[1])
    return terms


def _operators(gate: Gate, cut: int) -> tuple[int, list[tuple[int, int]]]:
    """The half that a gate is expanded in, and its operators |row><column| there."""
    sides = [[qubit for qubit in gate.qubits if (qubit >= cut) == bool(side)] for side in (0, 1)]
    controlled = [side for side in (0, 1) if set(sides[side]) <= set(gate.controls)]
    side = min(controlled or (0, 1), key=lambda side: len(sides[side]))
    states = range(2 ** len(sides[side]))
    return side, [(state, state) for state in states] if controlled else list(product(states, states))


def _expanded(gate: Gate, cut: int) -> tuple[int, list[np.ndarray], list[Any]]:
    """The half that a gate is expanded in, its operators as matrices, and what comes with each in the other half."""
    side, pairs = _operators(gate, cut)
    k = len(gate.qubits)
    ours = [place for place, qubit in enumerate(gate.qubits) if (qubit >= cut) == bool(side)]
    theirs = [place for place in range(k) if place not in ours]
    order = [*ours, *(place + k for place in ours), *theirs, *(place + k for place in theirs)]
    size, rest = 2 ** len(ours), 2 ** len(theirs)
    blocks = gate.matrix.reshape((2,) * (2 * k)).transpose(order).reshape(size, size, rest, rest)
    projectors = []
    for row, column in pairs:
        projector = np.zeros((size, size), gate.dtype)
        projector[row, column] = 1
        projectors.append(projector)
    return side, projectors, [blocks[pair] for pair in pairs]
