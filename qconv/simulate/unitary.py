"""The `unitary` engine: the ansatz as one matrix, built once and applied to all patches as a matrix product.

All patches run the same ansatz, only their encoding differs. So its 2^n x 2^n unitary is built once a call, and

    patches -> states (2^n, patches) -> [Re U ; Im U] times them -> squares -> the observables' diagonals times them.

States of an encoding with real gates stay real, so the product is one of real numbers. With re-uploads there is such a
product for each block.
"""

from collections.abc import Sequence
from functools import partial

import jax
import numpy as np
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit, block_angles, scaled
from qconv.gates.tape import Gate
from qconv.lowering.ansatz import ansatz_gates
from qconv.lowering.encoded_states import encoded
from qconv.lowering.observables import UNITARY_BLOCK, basis_states, measured_images, observed, times
from qconv.lowering.program import Columns, program
from qconv.lowering.reupload import between, upload
from qconv.simulate.counts import MOST_QUBITS_OF_MATRIX, Counts, of_gates, of_runs
from qconv.simulate.engine import Cost, Engine, Numbers, cost
from qconv.simulate.evaluation import Evaluation, Observables, patches_at_once
from qconv.simulate.rates import Rates

_CHUNK_BYTES = 2**24
"""Amplitudes of one chunk of patches, before and after the unitary."""


class Unitary(Engine):
    """The ansatz as one matrix, for all patches."""

    name = "unitary"
    most_qubits = MOST_QUBITS_OF_MATRIX

    def cost(self, counts: Counts, patches: int, rates: Rates) -> Cost:
        """A product with the matrix for each basis and block."""
        size, start, end, reuploads = counts.size, counts.start, counts.end, counts.circuit.reuploads
        turned = len(counts.bases)  # for each basis to measure in, a unitary of its own
        flops = 2 * (start + reuploads * end + start * (turned - 1)) * end * size * size + counts.reading[0]
        numbers = (start + 2 * turned * end) * size + counts.reading[1]
        if reuploads:  # the shared gates at the ends of an encoding are part of the unitaries
            more, written = of_runs(counts.uploaded[1:-1], counts.num_qubits, end)
            flops, numbers = flops + reuploads * more, numbers + reuploads * (end * size + written)
        called, once = counts.calls_to_build(), counts.build(rates)
        return cost(counts, patches, rates, rates.large, 3, (flops, numbers), called, once)

    def numbers(self, counts: Counts, dtype: np.dtype) -> Numbers:
        """Matrices after each operation, and states before and after each product."""
        size, end, reuploads = counts.size, counts.end, counts.circuit.reuploads
        each = counts.numbers_encoded + 3 * len(counts.bases) * end * size + counts.num_observables
        shared = counts.numbers_of_matrix
        if reuploads:
            each += reuploads * (2 * end * size + of_runs(counts.uploaded[1:-1], counts.num_qubits, end)[1])
            built = of_gates(counts.repeated, counts.num_qubits, UNITARY_BLOCK, 1)[1]
            shared += reuploads * size * (built + 2 * end * size)
        return Numbers(shared, each, patches_at_once(_CHUNK_BYTES, 4 * size, dtype))

    def evaluation(self, circuit: Circuit, patch_size: int, theta: Array, scaling: Array | None = None) -> Evaluation:
        """Builds the matrices; a chunk of patches is encoded and multiplied by them."""
        angles = block_angles(circuit, theta)
        if circuit.reuploads:
            again = upload(circuit, patch_size, theta.dtype)
            build = partial(_unitary, circuit, patch_size, after=again.opening)
            first = build(angles[0], before=())
            later = None
            if circuit.reuploads > 1:
                later = times, jax.vmap(partial(build, before=again.closing))(theta[1:-1])
        images = measured_images(circuit, angles[-1], patch_size, again.closing if circuit.reuploads else ())

        def observables(chunk: Float[Array, "pixels chunk"]) -> Observables:
            states = encoded(circuit, scaled(chunk, scaling, 0))
            if circuit.reuploads:
                states = between(states, again, chunk, scaling, partial(times, first), later)
            return observed([(basis, names, times(matrix, states)) for basis, names, matrix in images])

        return Evaluation(
            observables, patches_at_once(_CHUNK_BYTES, 4 * 2 ** circuit.num_qubits(patch_size), theta.dtype)
        )


def _unitary(
    circuit: Circuit, patch_size: int, theta: Float[Array, "..."], before: Sequence[Gate], after: Sequence[Gate]
) -> Columns:
    """The images of all basis states under the ansatz between other gates."""
    num_qubits = circuit.num_qubits(patch_size)
    images = basis_states(num_qubits, theta.dtype)
    for gates in (before, ansatz_gates(circuit, theta, num_qubits), after):
        images = program(gates, num_qubits, UNITARY_BLOCK).run_in_order(images)
    return images
