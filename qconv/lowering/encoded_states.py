"""Encoded patches as columns of states: every patch has gates of its own.

Where the qubits of an encoding are independent, each has a state of its own until the ansatz joins them.
"""

import operator
from collections.abc import Callable, Sequence
from functools import partial, reduce
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Inexact

from qconv.circuit.circuit import Circuit, example_encoding, record_encoding
from qconv.gates.kinds import cast, derivative, in_one_dtype
from qconv.gates.sincos import sincos
from qconv.gates.tape import Gate, GateGroup, Tape, stacked
from qconv.lowering.fusion import built_together, joined, phase_angles, products_of
from qconv.lowering.program import Columns, as_columns, multiply, program

Kind = Literal["shared", "phases", "dense"]
"""A gate is the same for all patches, or diagonal with angles of each, or any other."""

Run = tuple[Kind, list[Gate]]
"""Gates of one kind, in order."""

SHARED_BLOCK = 4
"""Qubits of a dense block of gates that are the same for all patches, such as Hadamard gates."""


def encoder(
    circuit: Circuit, patch_size: int, leading: Sequence[Gate]
) -> Callable[[Float[Array, "pixels columns"]], Columns]:
    """A function from patches to their states after single-qubit gates that are the same for all.

    Args:
        circuit: whose encoding is used.
        patch_size: numbers of a patch.
        leading: those gates; their matrices are computed here, and not again for each chunk of patches.
    """
    tape = example_encoding(circuit, patch_size)
    if is_product(tape):
        matrices = qubit_matrices(leading, tape.num_qubits)
        return lambda patches: jax.lax.optimization_barrier(product_states(qubit_states(circuit, patches, matrices)))
    steps = program(leading, tape.num_qubits, SHARED_BLOCK)
    return lambda patches: steps.run_in_order(encoded(circuit, patches))


def encoded(circuit: Circuit, patches: Float[Array, "pixels columns"]) -> Columns:
    """The states of the patches, one in each column."""
    tape = example_encoding(circuit, len(patches), patches.dtype)
    if is_product(tape):
        return encoder(circuit, len(patches), ())(patches)

    def record(patch: Float[Array, " pixels"]) -> Any:
        own = record_encoding(circuit, patch)
        return own.initial, own_values(runs(own.gates))

    initial, values = jax.vmap(record, in_axes=-1, out_axes=-1)(patches)
    if initial is None:  # one column, as long as no gate has numbers of the patches
        initial = jnp.zeros((2**tape.num_qubits, 1), patches.dtype).at[0].set(1)
    found = runs(tape.gates)
    states = apply_runs(found, with_sines(found, values, tape.num_qubits), as_columns(initial))
    return jnp.broadcast_to(states, (*states.shape[:2], patches.shape[1]))


def runs(gates: Sequence[Gate]) -> list[Run]:
    """The gates in runs of a kind, each gate in the first run that it may be moved to.

    The first run and the last are of gates that all patches share, perhaps of none.
    """
    found: list[Run] = [("shared", [])]
    reached: dict[int, int] = {}  # the last run with a gate on a qubit
    for gate in gates:
        kind = _kind(gate)
        first = max(reached.get(qubit, 0) for qubit in gate.qubits)
        place = next((place for place in range(first, len(found)) if found[place][0] == kind), len(found))
        if place == len(found):
            found.append((kind, []))
        found[place][1].append(gate)
        reached |= dict.fromkeys(gate.qubits, place)
    return found if len(found) > 1 and found[-1][0] == "shared" else [*found, ("shared", [])]


def _kind(gate: Gate) -> Kind:
    if not gate.angles:
        return "shared"
    return "dense" if gate.rates is None else "phases"


def own_values(runs: Sequence[Run]) -> list[Any]:
    """What a patch has of its own for each run: angles (gates,) of phases, or the matrices of the gates."""
    return [_values(*run) for run in runs]


def _values(kind: Kind, gates: list[Gate]) -> Any:
    if kind == "shared":
        return None
    if kind == "phases":
        return stacked([gate.params["theta"] for gate in gates])
    return [gate.matrix for gate in built_together(gates)]


def with_sines(runs: Sequence[Run], values: Sequence[Any], num_qubits: int) -> list[Any]:
    """The `own_values` of all patches, but of phases sines and cosines (2^n, columns) for the amplitudes."""
    return [
        sincos(phase_angles(gates, num_qubits, own)) if kind == "phases" else own
        for (kind, gates), own in zip(runs, values, strict=True)
    ]


