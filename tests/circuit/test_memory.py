"""What is said of memory, held to what is measured, and the word that there is not enough of it."""

import os
import subprocess
import sys
import time
from functools import partial
from itertools import product
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.identity import Identity
from qconv.ansatz.qcnn import QCNN
from qconv.circuit.circuit import Circuit
from qconv.circuit.tree import Tree
from qconv.encoding.amplitude import Amplitude
from qconv.encoding.angle import Angle
from qconv.encoding.basis import Basis
from qconv.encoding.dense_angle import DenseAngle
from qconv.encoding.iqp import IQP
from qconv.errors import InputError
from qconv.layers.quantum_dense import QuantumDense
from qconv.readout.pauli import AllZZ, PauliStrings, PauliXYZ
from qconv.readout.probabilities import Probabilities
from qconv.simulate import memory, pauli_tree
from qconv.simulate.choose import EngineName
from qconv.simulate.expectations import expectations, run_circuits
from qconv.simulate.pauli_tree import maps

MIB = 2**20
REAL, LAYER, LAYERS = HardwareEfficient(1, ("ry",)), HardwareEfficient(1), HardwareEfficient(2)


MANY = tuple("".join(letters) for letters in product("XYZ", repeat=3))
"""Strings that are each measured in a basis of their own."""


class Cell(NamedTuple):
    engine: EngineName
    circuit: Circuit
    patch_size: int
    patches: int
    circuits: int = 1
    registers: int = 1
    dtype: type = np.float32


SOON = [
    Cell("fused", Circuit(Angle(), LAYER, Probabilities()), 16, 64),
    Cell("unitary", Circuit(Angle(), LAYER), 4, 400_000),
    Cell("heisenberg", Circuit(Angle(), LAYER), 4, 400_000, 2),
    Cell("lookup", Circuit(Basis(), LAYER, Probabilities()), 8, 50_000),
    Cell("halves", Circuit(Angle(), LAYER, Probabilities()), 12, 1000),
    Cell("statevector", Circuit(Angle(), REAL), 10, 200),
]
LATER = [
    Cell("fused", Circuit(Angle(), LAYER), 16, 100),
    Cell("fused", Circuit(Angle(), LAYER), 18, 5),
    Cell("fused", Circuit(Angle("X"), LAYERS), 14, 500),
    Cell("fused", Circuit(Angle(), HardwareEfficient(8)), 14, 16),  # repeated layers are a loop
    Cell("fused", Circuit(Angle(), LAYER, PauliXYZ()), 14, 32, 4),
    Cell("fused", Circuit(Angle(), Identity(), Probabilities(tuple(range(8)))), 12, 20_000, 2),
    Cell("fused", Circuit(Amplitude(), LAYER, AllZZ()), 2**13, 256),
    Cell("fused", Circuit(IQP(), LAYER), 14, 16),
    Cell("fused", Circuit(Angle(), LAYER, reuploads=3), 13, 100),
    Cell("fused", Circuit(Angle(), LAYER), 16, 8, dtype=np.float64),
    Cell("fused", Circuit(DenseAngle(), LAYER), 28, 64, 1, 3),
    Cell("fused", Circuit(Angle(), QCNN(), Probabilities()), 12, 64),
    Cell("unitary", Circuit(Angle(), LAYERS), 9, 50_000),
    Cell("unitary", Circuit(Angle(), LAYER, PauliXYZ()), 9, 2000),
    Cell("unitary", Circuit(Angle(), LAYERS), 10, 500, 4),
    Cell("unitary", Circuit(Angle(), REAL), 11, 10),
    Cell("unitary", Circuit(Angle(), LAYER, reuploads=3), 9, 2000),
    Cell("unitary", Circuit(Angle(), LAYER, Probabilities()), 9, 5000, 2, 2),
    Cell("unitary", Circuit(Angle(), REAL), 4, 100_000, 8, dtype=np.float64),
    Cell("heisenberg", Circuit(Angle(), LAYERS), 7, 20_000),
    Cell("heisenberg", Circuit(Angle("X"), LAYER), 6, 20_000),
    Cell("heisenberg", Circuit(Angle(), LAYER, Probabilities()), 7, 20_000),
    Cell("heisenberg", Circuit(Angle(), LAYER, PauliXYZ()), 5, 50_000, 2),
    Cell("heisenberg", Circuit(Angle(), LAYERS), 4, 12_544, 64),
    Cell("heisenberg", Circuit(Angle(), LAYERS), 4, 16_384, 8, 3),
    Cell("heisenberg", Circuit(Angle(), LAYERS), 4, 1_024, 4, 32),
    Cell("heisenberg", Circuit(Angle("X"), LAYER), 5, 50_000, 16),
    Cell("unitary", Circuit(Angle(), LAYERS), 5, 20_000, 16),
    Cell("unitary", Circuit(IQP(), LAYER), 4, 10_000, 16, 2),
    Cell("lookup", Circuit(Basis(), LAYERS), 4, 50_000, 16),
    Cell("lookup", Circuit(Basis(), LAYERS), 9, 50_000),
    Cell("lookup", Circuit(Basis(), LAYER, PauliXYZ()), 8, 20_000, 2),
    Cell("halves", Circuit(Angle(), LAYERS), 12, 200_000),
    Cell("halves", Circuit(Angle(), LAYERS, PauliStrings(("ZXZ", "YYI"))), 12, 200_000, 2),
    Cell("halves", Circuit(Angle(), HardwareEfficient(4)), 12, 512),
    Cell("halves", Circuit(Angle(), REAL), 16, 200_000),
    Cell("statevector", Circuit(Amplitude(), LAYER), 2**12, 100),
    Cell("statevector", Circuit(Angle(), LAYER), 16, 4),
    Cell("statevector", Circuit(Angle(), LAYER, Probabilities()), 12, 64),
    Cell("statevector", Circuit(IQP(repetitions=1), LAYER), 10, 128),
    Cell("statevector", Circuit(Angle(), LAYER, PauliStrings(MANY)), 12, 64),
    Cell("statevector", Circuit(Angle(), Identity()), 12, 256),
]


