"""The circuit of a fidelity kernel, as the gates that make a point's state: a feature map."""

from functools import lru_cache, partial
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, scaled
from qconv.gates.tape import Tape, x64_enabled
from qconv.lowering.ansatz import recorded

Angles = Float[Array, "..."] | None
"""Angles of a circuit, or factors of the data; None where it has none that matter."""


def record_map(circuit: Circuit, theta: Angles, scaling: Angles, point: Float[Array, " columns"]) -> Tape:
    """The gates that make the state of a point, but for the last ansatz.

    It is the same for both points of an overlap, which therefore does not depend on it.

    Args:
        circuit: encoding and, with reuploads, the ansätze between.
        theta: as `Circuit.param_shape` has it; None without reuploads.
        scaling: factors of the data for each encoding, or None.
        point: its numbers.
    """
    tape = Tape(circuit.num_qubits(len(point)), point.dtype)
    for block in range(circuit.reuploads + 1):
        if block and theta is not None:
            tape.items += recorded(circuit.ansatz, tape.num_qubits, theta[block - 1]).items
        circuit.encoding(tape, scaled(point, scaling, block))
    return tape


def example_map(circuit: Circuit, columns: int, dtype: Any = np.float32) -> Tape:
    """The gates of some point, with shapes in the place of arrays: nothing is computed."""
    # For one caller: gates hold matrices once asked, which may belong to a function being traced.
    return jax.tree.map(lambda leaf: leaf, _example(circuit, columns, np.dtype(dtype), x64_enabled()))


@lru_cache(maxsize=64)
def _example(circuit: Circuit, columns: int, dtype: np.dtype, x64: bool) -> Tape:
    theta = jax.ShapeDtypeStruct(circuit.param_shape(columns), dtype) if circuit.reuploads else None
    scaling = jax.ShapeDtypeStruct(circuit.scaling_shape(columns), dtype) if circuit.trainable_scaling else None
    point = jax.ShapeDtypeStruct((columns,), dtype)
    return jax.eval_shape(partial(record_map, circuit), theta, scaling, point)
