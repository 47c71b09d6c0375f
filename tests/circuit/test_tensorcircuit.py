"""TensorCircuit's package-wide switches stay in: each case is a process of its own."""

import subprocess
import sys

import pytest

UNITARY_ONLY = """
import pkgutil, sys, importlib, jax, numpy as np
import qconv
for package in ("ansatz", "circuit", "encoding", "experiment", "layers", "models", "readout"):
    for module in pkgutil.walk_packages(importlib.import_module(f"qconv.{package}").__path__, f"qconv.{package}."):
        importlib.import_module(module.name)
from qconv.layers.quantum_conv import QuantumConv
images = jax.numpy.ones((1, 3, 3, 1))
QuantumConv().init_with_output(jax.random.key(0), images)
assert not [name for name in sys.modules if name.split(".")[0] in ("tensorcircuit", "tensornetwork")]
"""

SWITCHES = """
import os, sys, threading, jax, jax.numpy as jnp, numpy as np
global_x64, preallocate, own = sys.argv[1] == "True", sys.argv[2], sys.argv[3]
os.environ.pop("XLA_PYTHON_CLIENT_PREALLOCATE", None)
if preallocate:
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = preallocate
if own:
    import tensorcircuit
    tensorcircuit.set_backend("numpy")
    tensorcircuit.set_dtype(own)
    os.environ.pop("XLA_PYTHON_CLIENT_PREALLOCATE", None)  # what its import has set
    if preallocate:
        os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = preallocate
jax.config.update("jax_enable_x64", global_x64)
environment = dict(os.environ)

from dataclasses import dataclass
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.simulate.expectations import expectations
from qconv.encoding.angle import Angle

@dataclass(frozen=True)
class Failing(Angle):
    def __call__(self, circuit, patch):
        if type(circuit).__name__ != "Tape":  # inside TensorCircuit
            raise ZeroDivisionError

def dtypes():
    return jnp.zeros(0).dtype.name, jnp.asarray(np.zeros(1)).dtype.name

def unchanged():
    wanted = "float64" if global_x64 else "float32"
    assert dtypes() == (wanted, wanted) and jax.config.jax_enable_x64 == global_x64
    seen = []
    thread = threading.Thread(target=lambda: seen.append(dtypes()))  # sees the global setting only
    thread.start()
    thread.join()
    assert seen == [(wanted, wanted)], seen
    assert dict(os.environ) == environment
    import tensorcircuit as tc
    assert tc.backend.name == "numpy"  # TensorCircuit's default, and `own`'s
    assert tc.dtypestr == (own or "complex64") and tc.rdtypestr == ("float64" if own == "complex128" else "float32")

def run(dtype, encoding=Angle()):
    circuit = Circuit(encoding, HardwareEfficient(1, ("ry",)))
    theta, patches = jnp.ones((1, 1, 1), dtype), jnp.ones((3, 1), dtype)
    outputs, pullback = jax.vjp(lambda t: expectations(circuit, t, patches, "statevector"), theta)
    assert outputs.dtype == pullback(outputs)[0].dtype == dtype

run("float32")
unchanged()
with jax.enable_x64(True):
    run("float64")
    run("float32")
    assert dtypes() == ("float64", "float64")
unchanged()
with jax.enable_x64(False):
    run("float32")
    assert dtypes() == ("float32", "float32")
unchanged()
for dtype in ("float32", "float64"):
    with jax.enable_x64(True):
        try:
            run(dtype, Failing())
        except ZeroDivisionError:
            pass
        else:
            raise AssertionError("did not fail")
    unchanged()
"""


def run(script: str, *arguments: str) -> None:
    finished = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr


def test_importing_qconv_and_the_unitary_engine_do_not_import_tensorcircuit():
    run(UNITARY_ONLY)


@pytest.mark.parametrize(
    ("global_x64", "preallocate", "own"),
    [
        (False, "", "complex128"),
        pytest.param(True, "true", "", marks=pytest.mark.slow),
        pytest.param(False, "", "", marks=pytest.mark.slow),
    ],
)
def test_switches_are_as_before(global_x64, preallocate, own):
    run(SWITCHES, str(global_x64), preallocate, own)
