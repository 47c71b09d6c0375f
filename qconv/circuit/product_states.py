"""Encoded patches whose qubits are independent: each qubit has a state of its own until the ansatz joins them."""

import operator
from collections.abc import Sequence
from functools import reduce
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Inexact

from qconv.alike import signature
from qconv.circuit.circuit import Circuit, example_encoding, record_encoding
from qconv.circuit.columns import Columns, as_columns
from qconv.dense import products_of
from qconv.gate_table import cast, derivative, in_one_dtype
from qconv.gates import Gate, GateGroup, Tape
from qconv.sincos import sincos

QubitStates = tuple[Inexact[Array, "qubits columns"], Inexact[Array, "qubits columns"]]
"""The amplitudes of |0> and of |1> of each qubit, for each patch. Apart, they need not be taken apart again, whose
gradient is a copy to zeros."""

QubitMatrices = Inexact[Array, "qubits 2 2"]
"""A gate on each qubit, the same for all patches."""


def is_product(tape: Tape) -> bool:
    """Whether the state is one of independent qubits."""
    return tape.initial is None and all(len(gate.qubits) == 1 for gate in tape.gates)


def qubit_states(
    circuit: Circuit, patches: Float[Array, "pixels columns"], leading: QubitMatrices | None = None
) -> QubitStates:
    """The states of the qubits after encoding, and then after single-qubit gates that are the same for all patches.

    Args:
        circuit: whose encoding is used; it must be a product.
        patches: one in each column.
        leading: those gates, or None.
    """
    tape = example_encoding(circuit, len(patches), patches.dtype)

    def record(patch: Float[Array, " pixels"]) -> list[list[Array | None]]:
        chains = _chains(record_encoding(circuit, patch).gates, tape.num_qubits)
        return [[_own(gates) for gates in chain] for _, chain in chains]

    # Only what patches have of their own is mapped over them, so that they come last in all that follows.
    values = jax.vmap(record, in_axes=-1, out_axes=-1)(patches)
    groups = []
    for (qubits, chain), own in zip(_chains(tape.gates, tape.num_qubits), values, strict=True):
        states: tuple[Any, Any] = (1.0, 0.0)
        for gates, value in zip(chain, own, strict=True):
            states = _after(gates[0], value, states)
        shape = (len(qubits), patches.shape[1])
        groups.append(
            (qubits, [jnp.broadcast_to(jnp.asarray(row, cast(row, tape.dtype).dtype), shape) for row in states])
        )
    zero, one = (_by_qubit([(qubits, rows[place]) for qubits, rows in groups]) for place in (0, 1))
    return (zero, one) if leading is None else _times(jnp.moveaxis(leading, 0, 2)[..., None], (zero, one))


def _own(gates: list[Gate]) -> Array | None:
    """What a patch has of its own for gates that are alike: angles (gates,), or matrices (2, 2, gates)."""
    group = GateGroup(tuple(gates))
    if not gates[0].angles:
        return None
    if gates[0].generator is not None:
        return group.params["theta"].reshape(-1)
    return jnp.moveaxis(group.matrices, 0, 2)


def _after(gate: Gate, own: Array | None, states: tuple[Any, Any]) -> tuple[Any, Any]:
    """The states of some qubits after a gate on each, with what `_own` says of all patches."""
    if own is None:
        constant = isinstance(gate.matrix, np.ndarray)
        return _times(gate.matrix.tolist() if constant else gate.matrix, states)
    if gate.generator is None:
        return _times(own, states)
    sin, cos = sincos(own.astype(gate.dtype) / 2)
    turned = _times(derivative(gate.generator).tolist(), states)
    return _sum((cos, sin), (states[0], turned[0])), _sum((cos, sin), (states[1], turned[1]))


def _times(matrix: Any, states: tuple[Any, Any]) -> tuple[Any, Any]:
    """A matrix times states, element by element."""
    return _sum(matrix[0], states), _sum(matrix[1], states)


