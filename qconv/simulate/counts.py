"""What costs and memory are counted from: the gates of a circuit, and the operations that engines make of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qconv.circuit.circuit import Circuit, example_encoding
from qconv.gates.tape import Gate, Tape
from qconv.lowering.ansatz import example_gates
from qconv.lowering.encoded_states import SHARED_BLOCK, Run, is_product, runs
from qconv.lowering.fusion import Fused, Operation, Permutation, Phases, merged
from qconv.lowering.observables import UNITARY_BLOCK, Basis, bases
from qconv.lowering.order import before_measuring, ordered, seen
from qconv.lowering.reupload import upload
from qconv.simulate.rates import Rates

MOST_QUBITS = 16
"""Beyond, there is one engine to choose, and nothing to count."""

MOST_QUBITS_OF_MATRIX = 10
"""Beyond, the matrix of an ansatz and what its gradient keeps take gigabytes, whatever the time."""

Work = tuple[float | int, float | int]
"""Floating-point operations of products, and numbers that are written."""


@dataclass(frozen=True, eq=False)
class Counts:
    """What is known of a circuit before it runs. Nothing is computed, and what nobody asks for is not counted."""

    circuit: Circuit
    patch_size: int
    """Numbers of a patch."""

    @cached_property
    def num_qubits(self) -> int:
        """Size of the register."""
        return self.circuit.num_qubits(self.patch_size)

    @property
    def size(self) -> int:
        """Amplitudes of the register."""
        return 2**self.num_qubits

    @cached_property
    def encoding(self) -> Tape:
        """The encoding of some patch."""
        return example_encoding(self.circuit, self.patch_size)

    @cached_property
    def bases(self) -> list[Basis]:
        """The bases that are measured in."""
        return bases(self.circuit.observables(self.patch_size), np.dtype(np.float32))

    @property
    def num_observables(self) -> int:
        """How many observables are measured."""
        return self.circuit.num_observables(self.patch_size)

    @cached_property
    def gates(self) -> list[Gate]:
        """The gates of the last ansatz that are measured, in the order in which they run."""
        observables = self.circuit.observables(self.patch_size)
        gates = ordered(seen(example_gates(self.circuit, self.patch_size), observables))
        return gates if any(basis.turn for basis in self.bases) else before_measuring(gates)

    @cached_property
    def repeated(self) -> list[Gate]:
        """The gates of each ansatz but the last, in the order in which they run; none without re-uploads."""
        return ordered(example_gates(self.circuit, self.patch_size)) if self.circuit.reuploads else []

    @cached_property
    def uploaded(self) -> list[Run]:
        """The gates of each encoding but the first; none without re-uploads."""
        return upload(self.circuit, self.patch_size, np.dtype(np.float32)).runs if self.circuit.reuploads else []

    @cached_property
    def start(self) -> int:
        """Real numbers of an amplitude after the first encoding: 1 if all amplitudes are real, else 2."""
        return 1 if all(gate.is_real for gate in self.encoding.gates) else 2

    @cached_property
    def end(self) -> int:
        """Real numbers of an amplitude that is measured."""
        return 1 if self.start == 1 and all(gate.is_real for gate in [*self.repeated, *self.gates]) else 2

    @property
    def has_angles(self) -> bool:
        """Whether anything is trained, so that there is a gradient."""
        return self.circuit.trainable_scaling or math.prod(self.circuit.param_shape(self.patch_size)) > 0

    @cached_property
    def reading(self) -> Work:
        """What it takes to measure one state, in all bases."""
        flops, numbers = zip(*(basis.numbers for basis in self.bases), strict=True)
        return sum(flops), sum(numbers)

    @property
    def numbers_encoded(self) -> float | int:
        """Numbers that the first encoding of a patch writes."""
        numbers = 2 * self.start * self.size
        if is_product(self.encoding):
            return numbers
        return numbers + of_runs(runs(self.encoding.gates), self.num_qubits, self.start)[1]

    @cached_property
    def matrix(self) -> list[Operation]:
        """The operations that the matrix of the last ansatz is built of."""
        return merged(self.gates, UNITARY_BLOCK)

    @property
    def numbers_of_matrix(self) -> float | int:
        """Numbers of that matrix after each operation, turned to each basis."""
        built = of_operations(self.matrix, self.size, 1)[1] + 4 * (1 + len(self.bases)) * self.size
        return self.end / 2 * self.size * built

    def build(self, rates: Rates) -> float:
        """Seconds until the matrices of all ansätze are built."""
        flops, numbers = of_operations(self.matrix, self.size, 1)
        seconds = flops / rates.small.products + numbers / rates.small.numbers
        return (self.circuit.reuploads + 1) * self.size * seconds

    def calls_to_build(self) -> int:
        """Operations that are called for the matrices of all ansätze and what is between them."""
        own = calls(self.matrix)
        return 1 + own + self.circuit.reuploads * (len(self.uploaded) + own)


def of_gates(gates: Sequence[Gate], num_qubits: int, max_block: int, parts: int) -> Work:
    """What gates take for one state that starts with so many real numbers an amplitude, as an engine runs them."""
    return of_operations(merged(gates, max_block), 2**num_qubits, parts)


def of_operations(operations: Sequence[Operation], size: int, parts: int) -> Work:
    """What operations take for one state (size,) that starts with so many real numbers an amplitude."""
    flops = numbers = 0.0
    for operation in operations:
        if isinstance(operation, Permutation):
            continue
        if not all(gate.is_real for gate in operation.gates):
            parts = 2
        if isinstance(operation, Fused):
            products = 1 if all(gate.is_real for gate in operation.gates) else 2
            flops += 2 * products * parts * size * 2 ** len(operation.qubits)
            numbers += (1 + products) * parts * size  # rows move, then they are multiplied
        elif isinstance(operation, Phases):
            numbers += parts * size
    return flops, numbers


def of_runs(runs: Sequence[Run], num_qubits: int, parts: int) -> Work:
    """What the gates of an encoding take for one state of so many real numbers an amplitude."""
    size = 2**num_qubits
    flops = numbers = 0.0
    for kind, gates in runs:
        if kind == "shared":
            more, written = of_gates(gates, num_qubits, SHARED_BLOCK, parts)
            flops, numbers = flops + more, numbers + written
        elif kind == "phases":  # the angles of the amplitudes, their sines and cosines, and the products
            flops, numbers = flops + 2 * len(gates) * size, numbers + (3 + parts) * size
        else:
            numbers += len(gates) * parts * size
    return flops, numbers


def calls(operations: Sequence[Operation]) -> int:
    """Operations for which something is called: all but permutations, which rename."""
    return sum(not isinstance(operation, Permutation) for operation in operations)
