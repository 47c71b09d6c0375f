"""Gates that differ only in qubits and angles: their matrices are computed at once, which is less to compile."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from qconv.gate_table import exponential, in_one_dtype
from qconv.gates import Entry, Gate


def built_together(gates: Sequence[Gate]) -> list[Gate]:
    """The same gates, the matrices of each name computed at once, but for phases and for what is a matrix already."""
    result = list(gates)
    for members in alike(gates):
        members = [index for index in members if gates[index].built is None]
        if not members or gates[members[0]].rates is not None or gates[members[0]].name == "any":
            continue
        matrices = stacked_matrices([gates[index] for index in members])
        for position, index in enumerate(members):
            result[index] = gates[index].with_matrix(Entry(matrices, position))
    return result


def stacked_matrices(gates: Sequence[Gate]) -> Array:
    """The matrices (gates, 2^k, 2^k) of gates that differ only in qubits and angles."""
    if not has_angles(gates[0]):
        return jnp.broadcast_to(gates[0].matrix, (len(gates), *gates[0].matrix.shape))
    angles = stacked_angles(gates)
    if (generator := gates[0].generator) is not None:
        return exponential(generator, angles["theta"].reshape(-1) / 2, gates[0].dtype)
    return matrices_of(gates[0], angles)


def alike(gates: Sequence[Gate]) -> list[list[int]]:
    """Which gates with angles differ in nothing but them and the qubits."""
    groups: dict[Any, list[int]] = {}
    for index, gate in enumerate(gates):
        if has_angles(gate):
            groups.setdefault(signature(gate)[::2], []).append(index)
    return list(groups.values())


def stacked_angles(gates: Sequence[Gate]) -> dict[str, Array]:
    """The angles (gates, ...) of gates that differ in nothing but them and the qubits, by name."""
    names = [name for name, value in gates[0].params.items() if _is_angle(value)]
    return {name: stacked([gate.params[name] for gate in gates]) for name in names}


def stacked(params: Sequence[Any]) -> Array:
    """Angles or matrices as one array (params, ...). Those that belong together are not taken apart."""
    parts = []
    for _, run in groupby(enumerate(params), lambda item: _source(*item)):
        together = [param for _, param in run]
        if isinstance(together[0], Entry):
            values, indices = together[0].values, [entry.index for entry in together]
            parts.append(_rows(values, indices))
        else:
            parts.append(jnp.asarray(together[0])[None])
    return parts[0] if len(parts) == 1 else jnp.concatenate(in_one_dtype(*parts))


def _rows(values: Array, indices: list[int]) -> Array:
    """These rows: a slice if they are neighbours, since its gradient is no scattering."""
    first, count = indices[0], len(indices)
    if indices == [*range(first, first + count)]:
        return values if count == len(values) else jax.lax.slice_in_dim(values, first, first + count)
    return values[np.array(indices)]


def _source(position: int, param: Any) -> tuple[str, int]:
    """What it belongs to."""
    return ("together", id(param.values)) if isinstance(param, Entry) else ("alone", position)


def matrices_of(gate: Gate, angles: dict[str, Array]) -> Array:
    """The matrices (gates, 2^k, 2^k) of gates like `gate` with angles (gates, ...) by name."""
    return jax.vmap(lambda values: jnp.asarray(gate.with_params({**gate.params, **values}).matrix))(angles)


def has_angles(gate: Gate) -> bool:
    """Whether a parameter of the gate is a number, or an array that may be traced."""
    return any(_is_angle(value) for value in gate.params.values())


def _is_angle(value: Any) -> bool:
    """Whether a parameter is a number, or an array that may be traced; else it is the same in every run."""
    return isinstance(value, float | np.floating | jax.Array | Entry)


def signature(gate: Gate) -> tuple[Any, ...]:
    """Name, qubits, and parameters but for the angles."""
    return (
        gate.name,
        gate.qubits,
        tuple(
            (name, value.values.shape[1:] if isinstance(value, Entry) else np.shape(value))
            if _is_angle(value)
            else (name, np.shape(value), np.asarray(value).tobytes())
            for name, value in gate.params.items()
        ),
    )