def _sum(factors: Any, states: tuple[Any, Any]) -> Any:
    """The sum of products, without those that are 0 whatever the patches are."""
    present = [
        operator.mul(*in_one_dtype(state, factor))
        for factor, state in zip(factors, states, strict=True)
        if not any(isinstance(value, float | complex) and value == 0 for value in (factor, state))
    ]
    return reduce(lambda a, b: operator.add(*in_one_dtype(a, b)), present) if present else 0.0


def qubit_matrices(gates: Sequence[Gate], num_qubits: int) -> QubitMatrices | None:
    """Single-qubit gates as one for each qubit; None for no gates."""
    if not gates:
        return None
    chains = _chains(gates, num_qubits)
    return _by_qubit([(qubits, _matrices(chain, gates[0].dtype, len(qubits))) for qubits, chain in chains])


def product_states(qubits: QubitStates) -> Columns:
    """The states of the register."""
    # Else XLA would compute the state of a qubit again for each amplitude that it is part of.
    return _joined(jax.vmap(as_columns)(jax.lax.optimization_barrier(jnp.stack(in_one_dtype(*qubits), axis=1))))


def _joined(factors: Float[Array, "factors size parts columns"]) -> Float[Array, "_ parts columns"]:
    """The product of factors of equal size: neighbours first, so that only the last product is large."""
    if len(factors) == 1:
        return factors[0]
    even = len(factors) // 2 * 2
    pairs, last = jax.lax.split(factors, [even, len(factors) - even])  # not indexed: its gradient is one copy
    first, second = jax.lax.split(pairs.reshape(even // 2, 2, *factors.shape[1:]), [1, 1], axis=1)
    joined = _joined(_product(first[:, 0], second[:, 0]))
    return _product(joined[None], last)[0] if len(last) else joined


def _product(left: Float[Array, "_ _ parts columns"], right: Float[Array, "_ _ parts columns"]) -> Array:
    """Factor by factor, real or complex. One sum for both parts, so that each gradient is one too."""
    number, _, parts, columns = left.shape
    if parts == 1:
        rows = right[:, :, None]
    else:  # what the real part of the left factor is multiplied by, and what the imaginary part is: times i
        sign = np.array([-1, 1], left.dtype)[None, None, :, None]
        rows = jnp.stack([right, sign * right[:, :, ::-1]], axis=2)
    return (left[:, :, None, :, None] * rows[:, None]).sum(3).reshape(number, -1, parts, columns)


def _chains(gates: Sequence[Gate], num_qubits: int) -> list[tuple[list[int], list[list[Gate]]]]:
    """Qubits with the same gates, and the gates of all of them: first those that come first, and so on."""
    of_qubit: list[list[Gate]] = [[] for _ in range(num_qubits)]
    for gate in gates:
        of_qubit[gate.qubits[0]].append(gate)
    groups: dict[tuple[Any, ...], list[int]] = {}
    for qubit, chain in enumerate(of_qubit):
        groups.setdefault(tuple(signature(gate)[::2] for gate in chain), []).append(qubit)
    return [
        (qubits, [list(gates) for gates in zip(*(of_qubit[qubit] for qubit in qubits), strict=True)])
        for qubits in groups.values()
    ]


def _matrices(chain: list[list[Gate]], dtype: Any, count: int) -> Array:
    """The products (qubits, 2, 2) of the gates."""
    matrices = jnp.broadcast_to(jnp.eye(2, dtype=dtype), (count, 2, 2))
    for position, gates in enumerate(chain):
        later = GateGroup(tuple(gates)).matrices
        matrices = later if position == 0 else products_of(later, matrices)
    return matrices


def _by_qubit(groups: list[tuple[list[int], Array]]) -> Array:
    """What was computed for groups of qubits, in the order of the qubits."""
    order = np.argsort([qubit for qubits, _ in groups for qubit in qubits])
    return groups[0][1] if len(groups) == 1 else jnp.concatenate(in_one_dtype(*(values for _, values in groups)))[order]
