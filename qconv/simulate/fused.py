"""The `fused` engine: the ansatz as a few operations on the states of all patches, for registers of many qubits.

Gates are gathered into permutations, phases and dense blocks of a few qubits (`qconv.lowering.fusion`). Each runs over
as many patches at once as the cache holds. Single-qubit gates at the start join the encoding; permutations and
phases at the end join the observables.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, block_angles, scaled
from qconv.gates.tape import Gate
from qconv.lowering.ansatz import ansatz_gates
from qconv.lowering.encoded_states import encoder
from qconv.lowering.fusion import merged
from qconv.lowering.observables import bases, expectations_in, in_order
from qconv.lowering.order import leading_gates, seen
from qconv.lowering.program import Columns, Program, program
from qconv.lowering.reupload import Upload, between, upload
from qconv.simulate.counts import MOST_QUBITS, Counts, calls, of_gates, of_operations, of_runs
from qconv.simulate.engine import Cost, Engine, Numbers, cost
from qconv.simulate.evaluation import Evaluation, Observables, patches_at_once
from qconv.simulate.rates import Rates

_CHUNK_BYTES = 2**22
"""Amplitudes of one chunk of patches: what stays in the cache from one operation to the next."""
_REPEATED = 0.7
"""What a re-upload and its ansatz take of what as many gates at the end take, as measured on a CPU."""


class Fused(Engine):
    """The operations of the ansatz, on the states of as many patches as the cache holds."""

    name = "fused"
    most_qubits = math.inf

    def cost(self, counts: Counts, filters: int, patches: int, rates: Rates) -> Cost:
        """All operations for each patch; without a limit beyond `MOST_QUBITS`."""
        if counts.num_qubits > MOST_QUBITS:
            return Cost(0.0, math.inf, math.inf, math.inf)
        num_qubits, size, start, end = counts.num_qubits, counts.size, counts.start, counts.end
        leading, rest = leading_gates(counts.gates)
        own, repeated = (merged(gates, block_size(num_qubits)) for gates in (rest, counts.repeated))
        work = [of_operations(own, size, start), counts.reading, (0, (start + end) * size + 2 * len(leading))]
        # States are turned to each basis one by one; the other engines turn matrices.
        work += [of_gates(basis.turn, num_qubits, block_size(num_qubits), end) for basis in counts.bases]
        again = [of_runs(counts.uploaded, num_qubits, end), of_operations(repeated, size, end)]
        blocks = _REPEATED * counts.circuit.reuploads
        flops, numbers = (sum(own[i] for own in work) + blocks * sum(own[i] for own in again) for i in (0, 1))
        called = 1 + 2 * bool(leading) + calls(own)
        called += counts.circuit.reuploads * (len(counts.uploaded) + calls(repeated))
        return cost(counts, patches, rates, rates.blocks, 5, (flops, numbers), called)

    def numbers(self, counts: Counts, filters: int, dtype: np.dtype) -> Numbers:
        """The states of a patch after each operation."""
        num_qubits, size, end = counts.num_qubits, counts.size, counts.end
        block, reuploads = block_size(num_qubits), counts.circuit.reuploads
        _, rest = leading_gates(counts.gates)
        each = counts.numbers_encoded + of_gates(rest, num_qubits, block, counts.start)[1] + 2 * end * size
        if reuploads:
            again = of_gates(counts.repeated, num_qubits, block, end)[1] + of_runs(counts.uploaded, num_qubits, end)[1]
            each += reuploads * again / 2  # a loop keeps what goes into a product, not what comes out
        for basis in counts.bases:
            each += end * size + basis.numbers[1]  # what constants are multiplied with is not kept
        return Numbers(0, each, patches_at_once(_CHUNK_BYTES, 2 * size, dtype))

    def evaluation(self, circuit: Circuit, patch_size: int, thetas: Array, scaling: Array | None = None) -> Evaluation:
        """Builds the operations; a chunk of patches is encoded and goes through them."""
        num_qubits, strings, theta = circuit.num_qubits(patch_size), circuit.observables(patch_size), thetas[0]
        measured = bases(strings, theta.dtype)
        evolved, names = evolution(circuit, patch_size, theta, scaling, strings)
        turns = [program(basis.turn, num_qubits, block_size(num_qubits), names) for basis in measured]

        def observables(chunk: Float[Array, "pixels chunk"]) -> Observables:
            states = evolved(chunk)
            turned = zip(measured, turns, strict=True)
            channels = [(basis, expectations_in(basis, turn.names, turn.run(states))) for basis, turn in turned]
            return in_order(channels)[None]

        return Evaluation(observables, patches_at_once(_CHUNK_BYTES, 2 * 2**num_qubits, theta.dtype))


def evolution(
    circuit: Circuit,
    patch_size: int,
    theta: Float[Array, "..."],
    scaling: Float[Array, "blocks pixels"] | None = None,
    measured: Sequence[str] = (),
) -> tuple[Callable[[Float[Array, "pixels chunk"]], Columns], np.ndarray]:
    """The states after a circuit, as a function of patches, and which amplitude each of their rows holds.

    Args:
        circuit: encoding and ansatz.
        patch_size: numbers of a patch.
        theta: angles in radians.
        scaling: factors of the patches; None for 1.
        measured: observables that alone are wanted of the states: what they do not see is left out. By default all is.
    """
    num_qubits = circuit.num_qubits(patch_size)
    ansatze = [ansatz_gates(circuit, angles, num_qubits) for angles in block_angles(circuit, theta)]
    if measured:
        ansatze[-1] = seen(ansatze[-1], measured)
    leading, rest = leading_gates(ansatze[0])
    encode = encoder(circuit, patch_size, leading)
    parts = [rest]
    if circuit.reuploads:
        again = upload(circuit, patch_size, theta.dtype)
        first = _chained([rest, again.opening], num_qubits)
        later = _stacked(circuit, theta[1:-1], again, num_qubits) if circuit.reuploads > 1 else None
        parts = leading_gates([*again.closing, *ansatze[-1]])
    only_sizes = bool(measured) and set("XY").isdisjoint("".join(measured))
    ansatz = _chained(parts, num_qubits, measured=only_sizes)

    def states(chunk: Float[Array, "pixels chunk"]) -> Columns:
        columns = encode(scaled(chunk, scaling, 0))
        if circuit.reuploads:
            columns = between(columns, again, chunk, scaling, first.run_in_order, later)
        return ansatz.run(columns)

    return states, ansatz.names


def block_size(num_qubits: int) -> int:
    """Qubits of a dense block: blocks of equal size, at most 5 qubits each."""
    return -(-num_qubits // -(-num_qubits // 5))


def _chained(parts: Sequence[Sequence[Gate]], num_qubits: int, measured: bool = False) -> Program:
    """One program of several: layers repeat within a part, and no block has gates of two."""
    whole = Program([], np.arange(2**num_qubits))
    for part in parts:
        own = program(part, num_qubits, block_size(num_qubits), whole.names, measured and part is parts[-1])
        whole = Program([*whole.steps, *own.steps], own.names)
    return whole


def _stacked(
    circuit: Circuit, thetas: Float[Array, "blocks ..."], again: Upload, num_qubits: int
) -> tuple[Callable[[list[Any], Columns], Columns], list[Any]]:
    """What comes between two encodings with each of `thetas`: a function of values and states, and the values."""

    def block(theta: Float[Array, "..."]) -> Program:
        leading, rest = leading_gates([*again.closing, *ansatz_gates(circuit, theta, num_qubits)])
        return _chained([leading, rest, again.opening], num_qubits)

    values, structure = jax.tree.flatten(jax.vmap(block)(thetas))
    return lambda values, states: jax.tree.unflatten(structure, values).run_in_order(states), values
