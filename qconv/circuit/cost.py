"""What an engine costs: an explicit model, from which the engine is chosen."""

import math
from dataclasses import dataclass

import numpy as np

from qconv.circuit import lookup
from qconv.circuit.circuit import Circuit, example_tapes
from qconv.circuit.fused import block_size, leading_gates
from qconv.circuit.operations import Block, Permutation, Phases, merged
from qconv.circuit.reupload import upload
from qconv.circuit.states import SHARED_BLOCK
from qconv.circuit.unitary import BLOCK
from qconv.gates import Gate

_PATCHES = 10_000
"""What a cost that does not depend on the number of patches is spread over: a batch of 64 images or so."""
_PRODUCTS = 1.5e11
"""Floating-point operations a second of large matrix products; these rates are of two cores with AVX-512."""
_SMALL_PRODUCTS = 2e10
"""Of products with matrices of 32 rows or fewer."""
_NUMBERS = 1.2e9
"""Numbers a second that a step reads, computes and writes."""
_STEP = {"unitary": 3, "fused": 5, "lookup": 3}
"""Forward and backward evaluation, in forward ones: in chunks, the backward one starts with another forward one."""
_MAX_UNITARY_QUBITS = 10
"""Beyond, the unitary and what its gradient keeps take gigabytes, whatever the time."""
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


def costs(circuit: Circuit, patch_size: int) -> dict[str, Cost]:
    """The costs of the engines that can be chosen for a circuit, by name.

    Compilation is left out: it grows with the number of different layers, for all engines alike.
    """
    num_qubits = circuit.num_qubits(patch_size)
    if num_qubits > _MAX_QUBITS:
        return {"fused": Cost(0.0, math.inf, math.inf, math.inf)}
    encoding, ansatz = example_tapes(circuit, patch_size)
    channels = len(circuit.observables(patch_size))
    size = 2**num_qubits
    real_states = all(gate.is_real for gate in encoding.gates)
    start = 1 if real_states else 2
    end = 2 if not real_states or not all(gate.is_real for gate in ansatz.gates) else 1

    reuploads = circuit.reuploads
    stages = upload(circuit, patch_size, np.dtype(np.float32)).stages if reuploads else []

    found: dict[str, Cost] = {}
    leading, rest = leading_gates(ansatz.gates)
    flops, passes = _steps(rest, num_qubits, block_size(num_qubits), start)
    if reuploads:
        again = _upload(stages, num_qubits, end), _steps(ansatz.gates, num_qubits, block_size(num_qubits), end)
        flops += reuploads * sum(own for own, _ in again)
        passes += reuploads * sum(own for _, own in again)
    found["fused"] = _cost(
        "fused", 0.0, flops + 2 * channels * size, passes + (start + end) * size + 2 * len(leading), _SMALL_PRODUCTS
    )
    if num_qubits > _MAX_UNITARY_QUBITS:
        return found
    flops, passes = _steps(ansatz.gates, num_qubits, BLOCK, 1)
    build = (reuploads + 1) * size * (flops / _SMALL_PRODUCTS + passes / _NUMBERS)
    products = 2 * (start + reuploads * end) * end * size * size + 2 * channels * size
    numbers = (start + 2 * end) * size
    if reuploads:  # the gates at the ends of an encoding are part of the unitaries
        flops, passes = _upload([[], *stages[1:-1], []], num_qubits, end)
        products, numbers = products + reuploads * flops, numbers + reuploads * (end * size + passes)
    found["unitary"] = _cost("unitary", build, products, numbers)
    if lookup.fits(circuit):
        found["lookup"] = _cost("lookup", build + 2 * channels * size * size / _PRODUCTS, 0, 2 * channels)
    return found


def _upload(stages: list[list[Gate]], num_qubits: int, parts: int) -> tuple[float, float]:
    """Floating-point operations and numbers written for one re-upload, for a state of so many parts."""
    flops = numbers = 0.0
    for number, stage in enumerate(stages):
        if number % 2:
            dense = sum(not gate.is_diagonal for gate in stage)
            numbers += (dense + (2 if dense < len(stage) else 0)) * parts * 2**num_qubits  # phases, and their product
        else:
            own = _steps(stage, num_qubits, SHARED_BLOCK, parts)
            flops, numbers = flops + own[0], numbers + own[1]
    return flops, numbers


def _cost(engine: str, once: float, flops: float | int, numbers: float | int, rate: float = _PRODUCTS) -> Cost:
    seconds = _STEP[engine] * (once / _PATCHES + flops / rate + numbers / _NUMBERS)
    return Cost(float(once), float(flops), float(numbers), seconds)


def _steps(gates: list[Gate], num_qubits: int, max_block: int, parts: int) -> tuple[float, float]:
    """Floating-point operations and numbers written, for one state that starts real (1 part) or complex (2)."""
    flops = numbers = 0.0
    for operation in merged(gates, num_qubits, max_block):
        if isinstance(operation, Permutation):
            continue
        if not all(gate.is_real for gate in operation.gates):
            parts = 2
        if isinstance(operation, Block):
            products = 1 if all(gate.is_real for gate in operation.gates) else 2
            flops += 2 * products * parts * 2 ** (num_qubits + len(operation.qubits))
            numbers += (1 + products) * parts * 2**num_qubits  # rows move, then they are multiplied
        elif isinstance(operation, Phases):
            numbers += parts * 2**num_qubits
    return flops, numbers
