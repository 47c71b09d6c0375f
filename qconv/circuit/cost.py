"""What an engine costs: an explicit model, from which the engine is chosen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import numpy as np

from qconv.circuit import halves, heisenberg, lookup
from qconv.circuit.circuit import Circuit, example_ansatz, example_encoding
from qconv.circuit.cut import crosses, num_terms
from qconv.circuit.ends import leading_gates
from qconv.circuit.fused import block_size
from qconv.circuit.light_cone import seen
from qconv.circuit.measurement import bases
from qconv.circuit.operations import Block, Operation, Permutation, Phases, merged
from qconv.circuit.order import ordered
from qconv.circuit.reupload import upload
from qconv.circuit.states import SHARED_BLOCK, Run
from qconv.circuit.unitary import BLOCK
from qconv.gates import Gate

MANY = 10_000
"""Patches that a cost which does not depend on their number is spread over: those of a batch of 64 images or so."""


class Rates(NamedTuple):
    """What two cores with AVX-512 do in a second, as measured."""

    products: float
    """Floating-point operations of matrix products."""
    numbers: float
    """Numbers that a step reads, computes and writes."""


_LARGE = Rates(2e11, 3e9)
"""Few steps, with matrices of hundreds of rows."""
_BLOCKS = Rates(4.5e10, 2.7e9)
"""Steps with matrices of 32 rows or fewer, on as many patches as the cache holds."""
_SMALL = Rates(2e10, 1.2e9)
"""Many steps on few numbers."""
_STEP = {"unitary": 3, "fused": 5, "halves": 5, "heisenberg": 3, "lookup": 3}
"""Forward and backward evaluation, in forward ones: in chunks, the backward one starts with another forward one."""
_MAX_UNITARY_QUBITS = 10
"""Beyond, the unitary and what its gradient keeps take gigabytes, whatever the time."""
_MAX_TABLE = 2**19
"""Product states times amplitudes, of a `heisenberg` table. Beyond (8 qubits, 7 if complex), it gains little for 10,000
windows, and for a few hundred it takes several times as long as the unitary."""
_MAX_QUBITS = 16
"""Beyond, there is one engine to choose, and nothing to count."""


@dataclass(frozen=True)
class Cost:
    """Of an evaluation and its gradient."""

    once: float
    """Seconds for what all patches share."""
    flops: float
    """Floating-point operations for each patch, in matrix products, forward."""
    numbers: float
    """Numbers written for each patch, forward."""
    seconds: float
    """For each patch, forward and backward, with its share of `once`."""


def costs(circuit: Circuit, patch_size: int, patches: int = MANY) -> dict[str, Cost]:
    """The costs of the engines that can be chosen for a circuit, by name.

    Compilation is left out: it grows with the number of different layers, for all engines alike.

    Args:
        circuit: encoding, ansatz and readout.
        patch_size: numbers of a patch.
        patches: how many there are to share the angles, about.
    """
    num_qubits = circuit.num_qubits(patch_size)
    if num_qubits > _MAX_QUBITS:
        return {"fused": Cost(0.0, math.inf, math.inf, math.inf)}
    encoding, ansatz = example_encoding(circuit, patch_size), example_ansatz(circuit, patch_size)
    observables = circuit.observables(patch_size)
    gates, channels = ordered(seen(ansatz.gates, observables)), len(observables)
    size = 2**num_qubits
    real_states = all(gate.is_real for gate in encoding.gates)
    start = 1 if real_states else 2
    reuploads = circuit.reuploads
    before = ordered(ansatz.gates) if reuploads else []  # of each block but the last
    end = 2 if not real_states or not all(gate.is_real for gate in [*before, *gates]) else 1
    runs = upload(circuit, patch_size, np.dtype(np.float32)).runs if reuploads else []

    found: dict[str, Cost] = {}
    leading, rest = leading_gates(gates)
    flops, passes = _steps(merged(rest, num_qubits, block_size(num_qubits)), size, start)
    again = _upload(runs, num_qubits, end), _steps(merged(before, num_qubits, block_size(num_qubits)), size, end)
    flops, passes = flops + reuploads * (again[0][0] + again[1][0]), passes + reuploads * (again[0][1] + again[1][1])
    flops, passes = flops + 2 * channels * size, passes + (start + end) * size + 2 * len(leading)
    found["fused"] = _cost("fused", patches, 0.0, flops, passes, _BLOCKS)
    if halves.fits(circuit, patch_size):
        parts = halves.in_parts(circuit, patch_size, gates)
        if num_terms(parts.middle, num_qubits // 2) ** 2 <= size:  # else the whole state is smaller
            flops, passes = _terms(parts.middle, num_qubits, channels, end)
            found["halves"] = _cost("halves", patches, 0.0, flops, passes + 2 * len(leading), _SMALL)
    if num_qubits > _MAX_UNITARY_QUBITS:
        return found
    flops, passes = _steps(merged(gates, num_qubits, BLOCK), size, 1)
    build = (reuploads + 1) * size * (flops / _SMALL.products + passes / _SMALL.numbers)
    turned = len(bases(observables, np.dtype(np.float32)))  # for each basis to measure in, a unitary of its own
    products = 2 * (start + reuploads * end + start * (turned - 1)) * end * size * size + 2 * channels * size
    numbers = (start + 2 * turned * end) * size
    if reuploads:  # the shared gates at the ends of an encoding are part of the unitaries
        flops, passes = _upload(runs[1:-1], num_qubits, end)
        products, numbers = products + reuploads * flops, numbers + reuploads * (end * size + passes)
    found["unitary"] = _cost("unitary", patches, build, products, numbers)
    known = len(heisenberg.known_states(circuit, patch_size))
    if heisenberg.fits(circuit, patch_size) and (2 * known) ** num_qubits <= _MAX_TABLE:
        once = build + turned * end * _table(known, num_qubits)
        found["heisenberg"] = _cost("heisenberg", patches, once, *_weights(known, num_qubits, channels))
    if lookup.fits(circuit):
        found["lookup"] = _cost(
            "lookup", patches, build + 2 * channels * size * size / _LARGE.products, 0, 2 * channels
        )
    return found


def _upload(runs: Sequence[Run], num_qubits: int, parts: int) -> tuple[float, float]:
    """Floating-point operations and numbers written for one re-upload, for a state of so many parts."""
    size = 2**num_qubits
    flops = numbers = 0.0
    for kind, gates in runs:
        if kind == "shared":
            more, passes = _steps(merged(gates, num_qubits, SHARED_BLOCK), size, parts)
            flops, numbers = flops + more, numbers + passes
        elif kind == "phases":  # the angles of the amplitudes, their sines and cosines, and the products
            flops, numbers = flops + 2 * len(gates) * size, numbers + (3 + parts) * size
        else:
            numbers += len(gates) * parts * size
    return flops, numbers


def _cost(
    engine: str, patches: int, once: float, flops: float | int, numbers: float | int, rates: Rates = _LARGE
) -> Cost:
    seconds = _STEP[engine] * (once / patches + flops / rates.products + numbers / rates.numbers)
    return Cost(float(once), float(flops), float(numbers), seconds)


def _steps(operations: Sequence[Operation], size: int, parts: int) -> tuple[float, float]:
    """Floating-point operations and numbers written, for one state (size,) that starts real (1 part) or complex (2)."""
    flops = numbers = 0.0
    for operation in operations:
        if isinstance(operation, Permutation):
            continue
        if not all(gate.is_real for gate in operation.gates):
            parts = 2
        if isinstance(operation, Block):
            products = 1 if all(gate.is_real for gate in operation.gates) else 2
            flops += 2 * products * parts * size * 2 ** len(operation.qubits)
            numbers += (1 + products) * parts * size  # rows move, then they are multiplied
        elif isinstance(operation, Phases):
            numbers += parts * size
    return flops, numbers


def _table(known: int, num_qubits: int) -> float:
    """Seconds for the table of the `heisenberg` engine, if all amplitudes are real."""
    size, cut = 2**num_qubits, heisenberg.half(num_qubits)
    first, second = known**cut, known ** (num_qubits - cut)
    flops = 2 * size * second * (size + first * 2**cut)
    # The amplitudes are written, moved, and squared; the squares of complex ones are added up.
    return flops / _LARGE.products + 2.5 * size * known**num_qubits / _LARGE.numbers


def _weights(known: int, num_qubits: int, channels: int) -> tuple[float, float]:
    """Floating-point operations and numbers written for one patch by the `heisenberg` engine."""
    cut = heisenberg.half(num_qubits)
    pairs = (num_qubits - cut) // 2 * known**2
    # What the first half gives with the table is summed over at once, from the cache: as good as half the numbers.
    numbers = num_qubits * (known + 2) + known**cut + pairs + channels * known ** (num_qubits - cut) / 2
    return 2.0 * channels * known**num_qubits, numbers


def _terms(gates: Sequence[Gate], num_qubits: int, channels: int, parts: int) -> tuple[float, float]:
    """The same for a register in two halves, with about one product for each observable."""
    cut = num_qubits // 2
    size = 2**cut + 2 ** (num_qubits - cut)
    numbers, flops = float(parts * size), 0.0
    terms = 1
    for across, segment in groupby(gates, lambda gate: crosses(gate, cut)):
        own = list(segment)
        if across:
            for gate in own:
                terms *= num_terms([gate], cut)
                numbers += terms * parts * size
        else:
            more, passes = _steps(merged(own, num_qubits, num_qubits - cut), size // 2, parts)
            flops, numbers = flops + terms * more, numbers + terms * passes
    # The overlaps of all terms are few large products.
    flops += 2 * channels * terms**2 * size * _SMALL.products / _LARGE.products
    return flops, numbers + terms**2 * size * _SMALL.numbers / _LARGE.numbers
