"""The `unitary` engine: the ansatz as one matrix, built once and applied to all patches as a matrix product.

All patches run the same ansatz, only their encoding differs. So its 2^n x 2^n unitary is built once a call, and

    patches -> states (2^n, patches) -> [Re U ; Im U] times them -> squares -> the observables' diagonals times them.

States of an encoding with real gates stay real, so the product is one of real numbers. With re-uploads there is such a
product for each block.
"""

from collections.abc import Sequence
from dataclasses import replace
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

_FEW_QUBITS = 7
"""Qubits up to which filters run together."""


class Unitary(Engine):
    """The ansatz as one matrix, for all patches."""

    name = "unitary"
    most_qubits = MOST_QUBITS_OF_MATRIX

    def cost(self, counts: Counts, filters: int, patches: int, rates: Rates) -> Cost:
        """A product with the matrix for each basis and block."""
        size, start, end, reuploads = counts.size, counts.start, counts.end, counts.circuit.reuploads
        turned = len(counts.bases)  # for each basis to measure in, a unitary of its own
        flops = 2 * (start + reuploads * end + start * (turned - 1)) * end * size * size + counts.reading[0]
        numbers = 2 * turned * end * size + counts.reading[1]
        if reuploads:  # the shared gates at the ends of an encoding are part of the unitaries
            more, written = of_runs(counts.uploaded[1:-1], counts.num_qubits, end)
            flops, numbers = flops + reuploads * more, numbers + reuploads * (end * size + written)
        work = filters * flops, start * size + filters * numbers  # patches are encoded once
        called, once = counts.calls_to_build(), filters * counts.build(rates)
        return cost(counts, patches, rates, rates.large, 3, work, called, once)

    def shares(self, circuit: Circuit, patch_size: int) -> bool:
        """Patches are encoded once. Of larger registers that is nothing beside the product with the matrix."""
        return not circuit.reuploads and circuit.num_qubits(patch_size) <= _FEW_QUBITS

    def numbers(self, counts: Counts, filters: int, dtype: np.dtype) -> Numbers:
        """Matrices after each operation, and states before and after each product."""
        size, end, reuploads = counts.size, counts.end, counts.circuit.reuploads
        each = counts.numbers_encoded + filters * (3 * len(counts.bases) * end * size + counts.num_observables)
        shared = filters * counts.numbers_of_matrix
        if reuploads:
            each += reuploads * (2 * end * size + of_runs(counts.uploaded[1:-1], counts.num_qubits, end)[1])
            built = of_gates(counts.repeated, counts.num_qubits, UNITARY_BLOCK, 1)[1]
            shared += reuploads * size * (built + 2 * end * size)
        return Numbers(shared, each, patches_at_once(_CHUNK_BYTES, 4 * filters * size, dtype))

    def evaluation(self, circuit: Circuit, patch_size: int, thetas: Array, scaling: Array | None = None) -> Evaluation:
        """Builds the matrices; a chunk of patches is encoded and multiplied by them."""
        if len(thetas) > 1:
            return self._of_filters(circuit, patch_size, thetas)
        angles = block_angles(circuit, theta := thetas[0])
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
            return observed([own.of(states) for own in images])[None]

        return Evaluation(
            observables, patches_at_once(_CHUNK_BYTES, 4 * 2 ** circuit.num_qubits(patch_size), theta.dtype)
        )

    def _of_filters(self, circuit: Circuit, patch_size: int, thetas: Array) -> Evaluation:
        """All matrices at once, below each other: what is encoded is multiplied once by all of them."""
        images = jax.vmap(lambda theta: measured_images(circuit, theta, patch_size))(thetas)
        filters, num_qubits = len(thetas), circuit.num_qubits(patch_size)

        def observables(chunk: Float[Array, "pixels chunk"]) -> Observables:
            states, found = encoded(circuit, chunk), []
            for own in images:
                below = own.columns.reshape(-1, *own.columns.shape[2:])
                turned = times(below, states)
                found.append(replace(own, columns=turned.reshape(filters, -1, *turned.shape[1:])))
            return jax.vmap(observed)(found)

        return Evaluation(observables, patches_at_once(_CHUNK_BYTES, 4 * filters * 2**num_qubits, thetas.dtype))


def _unitary(
    circuit: Circuit, patch_size: int, theta: Float[Array, "..."], before: Sequence[Gate], after: Sequence[Gate]
) -> Columns:
    """The images of all basis states under the ansatz between other gates."""
    num_qubits = circuit.num_qubits(patch_size)
    images = basis_states(num_qubits, theta.dtype)
    for gates in (before, ansatz_gates(circuit, theta, num_qubits), after):
        images = program(gates, num_qubits, UNITARY_BLOCK).run_in_order(images)
    return images