@pytest.mark.parametrize("cell", [*SOON, *(pytest.param(cell, marks=pytest.mark.slow) for cell in LATER)], ids=str)
def test_memory_needed_is_within_a_factor_of_two_of_what_is_allocated(cell):
    circuit = cell.circuit
    with jax.enable_x64(cell.dtype == np.float64):
        theta = jnp.zeros((cell.circuits, cell.registers, *circuit.param_shape(cell.patch_size)), cell.dtype)
        patches = jax.ShapeDtypeStruct((cell.registers, cell.patches, cell.patch_size), cell.dtype)
        memory.bytes_needed.cache_clear()
        allocated = allocated_bytes(gradient(circuit, cell.engine), theta, patches)
        dtype = np.dtype(cell.dtype)
        memory.numbers.cache_clear()
        needed = memory.bytes_needed(
            circuit, cell.patch_size, cell.engine, dtype, cell.patches, cell.circuits, cell.registers
        )
    assert allocated > 16 * MIB
    assert allocated / 2 < needed < 2 * allocated, f"{needed / MIB:.0f} MiB needed, {allocated / MIB:.0f} allocated"


def allocated_bytes(function, *arguments):
    """XLA knows before it runs: it allocates arguments, results and all between them in advance, to the byte.

    That is decided before there is machine code: of the cells that were compared, quickly compiled and not, none
    differs by more than 1 in 300,000.
    """
    found = jax.jit(function).lower(*arguments).compile().memory_analysis()
    assert found is not None
    return found.temp_size_in_bytes + found.argument_size_in_bytes + found.output_size_in_bytes


def gradient(circuit, engine):
    def run(theta, patches):
        outputs, pullback = jax.vjp(lambda t, p: run_circuits(circuit, [t], p, engine), theta, patches)
        return outputs, pullback(jnp.cos(outputs))

    return run


class TreeCell(NamedTuple):
    tree: Tree
    image_shape: tuple[int, int, int]
    images: int
    features: int = 1
    read: int = 1
    dtype: type = np.float32


TREES = [
    TreeCell(Tree(), (28, 28, 1), 20_000),
    TreeCell(Tree(kept=2, block=(2, 1)), (16, 16, 1), 1000, 4),
    TreeCell(Tree(), (8, 8, 1), 100_000, 16, 3),
    TreeCell(Tree(ansatz=HardwareEfficient(3), kept=2), (8, 8, 1), 64, 16),
    TreeCell(Tree(kept=2, shared=False), (16, 16, 1), 200),
    TreeCell(Tree(DenseAngle(), block=(1, 2)), (8, 8, 2), 20_000, dtype=np.float64),
]