def apply_runs(runs: Sequence[Run], values: Sequence[Any], states: Columns) -> Columns:
    """The states after runs of the gates of any patch, with what `with_sines` returns."""
    num_qubits = len(states).bit_length() - 1
    for (kind, gates), own in zip(runs, values, strict=True):
        if kind == "shared":
            states = program(gates, num_qubits, SHARED_BLOCK).run_in_order(states)
        elif kind == "phases":
            sin, cos = own
            states = multiply(jax.lax.complex(cos, sin), states)
        else:
            for gate, matrices in zip(gates, own, strict=True):
                states = _dense(gate, matrices, states)
    return states


def _dense(gate: Gate, matrices: Array, states: Columns) -> Columns:
    """Sums of products, element by element: XLA makes one loop over the columns of it."""
    size, parts, columns = states.shape
    num_qubits, k = size.bit_length() - 1, len(gate.qubits)
    moved = jnp.moveaxis(states.reshape(*(2,) * num_qubits, parts, columns), gate.qubits, range(k))
    moved = moved.reshape(2**k, -1, parts, columns)

    def times(real: Array) -> Array:  # (rows, inner, columns) times (inner, others, parts, columns)
        return (real[:, :, None, None] * moved[None]).sum(1)

    if jnp.iscomplexobj(matrices):
        by_real, by_imaginary = times(matrices.real), times(matrices.imag)
        if parts == 1:
            result = jnp.concatenate([by_real, by_imaginary], axis=2)
        else:
            real, imaginary = by_real[:, :, 0] - by_imaginary[:, :, 1], by_real[:, :, 1] + by_imaginary[:, :, 0]
            result = jnp.stack([real, imaginary], axis=2)
    else:
        result = times(matrices)
    parts, columns = result.shape[2:]
    result = jnp.moveaxis(result.reshape(*(2,) * num_qubits, parts, columns), range(k), gate.qubits)
    return result.reshape(size, parts, columns)


QubitStates = tuple[Inexact[Array, "qubits columns"], Inexact[Array, "qubits columns"]]
"""The amplitudes of |0> and of |1> of each qubit, for each patch. Apart, they need not be taken apart again, whose
gradient is a copy to zeros."""

QubitMatrices = Inexact[Array, "qubits 2 2"]
"""A gate on each qubit, the same for all patches."""


def is_product(tape: Tape) -> bool:
    """Whether the recorded gates leave the qubits independent of each other."""
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
    example = example_encoding(circuit, len(patches), patches.dtype)
    states = states_of_qubits(example, partial(record_encoding, circuit), patches)
    return states if leading is None else _times(jnp.moveaxis(leading, 0, 2)[..., None], states)


def states_of_qubits(
    example: Tape, record: Callable[[Float[Array, " pixels"]], Tape], patches: Float[Array, "pixels columns"]
) -> QubitStates:
    """The states of qubits that no gate joins.

    Args:
        example: what is recorded for some patch; it must be a product.
        record: records the gates of a patch.
        patches: one in each column.
    """

    def values_of(patch: Float[Array, " pixels"]) -> list[list[Array | None]]:
        chains = _chains(record(patch).gates, example.num_qubits)
        return [[_own(gates) for gates in chain] for _, chain in chains]

    # Only what patches have of their own is mapped over them, so that they come last in all that follows.
    values = jax.vmap(values_of, in_axes=-1, out_axes=-1)(patches)
    groups = []
    for (qubits, chain), own in zip(_chains(example.gates, example.num_qubits), values, strict=True):
        states: tuple[Any, Any] = (1.0, 0.0)
        for gates, value in zip(chain, own, strict=True):
            states = _after(gates[0], value, states)
        shape = (len(qubits), patches.shape[1])
        groups.append(
            (qubits, [jnp.broadcast_to(jnp.asarray(row, cast(row, example.dtype).dtype), shape) for row in states])
        )
    zero, one = (_by_qubit([(qubits, rows[place]) for qubits, rows in groups]) for place in (0, 1))
    return zero, one


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
    """The states of the register, from those of its qubits."""
    # Else XLA would compute the state of a qubit again for each amplitude that it is part of.
    factors = jax.lax.optimization_barrier(jnp.stack(in_one_dtype(*qubits), axis=1))
    return joined(jax.vmap(as_columns)(factors), _product)


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
        groups.setdefault(tuple(gate.likeness for gate in chain), []).append(qubit)
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
