"""Observables: which of them share a basis, and their expectations from the states."""

from dataclasses import dataclass
from functools import reduce

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.columns import Columns
from qconv.gates import Gate

_DIAGONALS = {"I": (1, 1), "X": (1, -1), "Y": (1, -1), "Z": (1, -1), "0": (1, 0), "1": (0, 1)}


@dataclass(frozen=True, eq=False)
class Basis:
    """A basis to measure in, and the observables that are diagonal there.

    Attributes:
        turn: the gates that turn it to the computational basis.
        members: the observables, by number.
        diagonals: (members, 2^n).
    """

    turn: tuple[Gate, ...]
    members: tuple[int, ...]
    diagonals: np.ndarray


def bases(observables: tuple[str, ...], dtype: np.dtype) -> list[Basis]:
    """Bases that serve all observables; as few as filling one after the other gives."""
    served: dict[str, list[int]] = {}
    for index, observable in enumerate(observables):
        needed = observable.translate(str.maketrans("01", "ZZ"))
        for letters, members in served.items():
            if all("I" in (a, b) or a == b for a, b in zip(letters, needed, strict=True)):
                merged = "".join(b if a == "I" else a for a, b in zip(letters, needed, strict=True))
                del served[letters]
                served[merged] = [*served.get(merged, []), *members, index]
                break
        else:
            served[needed] = [index]
    return [
        Basis(
            tuple(gate for qubit, letter in enumerate(letters) for gate in _turn(letter, qubit, dtype)),
            tuple(members),
            np.stack([diagonal(observables[member]) for member in members]).astype(dtype),
        )
        for letters, members in served.items()
    ]


def diagonal(observable: str) -> np.ndarray:
    """Its eigenvalues (2^n,) in the basis that its letters name."""
    return reduce(np.kron, [np.array(_DIAGONALS[letter], float) for letter in observable])


def expectations_in(diagonals: np.ndarray, states: Columns) -> Float[Array, "members columns"]:
    """Expectations of diagonal observables (members, 2^n), in the order of the rows."""
    parts = jax.lax.split(jnp.square(states), [1] * states.shape[1], axis=1)
    # Not a sum over the axis: XLA would move that into the product, which then has twice as many rows.
    probabilities = reduce(jnp.add, parts)[:, 0]
    return jnp.matmul(diagonals, probabilities, precision="highest")


def in_order(channels: list[tuple[Basis, Array]]) -> Float[Array, "channels columns"]:
    """The expectations of all bases, in the order of the observables."""
    members = [member for basis, _ in channels for member in basis.members]
    joined = jnp.concatenate([outputs for _, outputs in channels])
    return joined if members == sorted(members) else joined[np.argsort(members)]


def _turn(letter: str, qubit: int, dtype: np.dtype) -> list[Gate]:
    names = {"X": ("h",), "Y": ("sd", "h")}.get(letter, ())
    return [Gate(name, (qubit,), {}, dtype) for name in names]
