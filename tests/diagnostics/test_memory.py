"""What diagnostics say of memory, held to what a process grows by."""

import os
import subprocess
import sys

import pytest

from qconv.diagnostics.sampling import Sampling

MIB = 2**20
FEW = Sampling(pairs=8, gradients=2, fisher_angles=1, fisher_patches=1)
MEASURED = {
    "states": (19, FEW),
    "pairs": (4, Sampling(pairs=600_000, gradients=2, fisher_angles=1, fisher_patches=1)),
    "gradients": (4, Sampling(pairs=8, gradients=400_000, fisher_angles=1, fisher_patches=1)),
    "fisher": (4, Sampling(pairs=8, gradients=2, fisher_angles=300_000, fisher_patches=1)),
}
PROGRAM = """
import re
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.diagnostics.diagnosis import bytes_needed, diagnose_circuit
from tests.diagnostics.test_memory import FEW, MEASURED

circuit = Circuit(ansatz=HardwareEfficient(1, ("ry",)))


def resident(name):
    return int(re.search(name + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024


for num_qubits, sampling in ((4, FEW), *MEASURED.values()):
    Path("/proc/self/clear_refs").write_text("5")  # the largest resident set is counted from here on
    before = resident("VmRSS")
    diagnose_circuit(circuit, jnp.full((8, num_qubits), 0.5), 100, sampling, seed=0)
    print(resident("VmHWM") - before, bytes_needed(circuit, num_qubits, sampling, np.dtype(np.float32)))
"""


@pytest.mark.slow
def test_a_process_grows_by_what_diagnostics_say() -> None:
    """First of a few samples on four qubits, which brings in what JAX and its compiler take."""
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    _, *lines = done.stdout.splitlines()
    for name, line in zip(MEASURED, lines, strict=True):
        used, needed = map(int, line.split())
        assert used > 64 * MIB
        assert used / 2 < needed < 2 * used, f"{name}: {needed / MIB:.0f} MiB needed, {used / MIB:.0f} used"
