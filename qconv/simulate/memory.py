"""How much memory an evaluation with its gradient takes, and the word that there is not enough of it.

The gradient needs what each step wrote, for as many patches as an engine runs at once; then there is what comes in and
goes out for all patches, and what they share, such as a unitary. Engines count their numbers.
`tests/circuit/test_memory.py` holds them to what is measured.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path

import jax
import numpy as np

from qconv.circuit.circuit import Circuit
from qconv.errors import InputError
from qconv.simulate.choose import engine_named
from qconv.simulate.counts import Counts
from qconv.simulate.engine import Numbers
from qconv.simulate.evaluation import number_of_chunks

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
    filters: int = 1,
    registers: int = 1,
    devices: int = 1,
) -> None:
    """Refuses what does not fit into memory, before anything is allocated.

    Args:
        circuit: encoding, ansatz and readout.
        patch_size: numbers of a patch.
        engine: its name.
        dtype: float32 or float64.
        patches: how many of them.
        filters: circuits that run on the same patches, each with angles of its own.
        registers: how often they do, each time on other patches.
        devices: over how many the patches are split.

    Raises:
        InputError: more is needed than there is; it says how much.
    """
    available, circuits = available_bytes(), registers * filters
    # Far beyond any machine, observables and gates would be too many to be counted: the least decides.
    needed = 4 * 2 ** circuit.num_qubits(patch_size) * np.dtype(dtype).itemsize
    if needed <= available:
        together = engine_named(engine).together(circuit, patch_size, filters)
        ends = on_devices(lambda own: _ends(circuit, patch_size, dtype, own, circuits, together), patches, devices)
        needed += ends + _compiling(circuit, patch_size)
    if needed <= available:
        of_patches = partial(bytes_needed, circuit, patch_size, engine, dtype, filters=filters, registers=registers)
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
        InputError: `needed` is more than the memory there is.
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
    """A number of bytes for people, in GiB."""
    return f"{count / 2**30:,.1f} GiB" if count < 2**80 else f"2^{count.bit_length() - 31} GiB"


@lru_cache(maxsize=1024)
def numbers(circuit: Circuit, patch_size: int, engine: str, dtype: np.dtype, filters: int) -> Numbers:
    """How many numbers an engine keeps for filters that run together."""
    return engine_named(engine).numbers(Counts(circuit, patch_size), filters, dtype)


@lru_cache(maxsize=1024)
def bytes_needed(
    circuit: Circuit,
    patch_size: int,
    engine: str,
    dtype: np.dtype,
    patches: int = 1,
    filters: int = 1,
    registers: int = 1,
) -> int:
    """Memory of an evaluation and its gradient, within a factor of two; see `check_memory`."""
    circuits, together = registers * filters, engine_named(engine).together(circuit, patch_size, filters)
    shared, each, at_once = numbers(circuit, patch_size, engine, dtype, together)
    chunks, evaluations = number_of_chunks(patches, at_once), circuits // together
    # In chunks, the gradient computes each of them again; else all evaluations keep what they wrote until it has come.
    kept = -(-patches // chunks) * (evaluations if chunks == 1 else 1)
    evaluation = int(np.dtype(dtype).itemsize * (evaluations * shared + kept * each))
    return evaluation + _ends(circuit, patch_size, dtype, patches, circuits, together)


def _ends(circuit: Circuit, patch_size: int, dtype: np.dtype, patches: int, circuits: int, together: int) -> int:
    """Patches and channels, with their gradients and copies."""
    # The loop over circuits keeps the columns of each, and copies its channels.
    copies = 2 if together > 1 else 3
    numbers = (2 + 2 * circuits // together) * patch_size + copies * circuits * circuit.num_channels(patch_size)
    return patches * numbers * np.dtype(dtype).itemsize


def _compiling(circuit: Circuit, patch_size: int) -> int:
    """What is made of the observables and of the names of the amplitudes before an evaluation starts."""
    num_qubits, observables = circuit.num_qubits(patch_size), circuit.num_observables(patch_size)
    return observables * (_STRING + _LETTER * num_qubits) + _INDEX * 2**num_qubits