@pytest.mark.parametrize(
    "cell", [*TREES[:2], *(pytest.param(cell, marks=pytest.mark.slow) for cell in TREES[2:])], ids=str
)
def test_memory_of_trees_is_within_a_factor_of_two_of_what_is_allocated(cell):
    with jax.enable_x64(cell.dtype == np.float64):
        theta = tuple(
            jnp.zeros((cell.features, *shape), cell.dtype) for shape in cell.tree.param_shapes(cell.image_shape)
        )
        images = jax.ShapeDtypeStruct((cell.images, *cell.image_shape), cell.dtype)

        def run(theta, images):
            outputs, pullback = jax.vjp(lambda t, x: maps(cell.tree, t, x, cell.read), theta, images)
            return outputs, pullback(jax.tree.map(jnp.cos, outputs))

        allocated = allocated_bytes(run, theta, images)
    needed = pauli_tree.bytes_needed(
        cell.tree, cell.image_shape, np.dtype(cell.dtype), cell.images, cell.features, cell.read
    )
    assert allocated > 16 * MIB
    assert allocated / 2 < needed < 2 * allocated, f"{needed / MIB:.0f} MiB needed, {allocated / MIB:.0f} allocated"


SPLIT = """
import jax
import jax.numpy as jnp
import numpy as np

from qconv.simulate import memory, pauli_tree
from qconv.runs.mesh import batch_sharding, device_mesh
from tests.circuit.test_memory import SOON, allocated_bytes, gradient

cell = SOON[0]
sharding = jax.NamedSharding(device_mesh(), jax.P(None, *batch_sharding(device_mesh()).spec))
theta = jnp.zeros((1, 1, *cell.circuit.param_shape(cell.patch_size)))
patches = jax.ShapeDtypeStruct((1, 4 * cell.patches, cell.patch_size), np.float32, sharding=sharding)
allocated = allocated_bytes(gradient(cell.circuit, cell.engine), theta, patches)
said = memory.on_devices(
    lambda own: memory.bytes_needed(cell.circuit, cell.patch_size, cell.engine, np.dtype(np.float32), own),
    4 * cell.patches,
    jax.device_count(),
)
print(4 * allocated, said)
"""


@pytest.mark.slow
def test_devices_that_share_memory_each_take_their_part():
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": "--xla_force_host_platform_device_count=4"}
    command = [sys.executable, "-c", SPLIT]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    allocated, needed = map(int, done.stdout.split())
    assert allocated / 2 < needed < 2 * allocated, f"{needed / MIB:.0f} MiB needed, {allocated / MIB:.0f} allocated"


def test_devices_with_memory_of_their_own_need_no_more_than_one_of_them(monkeypatch):
    monkeypatch.setattr(jax, "local_device_count", lambda: 2)
    assert memory.on_devices(lambda own: 100 * own, 10, 4) == 2 * 300
    assert memory.on_devices(lambda own: 100 * own, 10, 1) == 1000
    monkeypatch.setattr(memory, "_own_bytes", lambda: 10**9)
    assert memory.on_devices(lambda own: 100 * own, 10, 4) == 300
    assert memory.on_devices(lambda own: 100 * own, 10, 1) == 1000


PROGRAM = """
import re
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from qconv.simulate.memory import bytes_needed
from tests.circuit.test_memory import Cell, MEASURED, gradient

cell = MEASURED[int(sys.argv[1])]
theta = jnp.zeros((1, 1, *cell.circuit.param_shape(cell.patch_size)))
used = []
for count in (1, cell.patches):
    run = jax.jit(gradient(cell.circuit, cell.engine))
    jax.block_until_ready(run(theta, jnp.ones((1, count, cell.patch_size))))
    # Not ru_maxrss, which begins with the resident set of the process that started this one.
    used.append(int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024)
needed = [bytes_needed(cell.circuit, cell.patch_size, cell.engine, np.dtype(np.float32), n) for n in (1, cell.patches)]
print(used[1] - used[0], needed[1] - needed[0])
"""
MEASURED = [
    Cell("unitary", Circuit(Angle(), REAL), 4, 3_000_000),
    Cell("fused", Circuit(Angle(), Identity(), Probabilities()), 12, 8000),
]


