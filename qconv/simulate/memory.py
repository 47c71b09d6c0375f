"""How much memory an evaluation with its gradient takes, and the word that there is not enough of it.

The gradient needs what each step wrote, for as many patches as an engine runs at once; then there is what comes in and
goes out for all patches, and what they share, such as a unitary. The numbers are counted from the gates, as costs are.
`tests/circuit/test_memory.py` holds them to what is measured.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path

import jax
import numpy as np
from jax.core import Tracer
from jaxtyping import Array

from qconv.circuit.circuit import Circuit, example_encoding
from qconv.errors import InputError
from qconv.gates.tape import Gate
from qconv.lowering.absorption import leading_gates, seen
from qconv.lowering.encoded_states import is_product, runs
from qconv.lowering.fusion import example_gates
from qconv.lowering.observables import UNITARY_BLOCK, bases
from qconv.lowering.reupload import upload
from qconv.lowering.schedule import ordered
from qconv.simulate import bipartite, fused, product_table, tensorcircuit, unitary
from qconv.simulate.bipartite import crosses, num_terms
from qconv.simulate.choose import numbers_of_gates, numbers_of_runs
from qconv.simulate.chunks import number_of_chunks

_LIMITS = [Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")]
"""Where Linux says what a container may use; the second of its older form."""
_STRING = 100
"""Bytes of an observable as a string, beside those for its letters."""
_LETTER = 6
"""Bytes of each of its letters, with all that is made of them."""
_INDEX = 8 * 4
"""Bytes for each amplitude of what the rows are called, while a circuit is compiled."""


def check_memory(
    circuit: Circuit,
    patch_size: int,
    engine: str,
    dtype: np.dtype,
    patches: int = 1,
    circuits: int = 1,
    devices: int = 1,
) -> None:
    """Refuses what does not fit into memory, before anything is allocated.

    Args:
        circuit: encoding, ansatz and readout.
        patch_size: numbers of a patch.
        engine: its name.
        dtype: float32 or float64.
        patches: how many of them.
        circuits: how often they run, each time with angles of its own.
        devices: over how many the patches are split.

    Raises:
        InputError: so; it says how much memory the engine would need.
    """
    available = available_bytes()
    # Far beyond any machine, observables and gates would be too many to be counted: the least decides.
    needed = 4 * 2 ** circuit.num_qubits(patch_size) * np.dtype(dtype).itemsize
    if needed <= available:
        ends = on_devices(lambda own: _ends(circuit, patch_size, dtype, own, circuits), patches, devices)
        needed += ends + _compiling(circuit, patch_size)
    if needed <= available:
        of_patches = partial(bytes_needed, circuit, patch_size, engine, dtype, circuits=circuits)
        needed = on_devices(of_patches, patches, devices) + _compiling(circuit, patch_size)
    several = f"{patches:,} patches" + (f" in {circuits:,} circuits" if circuits > 1 else "")
    refuse_beyond(
        needed,
        f"{circuit.num_qubits(patch_size)} qubits (patches of {patch_size} numbers, {several})",
        f" with engine {engine!r}",
        "a smaller batch, a smaller kernel, one register per channel, or an encoding with fewer qubits (amplitude)",
    )


def refuse_beyond(needed: int, what: str, how: str, advice: str) -> None:
    """Refuses what needs more bytes than there are.

    Raises:
        InputError: so.
    """
    if needed > (available := available_bytes()):
        raise InputError(f"{what} need {gibibytes(needed)}{how}, and {gibibytes(available)} are there; use {advice}")


def on_devices(bytes_of: Callable[[int], int], count: int, devices: int) -> int:
    """Memory where patches or images are split over devices: of one of them, or of all here where they share theirs.

    Args:
        bytes_of: memory that so many on one device take.
        count: how many there are.
        devices: over how many they are split.
    """
    sharing = 1 if _own_bytes() else min(devices, jax.local_device_count())
    return sharing * bytes_of(-(-count // devices))


def devices_of(array: Array | np.ndarray) -> int:
    """Over how many devices an array is split; one that is traced, as in a step of training, over all there are."""
    if isinstance(array, Tracer):
        return jax.device_count()
    return len(array.sharding.device_set) if isinstance(array, jax.Array) else 1


def available_bytes() -> int:
    """Memory of a device, or what the devices of this machine share."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return _own_bytes() or min([machine, *_container_bytes()])


