"""Gates that differ only in qubits and angles: their matrices are computed at once, which is less to compile."""

from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from qconv.gate_table import exponential, in_one_dtype
from qconv.gates import ARRAYS, Entry, Gate


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
    together: dict[Hashable, list[int]] = {}
    for place, param in enumerate(params):
        together.setdefault(("entry", id(param.values)) if isinstance(param, Entry) else place, []).append(place)
    parts = [_together([params[place] for place in places]) for places in together.values()]
    if len(parts) == 1:
        return parts[0]
    order = np.argsort([place for places in together.values() for place in places])
    return _rows(jnp.concatenate(in_one_dtype(*parts)), order.tolist())


def _together(params: list[Any]) -> Array:
    """Entries of one array, or one that is none."""
    if isinstance(params[0], Entry):
        return _rows(jnp.asarray(params[0].values), [entry.index for entry in params])
    return jnp.asarray(params[0])[None]


def _rows(values: Array, indices: list[int]) -> Array:
    """These rows: a slice if they are evenly spaced, since its gradient is no scattering."""
    first, last = indices[0], indices[-1]
    step, *others = {after - before for before, after in pairwise(indices)} or {1}
    if others or step < 1:
        return values[np.array(indices)]
    return values if len(indices) == len(values) else jax.lax.slice_in_dim(values, first, last + 1, step)


def matrices_of(gate: Gate, angles: dict[str, Array]) -> Array:
    """The matrices (gates, 2^k, 2^k) of gates like `gate` with angles (gates, ...) by name."""
    return jax.vmap(lambda values: jnp.asarray(gate.with_params({**gate.params, **values}).matrix))(angles)


def has_angles(gate: Gate) -> bool:
    """Whether a parameter of the gate is a number, or an array that may be traced."""
    return any(_is_angle(value) for value in gate.params.values())


def _is_angle(value: Any) -> bool:
    """Whether a parameter is a number, or an array that may be traced; else it is the same in every run."""
    return isinstance(value, (float, np.floating, *ARRAYS))


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