@pytest.mark.slow
@pytest.mark.parametrize("index", range(len(MEASURED)))
def test_a_process_grows_by_what_is_said(index):
    """By its largest resident set: first for one patch, so that what JAX itself takes is in both."""
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", PROGRAM, str(index)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    used, needed = map(int, done.stdout.split())
    assert used > 100 * MIB
    assert used / 2 < needed < 2 * used, f"{needed / MIB:.0f} MiB needed, {used / MIB:.0f} used"


WIDE = [
    (Circuit(), 30, 30),
    (Circuit(), 60, 60),
    (Circuit(), 2000, 2000),
    (Circuit(Amplitude(30)), 4, 30),
    (Circuit(readout=Probabilities()), 28, 28),
]
APART = ("halves", "heisenberg")


@pytest.mark.parametrize(
    ("engine", "circuit", "patch_size", "num_qubits"),
    [
        (engine, *wide)
        for engine in ("statevector", "unitary", "fused", *APART)
        for wide in WIDE
        if engine not in APART or not isinstance(wide[0].encoding, Amplitude)
    ],
)
def test_too_many_qubits_are_refused_at_once(monkeypatch, circuit, patch_size, num_qubits, engine):
    theta, patches = jnp.zeros(circuit.param_shape(patch_size)), jnp.zeros((1, patch_size))
    refused(monkeypatch, lambda: expectations(circuit, theta, patches, engine), f"{num_qubits} qubits", engine)


@pytest.mark.parametrize("engine", ["unitary", "heisenberg", "lookup"])
def test_a_unitary_of_sixteen_qubits_is_refused(monkeypatch, engine):
    encoding = Basis() if engine == "lookup" else Angle()
    circuit = Circuit(encoding, LAYER)
    theta, patches = jnp.zeros(circuit.param_shape(16)), jnp.zeros((1, 16))
    refused(monkeypatch, lambda: expectations(circuit, theta, patches, engine), "16 qubits", engine)


def test_too_many_terms_of_halves_are_refused(monkeypatch):
    circuit = Circuit(Angle(), HardwareEfficient(12))
    theta, patches = jnp.zeros(circuit.param_shape(12)), jnp.zeros((1, 12))
    refused(monkeypatch, lambda: expectations(circuit, theta, patches, "halves"), "12 qubits", "halves")


def test_too_many_patches_or_circuits_are_refused(monkeypatch):
    """One patch of them fits; a batch of a hundred thousand has 2^16 channels each."""
    layer = QuantumDense(Circuit(Angle(), LAYER, Probabilities()))
    theta = jnp.zeros((1, 1, *layer.circuit.param_shape(16)))
    images = jax.ShapeDtypeStruct((100_000, 16), np.float32)
    run = partial(jax.eval_shape, layer.apply, {"params": {"theta": theta}}, images)
    refused(monkeypatch, run, "16 qubits (patches of 16 numbers, 100,000 patches)", "fused")
    many = layer.clone(features=10_000)
    theta = jnp.zeros((10_000, 1, *layer.circuit.param_shape(16)))
    run = partial(jax.eval_shape, many.apply, {"params": {"theta": theta}}, jnp.zeros((1, 16)))
    refused(monkeypatch, run, "16 qubits (patches of 16 numbers, 1 patches in 10,000 circuits)", "fused")


def refused(monkeypatch, run, what, engine):
    monkeypatch.setattr(memory, "available_bytes", lambda: 16 * 2**30)
    started = time.process_time()  # of this process: others may be busy
    with pytest.raises(InputError) as error:
        run()
    assert time.process_time() - started < 10
    assert str(error.value).startswith(what)
    assert f" GiB with engine '{engine}', and 16.0 GiB are there; use " in str(error.value)


def test_a_deep_register_in_halves_is_refused_and_no_overflow(monkeypatch):
    circuit = Circuit(Angle(), HardwareEfficient(30, pattern="all"))  # 36 gates a layer across: 2^1080 terms
    with pytest.raises(InputError, match=r"need 2\^\d+ GiB"):
        expectations(circuit, jnp.zeros(circuit.param_shape(12)), jnp.zeros((1, 12)), "halves")


@pytest.mark.parametrize(("limit", "expected"), [("1048576\n", 2**20), ("max\n", None), (None, None)])
def test_what_a_container_may_use_counts(monkeypatch, tmp_path, limit, expected):
    path = tmp_path / "memory.max"
    monkeypatch.setattr(memory, "_LIMITS", [path])
    if limit:
        path.write_text(limit)
    assert memory.available_bytes() == (expected or os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
