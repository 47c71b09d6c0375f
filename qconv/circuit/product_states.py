"""Encoded patches whose qubits are independent: each qubit has a state of its own until the ansatz joins them."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Inexact

from qconv.alike import signature, stacked_matrices
from qconv.circuit.circuit import Circuit, record_encoding
from qconv.circuit.columns import Columns, as_columns
from qconv.gates import Gate, Tape

QubitStates = Inexact[Array, "qubits 2 columns"]
"""The state of each qubit, for each patch."""

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

    def record(patch: Float[Array, " pixels"]) -> Array:
        tape = record_encoding(circuit, patch)
        return _by_qubit(
            [
                (qubits, _states(chain, tape.dtype, len(qubits)))
                for qubits, chain in _chains(tape.gates, tape.num_qubits)
            ]
        )

    states = jax.vmap(record, in_axes=-1, out_axes=-1)(patches)
    if leading is not None:
        states = (leading[..., None] * states[:, None]).sum(2)
    # Else XLA would compute the sines of a patch again for each amplitude that they are part of.
    return jax.lax.optimization_barrier(states)


def qubit_matrices(gates: Sequence[Gate], num_qubits: int) -> QubitMatrices | None:
    """Single-qubit gates as one for each qubit; None for no gates."""
    if not gates:
        return None
    chains = _chains(gates, num_qubits)
    return _by_qubit([(qubits, _matrices(chain, gates[0].dtype, len(qubits))) for qubits, chain in chains])


def product_states(qubits: QubitStates) -> Columns:
    """The states of the register."""
    return _joined(jax.vmap(as_columns)(qubits))


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


def _states(chain: list[list[Gate]], dtype: Any, count: int) -> Array:
    """The states (qubits, 2) after one gate after the other."""
    states = jnp.asarray([[1.0, 0.0]] * count, dtype)
    for position, gates in enumerate(chain):
        matrices = stacked_matrices(gates)
        states = matrices[:, :, 0] if position == 0 else (matrices * states[:, None]).sum(2)
    return states


def _matrices(chain: list[list[Gate]], dtype: Any, count: int) -> Array:
    """The products (qubits, 2, 2) of the gates."""
    matrices = jnp.broadcast_to(jnp.eye(2, dtype=dtype), (count, 2, 2))
    for position, gates in enumerate(chain):
        later = stacked_matrices(gates)
        matrices = later if position == 0 else (later[:, :, :, None] * matrices[:, None]).sum(2)
    return matrices


def _by_qubit(groups: list[tuple[list[int], Array]]) -> Array:
    """What was computed for groups of qubits, in the order of the qubits."""
    order = np.argsort([qubit for qubits, _ in groups for qubit in qubits])
    return groups[0][1] if len(groups) == 1 else jnp.concatenate([values for _, values in groups])[order]
