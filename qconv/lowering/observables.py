"""Observables: which of them share a basis, and their expectations from the states.

The expectations of many observables are no product of a matrix (observables, 2^n) with the probabilities: to read all
probabilities, that would be 4^n numbers. Qubits are summed over a few at a time, and what observables begin with in
common is summed once. So there are never many more numbers than outcomes or observables, and to read the probabilities
nothing is left to be done.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit
from qconv.gates.tape import Gate, pytree
from qconv.lowering.ansatz import ansatz_gates
from qconv.lowering.order import seen
from qconv.lowering.program import Columns, program, reordered
from qconv.readout.base import OPERATORS, as_letters

_MATRIX = 2**16
"""Numbers of the largest matrix that observables are summed with: what stays in the cache beside the states."""
_KINDS = np.zeros(128, np.uint8)
"""Letters by what they are in the basis that they are diagonal in: rows of `_DIAGONALS`."""
_KINDS[[ord(letter) for letter in "IXYZ01"]] = 0, 1, 1, 1, 2, 3
UNITARY_BLOCK = 4
"""Qubits of the dense blocks that a unitary is built from."""
_DIAGONALS = np.array([OPERATORS[letter].diagonal() for letter in "IZ01"])


@dataclass(frozen=True, eq=False)
class Summed:
    """A sum over a few qubits: of each group of rows as many as the matrix has columns become as many as it has rows.

    Attributes:
        matrix: (rows, columns).
        groups: of rows, one after the other; the same is done to each.
    """

    matrix: np.ndarray
    groups: int

    def apply(self, values: Float[Array, "_ columns"]) -> Float[Array, "_ columns"]:
        """The values after the sum."""
        matrix = self.matrix.astype(values.dtype)
        if self.groups == 1:
            sums = jnp.matmul(matrix, values.reshape(matrix.shape[1], -1), precision="highest")
        else:
            apart = values.reshape(self.groups, matrix.shape[1], -1)
            sums = jnp.einsum("oi,gic->goc", matrix, apart, precision="highest")
        return sums.reshape(-1, values.shape[1])


@dataclass(frozen=True, eq=False)
class Branched:
    """A sum over one qubit where observables that began alike go on in different ways.

    Attributes:
        kinds: of each branch, rows of `_DIAGONALS`.
        parents: which beginning it goes on from.
        groups: how many beginnings there are.
    """

    kinds: np.ndarray
    parents: np.ndarray
    groups: int

    def apply(self, values: Float[Array, "_ columns"]) -> Float[Array, "_ columns"]:
        """The values after the sum."""
        halves = values.reshape(self.groups, 2, -1)
        taken = halves.at[self.parents].get(indices_are_sorted=True, mode="promise_in_bounds")
        factors = _DIAGONALS[self.kinds].astype(values.dtype)
        return (taken * factors[:, :, None]).sum(1).reshape(-1, values.shape[1])


@dataclass(frozen=True, eq=False)
class Basis:
    """A basis to measure in, and the observables that are diagonal there.

    Attributes:
        turn: the gates that turn it to the computational basis.
        members: the observables, by number, ascending.
        kinds: what they are on each qubit, (members, qubits), as rows of `_DIAGONALS`.
    """

    turn: tuple[Gate, ...]
    members: np.ndarray
    kinds: np.ndarray

    @property
    def is_matrix(self) -> bool:
        """Whether the observables are few enough for one product with `diagonals`."""
        return len(self.kinds) * 2 ** self.kinds.shape[1] <= _MATRIX

    @cached_property
    def diagonals(self) -> np.ndarray:
        """Eigenvalues of the observables, (members, 2^n)."""
        return diagonals(self.kinds)

    @cached_property
    def _stages(self) -> tuple[list[Summed | Branched], np.ndarray]:
        return _stages(self.kinds)

    @property
    def numbers(self) -> tuple[int, int]:
        """Floating-point operations of products, and numbers that they write, for the probabilities of one state."""
        size = 2 ** self.kinds.shape[1]
        if self.is_matrix:
            return 2 * len(self.kinds) * size, len(self.kinds)
        flops, numbers, current = 0, size, size
        for stage in self._stages[0]:
            if isinstance(stage, Summed):
                rows, columns = stage.matrix.shape
                flops, current = flops + 2 * rows * current, current // columns * rows
            else:
                current = len(stage.kinds) * (current // (2 * stage.groups))
            numbers += current
        return flops, numbers

    def of_probabilities(
        self, probabilities: Float[Array, "outcomes columns"], names: np.ndarray
    ) -> Float[Array, "members columns"]:
        """Expectations from the probabilities of the outcomes `names`, or from anything linear in them."""
        if self.is_matrix:
            matrix = self.diagonals[:, names].astype(probabilities.dtype)
            return jnp.matmul(matrix, probabilities, precision="highest")
        values = jnp.asarray(probabilities)
        if not np.array_equal(names, np.arange(len(names))):
            values = jnp.asarray(reordered(values[:, None], np.argsort(names)))[:, 0]
        stages, places = self._stages
        for stage in stages:
            values = stage.apply(values)
        return values if np.array_equal(places, np.arange(len(values))) else values[places]


def bases(observables: tuple[str, ...], dtype: np.dtype) -> list[Basis]:
    """Bases that serve all observables; as few as filling one after the other gives."""
    letters = as_letters(observables)
    needed = np.where((letters == ord("0")) | (letters == ord("1")), np.uint8(ord("Z")), letters)
    served: list[tuple[np.ndarray, list[int]]] = []
    distinct, first, which = _distinct(needed)
    for index in np.argsort(first):  # in the order of the observables
        own = distinct[index]
        for place, (others, members) in enumerate(served):
            if ((own == others) | (own == ord("I")) | (others == ord("I"))).all():
                del served[place]  # to the end of the line, so that all bases are filled
                served.append((np.where(others == ord("I"), own, others), [*members, index]))
                break
        else:
            served.append((own, [index]))
    found = []
    for turned, indices in served:
        members = np.flatnonzero(np.isin(which, indices))
        turn = tuple(gate for qubit, letter in enumerate(turned) for gate in _turn(chr(letter), qubit, dtype))
        found.append(Basis(turn, members, _KINDS[letters[members]]))
    return found


def diagonals(kinds: np.ndarray) -> np.ndarray:
    """Of each row of kinds (rows, qubits) the eigenvalues (rows, 2^qubits)."""
    factors = np.moveaxis(_DIAGONALS[kinds], 1, 0)
    start = np.ones((len(kinds), 1))
    return reduce(lambda a, b: (a[:, :, None] * b[:, None]).reshape(len(a), -1), factors, start)


def expectations_in(basis: Basis, names: np.ndarray, states: Columns) -> Float[Array, "members columns"]:
    """Expectations of the members of a basis, from states in it whose rows hold the amplitudes `names`."""
    parts = jax.lax.split(jnp.square(states), [1] * states.shape[1], axis=1)
    # Not a sum over the axis: XLA would move that into the product, which then has twice as many rows.
    return basis.of_probabilities(reduce(jnp.add, parts)[:, 0], names)


def in_order(channels: list[tuple[Basis, Array]]) -> Float[Array, "channels columns"]:
    """The expectations of all bases, in the order of the observables."""
    members = np.concatenate([basis.members for basis, _ in channels])
    joined = jnp.concatenate([outputs for _, outputs in channels])
    return joined if (np.diff(members) > 0).all() else joined[np.argsort(members)]


@pytree("columns")
@dataclass(frozen=True, eq=False)
class Images:
    """The images of states in a basis that is measured in.

    Attributes:
        basis: what is measured there.
        names: which amplitude each row holds.
        columns: the images; those of several filters have an axis for these, the first one.
    """

    basis: Basis
    names: np.ndarray
    columns: Float[Array, "*filters _ _ _"] | Float[np.ndarray, "_ _ _"]

    def of(self, states: Columns) -> "Images":
        """The images of other states, which are sums of these."""
        return replace(self, columns=times(self.columns, states))


def measured_images(
    circuit: Circuit, theta: Float[Array, "..."], patch_size: int, before: Sequence[Gate] = ()
) -> list[Images]:
    """The images of all basis states under the last ansatz, to be measured.

    Args:
        circuit: ansatz and readout.
        theta: angles of the last ansatz.
        patch_size: numbers of a patch.
        before: gates before it.
    """
    num_qubits = circuit.num_qubits(patch_size)
    gates = seen(ansatz_gates(circuit, theta, num_qubits), circuit.observables(patch_size))
    found = bases(circuit.observables(patch_size), theta.dtype)
    ansatz = program(gates, num_qubits, UNITARY_BLOCK, measured=not any(basis.turn for basis in found))
    images = ansatz.run(program(before, num_qubits, UNITARY_BLOCK).run_in_order(basis_states(num_qubits, theta.dtype)))
    turns = [(basis, program(basis.turn, num_qubits, UNITARY_BLOCK, ansatz.names)) for basis in found]
    return [Images(basis, turn.names, turn.run(images)) for basis, turn in turns]


def observed(images: list[Images]) -> Float[Array, "observables columns"]:
    """The expectations of all observables, for the states whose images they are."""
    return in_order([(own.basis, expectations_in(own.basis, own.names, own.columns)) for own in images])


def basis_states(num_qubits: int, dtype: np.dtype) -> Columns:
    """All basis states of a register as columns, (2^n, 1, 2^n)."""
    return np.eye(2**num_qubits, dtype=dtype)[:, None]


def times(images: Columns, states: Columns) -> Columns:
    """A matrix (rows, parts, size) times states (size, parts, columns), complex if either is; one real product."""
    rows, _, size = images.shape
    if states.shape[1] == 1:
        left, right = jnp.swapaxes(images, 0, 1).reshape(-1, size), states[:, 0]
    else:
        real = images[:, 0]
        imaginary = images[:, 1] if images.shape[1] == 2 else jnp.zeros_like(real)
        left = jnp.block([[real, -imaginary], [imaginary, real]])
        right = jnp.swapaxes(states, 0, 1).reshape(2 * size, -1)
    # Full float32 products: accelerators would use fewer bits by default.
    product = jnp.matmul(left, right, precision="highest")
    return jnp.swapaxes(product.reshape(-1, rows, right.shape[1]), 0, 1)


def _stages(kinds: np.ndarray) -> tuple[list[Summed | Branched], np.ndarray]:
    """How the qubits are summed over, the first ones first, and the row that each observable ends in.

    Rows are the different beginnings of the observables, in alphabetical order.
    """
    num_qubits = kinds.shape[1]
    found: list[Summed | Branched] = []
    stage: Summed | Branched | None = None
    places, groups, qubit = np.zeros(len(kinds), np.int64), 1, 0
    while qubit < num_qubits:
        longest: tuple[Summed | Branched | None, np.ndarray, int, int] | None = None
        ends, current = places, groups
        for end in range(qubit + 1, num_qubits + 1):
            ends, later = _branches(ends, kinds[:, end - 1], current)
            if later == 2 * current and (kinds[:, end - 1] > 1).all():  # both outcomes of all beginnings: as they are
                if longest is None:
                    longest = None, ends, later, end
                break
            current = later
            stage = _stage(kinds[:, qubit:end], places, groups, ends, current)
            if stage is None:
                break
            longest = stage, ends, current, end
        if longest is None:
            ends, current = _branches(places, kinds[:, qubit], groups)
            first = _first(ends, current)
            longest = Branched(kinds[first, qubit], places[first], groups), ends, current, qubit + 1
        stage, places, groups, qubit = longest
        if stage is not None:
            found.append(stage)
    if isinstance(stage, Summed) and stage.groups == 1:  # the last rows may as well be in the order of the observables
        found[-1] = Summed(stage.matrix[places], 1)
        places = np.arange(len(places))
    return found, places


def _stage(kinds: np.ndarray, places: np.ndarray, groups: int, ends: np.ndarray, branches: int) -> Summed | None:
    """One product for the next few qubits of observables that began in `places` and are then in `ends`, if it is small.

    Where all beginnings go on alike, for each of them; else for all together.
    """
    first = _first(ends, branches)
    parents, own = places[first], kinds[first]
    size = 2 ** kinds.shape[1]
    each = branches // groups
    if branches % groups == 0 and each * size <= _MATRIX:
        apart = own.reshape(groups, each, -1)
        if np.array_equal(parents, np.repeat(np.arange(groups), each)) and (apart == apart[:1]).all():
            return Summed(diagonals(apart[0]), groups)
    if branches * groups * size > _MATRIX:
        return None
    matrix = np.zeros((branches, groups, size))
    matrix[np.arange(branches), parents] = diagonals(own)
    return Summed(matrix.reshape(branches, -1), 1)


def _branches(places: np.ndarray, kinds: np.ndarray, groups: int) -> tuple[np.ndarray, int]:
    """Where observables that were in `places`, one of `groups`, are after one more qubit, and how many places are."""
    branch = places * len(_DIAGONALS) + kinds
    taken = np.zeros(groups * len(_DIAGONALS), bool)
    taken[branch] = True
    return (np.cumsum(taken) - 1)[branch], int(taken.sum())


def _first(places: np.ndarray, count: int) -> np.ndarray:
    """An observable in each place."""
    found = np.zeros(count, np.int64)
    found[places] = np.arange(len(places))
    return found


def _distinct(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The different rows, the first place of each, and which of them each row is."""
    if (rows == rows[0]).all():
        return rows[:1], np.zeros(1, np.int64), np.zeros(len(rows), np.int64)
    packed = np.ascontiguousarray(rows).view(f"S{rows.shape[1]}")[:, 0]
    _, first, which = np.unique(packed, return_index=True, return_inverse=True)
    return rows[first], first, which


def _turn(letter: str, qubit: int, dtype: np.dtype) -> list[Gate]:
    names = {"X": ("h",), "Y": ("sd", "h")}.get(letter, ())
    return [Gate(name, (qubit,), {}, dtype) for name in names]