def _own_bytes() -> int | None:
    """Memory that a device has to itself; None where it is the machine's."""
    return (jax.local_devices()[0].memory_stats() or {}).get("bytes_limit")


def _container_bytes() -> list[int]:
    """What a container, or a job of a cluster, may use of the machine's memory; none if nothing limits it."""
    found = []
    for path in _LIMITS:
        with suppress(OSError, ValueError):  # no such file, or "max"
            found.append(int(path.read_text()))
    return found


def gibibytes(count: int) -> str:
    """For people."""
    return f"{count / 2**30:,.1f} GiB" if count < 2**80 else f"2^{count.bit_length() - 31} GiB"


@lru_cache(maxsize=1024)
def bytes_needed(
    circuit: Circuit, patch_size: int, engine: str, dtype: np.dtype, patches: int = 1, circuits: int = 1
) -> int:
    """Memory of an evaluation and its gradient, within a factor of two; see `check_memory`."""
    numbers = {
        "fused": _fused,
        "halves": _halves,
        "heisenberg": _heisenberg,
        "lookup": _lookup,
        "statevector": _statevector,
        "unitary": _unitary,
    }
    shared, each, at_once = numbers[engine](circuit, patch_size, dtype)
    chunks = number_of_chunks(patches, at_once)
    # In chunks, the gradient computes each of them again; else all circuits keep what they wrote until it has come.
    kept = -(-patches // chunks) * (circuits if chunks == 1 else 1)
    evaluation = int(np.dtype(dtype).itemsize * (circuits * shared + kept * each))
    return evaluation + _ends(circuit, patch_size, dtype, patches, circuits)


def _ends(circuit: Circuit, patch_size: int, dtype: np.dtype, patches: int, circuits: int) -> int:
    """Patches and channels, with their gradients and copies."""
    # The loop over circuits keeps the columns of each.
    numbers = (2 + 2 * circuits) * patch_size + 3 * circuits * circuit.num_channels(patch_size)
    return patches * numbers * np.dtype(dtype).itemsize


def _compiling(circuit: Circuit, patch_size: int) -> int:
    """What is made of the observables and of the names of the amplitudes before an evaluation starts."""
    num_qubits, observables = circuit.num_qubits(patch_size), circuit.num_observables(patch_size)
    return observables * (_STRING + _LETTER * num_qubits) + _INDEX * 2**num_qubits


Numbers = tuple[float | int, float | int, int]
"""Of an engine: numbers that all patches share, numbers of each patch, and patches at once."""


def _fused(circuit: Circuit, patch_size: int, dtype: np.dtype) -> Numbers:
    num_qubits, block = circuit.num_qubits(patch_size), fused.block_size(circuit.num_qubits(patch_size))
    size, (start, end) = 2**num_qubits, _parts(circuit, patch_size)
    observables = circuit.observables(patch_size)
    gates = ordered(example_gates(circuit, patch_size))
    _, rest = leading_gates(ordered(seen(gates, observables)))
    each = _encoding(circuit, patch_size) + numbers_of_gates(rest, num_qubits, block, start)
    if circuit.reuploads:
        again = numbers_of_gates(gates, num_qubits, block, end) + numbers_of_runs(
            upload(circuit, patch_size, dtype).runs, num_qubits, end
        )
        each += circuit.reuploads * again / 2  # a loop keeps what goes into a product, not what comes out
    for basis in bases(observables, dtype):
        each += end * size + basis.numbers[1]  # what constants are multiplied with is not kept
    return 0, each + 2 * end * size, fused.patches_at_once(circuit, patch_size, dtype)


def _unitary(circuit: Circuit, patch_size: int, dtype: np.dtype) -> Numbers:
    num_qubits = circuit.num_qubits(patch_size)
    size, (_, end) = 2**num_qubits, _parts(circuit, patch_size)
    turned = len(bases(circuit.observables(patch_size), dtype))
    each = _encoding(circuit, patch_size) + 3 * turned * end * size + circuit.num_observables(patch_size)
    shared = _matrix(circuit, patch_size, dtype)
    if circuit.reuploads:
        each += circuit.reuploads * (
            2 * end * size + numbers_of_runs(upload(circuit, patch_size, dtype).runs[1:-1], num_qubits, end)
        )
        gates = ordered(example_gates(circuit, patch_size))
        shared += circuit.reuploads * size * (numbers_of_gates(gates, num_qubits, UNITARY_BLOCK, 1) + 2 * end * size)
    return shared, each, unitary.patches_at_once(circuit, patch_size, dtype)


def _matrix(circuit: Circuit, patch_size: int, dtype: np.dtype) -> float | int:
    """Numbers of the unitary after each step, turned to each basis."""
    num_qubits = circuit.num_qubits(patch_size)
    size, observables = 2**num_qubits, circuit.observables(patch_size)
    gates = ordered(seen(example_gates(circuit, patch_size), observables))
    turned = len(bases(observables, dtype))
    _, end = _parts(circuit, patch_size)
    return end / 2 * size * (numbers_of_gates(gates, num_qubits, UNITARY_BLOCK, 1) + 4 * (1 + turned) * size)


def _heisenberg(circuit: Circuit, patch_size: int, dtype: np.dtype) -> Numbers:
    num_qubits, known = circuit.num_qubits(patch_size), len(product_table.known_states(circuit, patch_size))
    cut, (_, end) = product_table.half(num_qubits), _parts(circuit, patch_size)
    observables = circuit.num_observables(patch_size)
    turned = len(bases(circuit.observables(patch_size), dtype))
    table = (3 * turned * end * 2**num_qubits + 2 * observables) * known**num_qubits
    each = 4 * num_qubits * known + 2 * known**cut + 2 * observables * known ** (num_qubits - cut)
    at_once = product_table.patches_at_once(circuit, patch_size, dtype)
    return _matrix(circuit, patch_size, dtype) + table, each, at_once


def _lookup(circuit: Circuit, patch_size: int, dtype: np.dtype) -> Numbers:
    table = 2 * circuit.num_observables(patch_size) * 2 ** circuit.num_qubits(patch_size)
    return _matrix(circuit, patch_size, dtype) + table, 2 * circuit.num_qubits(patch_size), 2**62


def _halves(circuit: Circuit, patch_size: int, dtype: np.dtype) -> Numbers:
    num_qubits, (start, end) = circuit.num_qubits(patch_size), _parts(circuit, patch_size)
    cut, observables = num_qubits // 2, circuit.num_observables(patch_size)
    rows = 2**cut + 2 ** (num_qubits - cut)
    middle = bipartite.in_parts(circuit, patch_size, example_gates(circuit, patch_size)).middle
    each, terms, waiting = 3.0 * end * rows, 1, list[Gate]()
    for gate in [*middle, None]:
        if gate is not None and not crosses(gate, cut):
            waiting.append(gate)
            continue
        # The gates of each half since the last one across the cut, on half of the amplitudes.
        each += terms * rows * numbers_of_gates(waiting, num_qubits, num_qubits - cut, start) / 2**num_qubits
        waiting = []
        if gate is not None:
            terms = min(terms * num_terms([gate], cut), 2**200)  # more than any memory, and still a number
            each += 2 * terms * end * rows
    if bipartite.joins(observables, num_qubits, terms):
        each += 6 * end * 2**num_qubits
    else:
        each += end * terms**2 * (2 * rows + 4 * observables)
    constants = 0 if bipartite.joins(observables, num_qubits, terms) else 2 * observables * rows
    return constants, each, bipartite.patches_at_once(circuit, patch_size, terms, dtype)


def _statevector(circuit: Circuit, patch_size: int, dtype: np.dtype) -> Numbers:
    each = tensorcircuit.bytes_of_patch(circuit, patch_size, dtype) / np.dtype(dtype).itemsize
    return 0, each, tensorcircuit.patches_at_once(circuit, patch_size, dtype)


def _parts(circuit: Circuit, patch_size: int) -> tuple[int, int]:
    """Real numbers of an amplitude, as encoded and in the end."""
    encoding, ansatz = example_encoding(circuit, patch_size).gates, example_gates(circuit, patch_size)
    start = 1 if all(gate.is_real for gate in encoding) else 2
    return start, 1 if start == 1 and all(gate.is_real for gate in ansatz) else 2


def _encoding(circuit: Circuit, patch_size: int) -> float | int:
    """Numbers that the encoding of a patch writes."""
    tape = example_encoding(circuit, patch_size)
    size, (start, _) = 2**tape.num_qubits, _parts(circuit, patch_size)
    return (
        2 * start * size
        if is_product(tape)
        else 2 * start * size + numbers_of_runs(runs(tape.gates), tape.num_qubits, start)
    )
