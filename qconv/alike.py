"""Gates that differ only in qubits and angles: their matrices are computed at once, which is less to compile."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import jax
import numpy as np
from jaxtyping import Array

from qconv.gates import Entry, Gate, GateGroup

_Built = TypeVar("_Built")


def built_together(gates: Sequence[Gate]) -> list[Gate]:
    """The same gates, the matrices of each name computed at once, but for phases and for what is a matrix already."""
    result = list(gates)
    for members in alike(gates):
        members = [index for index in members if gates[index].built is None]
        if not members or gates[members[0]].rates is not None or gates[members[0]].name == "any":
            continue
        matrices = GateGroup(tuple(gates[index] for index in members)).matrices
        for position, index in enumerate(members):
            result[index] = gates[index].with_matrix(Entry(matrices, position))
    return result


def alike(gates: Sequence[Gate]) -> list[list[int]]:
    """Which gates with angles differ in nothing but them and the qubits."""
    groups: dict[Any, list[int]] = {}
    for index, gate in enumerate(gates):
        if gate.angles:
            groups.setdefault(signature(gate)[::2], []).append(index)
    return list(groups.values())


def of_all(repeats: Sequence[Sequence[Gate]], build: Callable[[list[Gate]], _Built]) -> _Built:
    """What `build` makes of each of several sequences of gates that differ in angles only, computed at once.

    Args:
        repeats: the sequences.
        build: a function of the gates of one of them, to a pytree.

    Returns:
        The pytree, its arrays with a leading axis for the sequences.
    """
    first = repeats[0]
    groups = alike(first)
    angles = [GateGroup(tuple(gates[index] for gates in repeats for index in members)).params for members in groups]
    angles = jax.tree.map(lambda values: values.reshape(len(repeats), -1, *values.shape[1:]), angles)

    def of_one(angles: list[dict[str, Array]]) -> _Built:
        gates = list(first)
        for members, values in zip(groups, angles, strict=True):
            for position, index in enumerate(members):
                own = {name: Entry(value, position) for name, value in values.items()}
                gates[index] = first[index].with_params({**first[index].params, **own})
        return build(gates)

    return jax.vmap(of_one, axis_size=len(repeats))(angles)


def signature(gate: Gate) -> tuple[Any, ...]:
    """Name, qubits, and parameters but for the angles."""
    return (
        gate.name,
        gate.qubits,
        tuple(
            (name, value.values.shape[1:] if isinstance(value, Entry) else np.shape(value))
            if name in gate.angles
            else (name, np.shape(value), np.asarray(value).tobytes())
            for name, value in gate.params.items()
        ),
    )
