"""What an engine costs: an explicit model, from which the engine is chosen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import jax
import numpy as np

from qconv.circuit.circuit import Circuit, example_encoding
from qconv.gates.tape import Gate
from qconv.lowering.absorption import before_measuring, leading_gates, seen
from qconv.lowering.encoded_states import SHARED_BLOCK, Run
from qconv.lowering.fusion import Fused, Operation, Permutation, Phases, example_gates, merged
from qconv.lowering.observables import UNITARY_BLOCK, bases
from qconv.lowering.reupload import upload
from qconv.lowering.schedule import ordered
from qconv.simulate import basis_table, bipartite, product_table
from qconv.simulate.bipartite import crosses, num_terms
from qconv.simulate.fused import block_size

MANY = 10_000
"""Patches that a cost which does not depend on their number is spread over: those of a batch of 64 images or so."""


class Rate(NamedTuple):
    """What is done in a second in a kind of work."""

    products: float
    """Floating-point operations of matrix products."""
    numbers: float
    """Numbers that a step reads, computes and writes."""


class Rates(NamedTuple):
    """What a platform does in a second."""

    device: str
    """What it is, and where the figures are from."""
    large: Rate
    """Few steps, with matrices of hundreds of rows."""
    blocks: Rate
    """Steps with matrices of 32 rows or fewer, on as many patches as the cache holds."""
    small: Rate
    """Many steps on few numbers."""
    calls: float
    """Operations on next to no numbers, with what their matrices and gradients take: a few kernels each."""


RATES = {
    "cpu": Rates(
        "two cores of an AMD EPYC with AVX2, fitted by benchmarks.fit",
        large=Rate(5.9e10, 2.0e9),
        blocks=Rate(5.5e10, 1.6e9),
        # Products hide behind the numbers that they write: any rate beyond this one fits as well.
        small=Rate(1.0e11, 8.5e8),
        calls=1.5e5,
    ),
    # 6.7e13 operations in float32 and 3.35e12 bytes a second; a launch takes some 5 microseconds.
    "gpu": Rates(
        "an H100, estimated from published peaks",
        large=Rate(3e13, 2e11),
        blocks=Rate(1e13, 2e11),
        small=Rate(3e12, 1e11),
        calls=3e4,
    ),
    # 1.97e14 operations in bfloat16, six of which make one in float32, and 8.2e11 bytes a second.
    "tpu": Rates(
        "a TPU v5e, estimated from published peaks",
        large=Rate(2e13, 5e10),
        blocks=Rate(5e12, 5e10),
        small=Rate(1e12, 2e10),
        calls=3e4,
    ),
}
"""By platform, as JAX names it. Those that are estimated are to be fitted where there is such a device."""


def rates_of(platform: str | None = None) -> Rates:
    """The rates of a platform, by default of the one that JAX computes on; of one that is not known, those of a CPU."""
    return RATES.get(jax.default_backend() if platform is None else platform, RATES["cpu"])


_STEP = {"unitary": 3, "fused": 5, "halves": 5, "heisenberg": 3, "lookup": 3}
"""Forward and backward evaluation, in forward ones: in chunks, the backward one starts with another forward one."""
_MAX_UNITARY_QUBITS = 10
"""Beyond, the unitary and what its gradient keeps take gigabytes, whatever the time."""
_MAX_TABLE = 2**19
"""Product states times amplitudes, of a `heisenberg` table. Beyond (8 qubits, 7 if complex), it gains little for 10,000
windows, and for a few hundred it takes several times as long as the unitary."""
_TABLE_CALLS = 3
"""Operations that make a `heisenberg` table, forward and backward, as measured with four qubits and few windows."""
_REPEATED = 0.7
"""What a re-upload and its ansatz take of what as many gates at the end take, as measured on a CPU."""
_LEAST_HALVED = 6
"""Qubits. Of fewer the whole state is so small that two halves have no fewer numbers, only more operations."""
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
    """For each patch, forward and, if there are angles, backward, with its share of `once`."""


def costs(circuit: Circuit, patch_size: int, patches: int = MANY, rates: Rates | None = None) -> dict[str, Cost]:
    """The costs of the engines that can be chosen for a circuit, by name.

    Compilation is left out: it grows with the number of different layers, for all engines alike.

    Args:
        circuit: encoding, ansatz and readout.
        patch_size: numbers of a patch.
        patches: how many there are to share the angles, about.
        rates: of the machine; by default `rates_of()`.
    """
    rates = rates or rates_of()
    num_qubits = circuit.num_qubits(patch_size)
    if num_qubits > _MAX_QUBITS:
        return {"fused": Cost(0.0, math.inf, math.inf, math.inf)}
    encoding, ansatz = example_encoding(circuit, patch_size), example_gates(circuit, patch_size)
    observables = circuit.observables(patch_size)
    gates, channels = ordered(seen(ansatz, observables)), len(observables)
    measured = bases(observables, np.dtype(np.float32))
    if not any(basis.turn for basis in measured):
        gates = before_measuring(gates)
    reading = [sum(numbers) for numbers in zip(*(basis.numbers for basis in measured), strict=True)]
    size = 2**num_qubits
    real_states = all(gate.is_real for gate in encoding.gates)
    start = 1 if real_states else 2
    reuploads = circuit.reuploads
    before = ordered(ansatz) if reuploads else []  # of each block but the last
    end = 2 if not real_states or not all(gate.is_real for gate in [*before, *gates]) else 1
    has_angles = circuit.trainable_scaling or math.prod(circuit.param_shape(patch_size)) > 0
    step = _STEP if has_angles else dict.fromkeys(_STEP, 1)  # else there is no gradient
    runs = upload(circuit, patch_size, np.dtype(np.float32)).runs if reuploads else []

    found: dict[str, Cost] = {}
    leading, rest = leading_gates(gates)
    own, repeated = (merged(each, num_qubits, block_size(num_qubits)) for each in (rest, before))
    flops, passes = _steps(own, size, start)
    again = _upload(runs, num_qubits, end), _steps(repeated, size, end)
    blocks = _REPEATED * reuploads
    flops, passes = flops + blocks * (again[0][0] + again[1][0]), passes + blocks * (again[0][1] + again[1][1])
    flops, passes = flops + reading[0], passes + reading[1] + (start + end) * size + 2 * len(leading)
    for basis in measured:  # whose states are turned one by one; the other engines turn matrices
        more = _steps(merged(basis.turn, num_qubits, block_size(num_qubits)), size, end)
        flops, passes = flops + more[0], passes + more[1]
    calls = 1 + 2 * bool(leading) + _calls(own) + reuploads * (len(runs) + _calls(repeated))
    found["fused"] = _cost(step["fused"], patches, 0.0, flops, passes, rates.blocks, calls / rates.calls)
    if num_qubits >= _LEAST_HALVED and bipartite.fits(circuit, patch_size):
        parts = bipartite.in_parts(circuit, patch_size, gates)
        if num_terms(parts.middle, num_qubits // 2) ** 2 <= size:  # else the whole state is smaller
            flops, passes = _terms(parts.middle, num_qubits, channels, end, rates)
            passes += 2 * len(leading)
            calls = 1 + 4 * bool(leading) + _calls_of_halves(parts.middle, num_qubits)
            found["halves"] = _cost(step["halves"], patches, 0.0, flops, passes, rates.small, calls / rates.calls)
    if num_qubits > _MAX_UNITARY_QUBITS:
        return found
    own = merged(gates, num_qubits, UNITARY_BLOCK)
    flops, passes = _steps(own, size, 1)
    build = (reuploads + 1) * size * (flops / rates.small.products + passes / rates.small.numbers)
    calling = (1 + _calls(own) + reuploads * (len(runs) + _calls(own))) / rates.calls
    turned = len(measured)  # for each basis to measure in, a unitary of its own
    products = 2 * (start + reuploads * end + start * (turned - 1)) * end * size * size + reading[0]
    numbers = (start + 2 * turned * end) * size + reading[1]
    if reuploads:  # the shared gates at the ends of an encoding are part of the unitaries
        flops, passes = _upload(runs[1:-1], num_qubits, end)
        products, numbers = products + reuploads * flops, numbers + reuploads * (end * size + passes)
    found["unitary"] = _cost(step["unitary"], patches, build, products, numbers, rates.large, calling)
    known = len(product_table.known_states(circuit, patch_size))
    if product_table.fits(circuit, patch_size) and (2 * known) ** num_qubits <= _MAX_TABLE:
        once = build + turned * end * _table(known, num_qubits, rates.large)
        flops, numbers = _weights(known, num_qubits, channels)
        calling_table = calling + _TABLE_CALLS / rates.calls
        found["heisenberg"] = _cost(step["heisenberg"], patches, once, flops, numbers, rates.large, calling_table)
    if basis_table.fits(circuit):
        once = build + size * (reading[0] / rates.large.products + reading[1] / rates.large.numbers)
        found["lookup"] = _cost(step["lookup"], patches, once, 0, 2 * channels, rates.large, calling)
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
    step: int, patches: int, once: float, flops: float | int, numbers: float | int, rate: Rate, calling: float
) -> Cost:
    seconds = step * (once / patches + flops / rate.products + numbers / rate.numbers) + calling / patches
    return Cost(float(once), float(flops), float(numbers), seconds)


def _steps(operations: Sequence[Operation], size: int, parts: int) -> tuple[float, float]:
    """Floating-point operations and numbers written, for one state (size,) that starts real (1 part) or complex (2)."""
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


def _calls(operations: Sequence[Operation]) -> int:
    """Operations for which something is called."""
    return sum(not isinstance(operation, Permutation) for operation in operations)


def _table(known: int, num_qubits: int, rate: Rate) -> float:
    """Seconds for the table of the `heisenberg` engine, if all amplitudes are real."""
    size, cut = 2**num_qubits, product_table.half(num_qubits)
    first, second = known**cut, known ** (num_qubits - cut)
    flops = 2 * size * second * (size + first * 2**cut)
    # Amplitudes are written, moved, squared and summed; measured, it takes as long as writing five times their numbers.
    return flops / rate.products + 5 * size * known**num_qubits / rate.numbers


def _weights(known: int, num_qubits: int, channels: int) -> tuple[float, float]:
    """Floating-point operations and numbers written for one patch by the `heisenberg` engine."""
    cut = product_table.half(num_qubits)
    pairs = (num_qubits - cut) // 2 * known**2
    # What the first half gives with the table is summed over at once, from the cache: as good as half the numbers.
    numbers = num_qubits * (known + 2) + known**cut + pairs + channels * known ** (num_qubits - cut) / 2
    return 2.0 * channels * known**num_qubits, numbers


def _calls_of_halves(gates: Sequence[Gate], num_qubits: int) -> int:
    """Operations of a register in two halves."""
    cut = num_qubits // 2
    segments = [(across, list(own)) for across, own in groupby(gates, lambda gate: crosses(gate, cut))]
    return sum(len(own) if across else _calls(merged(own, num_qubits, num_qubits - cut)) for across, own in segments)


def _terms(gates: Sequence[Gate], num_qubits: int, channels: int, parts: int, rates: Rates) -> tuple[float, float]:
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
    if bipartite.joins(channels, num_qubits, terms):
        return flops, numbers + (terms * parts + 2) * 2**num_qubits
    # The overlaps of all terms are few large products.
    flops += 2 * channels * terms**2 * size * rates.small.products / rates.large.products
    return flops, numbers + terms**2 * size * rates.small.numbers / rates.large.numbers


def numbers_of_gates(gates: Sequence[Gate], num_qubits: int, max_block: int, parts: int) -> float:
    """Numbers that gates write for one state that starts with so many parts, as the operations that an engine runs."""
    return _steps(merged(gates, num_qubits, max_block), 2**num_qubits, parts)[1]


def numbers_of_runs(runs: Sequence[Run], num_qubits: int, parts: int) -> float:
    """Numbers that the gates of an encoding write for one state of so many parts."""
    return _upload(runs, num_qubits, parts)[1]
