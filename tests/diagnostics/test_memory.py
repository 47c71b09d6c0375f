"""What diagnostics say of memory, held to what a process grows by."""

import os
import subprocess
import sys

import pytest

from qconv.diagnostics.sampling import Sampling

MIB = 2**20
FEW = Sampling(pairs=8, gradients=2, fisher_angles=1, fisher_patches=1)
MEASURED = {
    "states": (17, FEW),
    "pairs": (4, Sampling(pairs=600_000, gradients=2, fisher_angles=1, fisher_patches=1)),
    "gradients": (4, Sampling(pairs=8, gradients=400_000, fisher_angles=1, fisher_patches=1)),
    "fisher": (4, Sampling(pairs=8, gradients=2, fisher_angles=300_000, fisher_patches=1)),
}
PROGRAM = """
import re
import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.diagnostics.diagnosis import bytes_needed, diagnose_circuit
from tests.diagnostics.test_memory import FEW, MEASURED

circuit = Circuit(ansatz=HardwareEfficient(1, ("ry",)))
used = []
for num_qubits, sampling in ((4, FEW), MEASURED[sys.argv[1]]):
    diagnose_circuit(circuit, jnp.full((8, num_qubits), 0.5), 100, sampling, seed=0)
    used.append(int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024)
print(used[1] - used[0], bytes_needed(circuit, num_qubits, sampling, np.dtype(np.float32)))
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", MEASURED)
def test_a_process_grows_by_what_diagnostics_say(name: str) -> None:
    """First of a few samples on four qubits, so that what JAX and its compiler take is in both."""
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", PROGRAM, name]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    used, needed = map(int, done.stdout.split())
    assert used > 100 * MIB
    assert used / 2 < needed < 2 * used, f"{needed / MIB:.0f} MiB needed, {used / MIB:.0f} used"
