"""Which inputs are refused by their dtype: in a process of its own, since pytest's type checker would be first."""

import json
import subprocess
import sys

import pytest

from tests.variants import modules

SCRIPT = """
import json
from functools import partial
import jax, jax.numpy as jnp
from qconv.circuit.circuit import Circuit
from qconv.simulate.expectations import expectations
from qconv.simulate.pauli_tree import maps
from qconv.circuit.tree import Tree
from qconv.encoding.basis import Basis
from qconv.errors import InputError
from qconv.layers.quantum_conv import QuantumConv
from qconv.models.dressed_net import DressedNet
from qconv.layers.quantum_dense import QuantumDense
from tests.variants import inputs_of, modules

def said(function, *arguments):
    try:
        return f"gives {jax.eval_shape(function, *arguments).dtype}"
    except InputError as error:
        return str(error)
    except Exception as error:
        return repr(error)

def zeros(shape, dtype="float32"):
    return jax.ShapeDtypeStruct(shape, dtype)

found = {}
for module in [*modules(), DressedNet(QuantumDense())]:
    name = type(module).__name__
    variables = jax.eval_shape(partial(module.init, jax.random.key(0)), inputs_of(module, "float32"))
    for dtype in ("uint8", "int32", "bool", "complex64", "float16", "bfloat16", "float32"):
        found[f"{name} {dtype}"] = said(module.apply, variables, inputs_of(module, dtype))
    found[f"{name} init"] = said(
        lambda x: jax.tree.leaves(module.init(jax.random.key(0), x))[0], inputs_of(module, "uint8")
    )
for circuit in (Circuit(), Circuit(Basis()), Circuit(trainable_scaling=True)):
    run, name = partial(expectations, circuit), type(circuit.encoding).__name__
    theta, patches = zeros(circuit.param_shape(4)), zeros((3, 4))
    found[f"{name} patches"] = said(run, theta, zeros((3, 4), "uint8"))
    found[f"{name} theta"] = said(run, zeros(theta.shape, "complex64"), patches)
scaling = zeros(circuit.scaling_shape(4), "int32")
found["scaling"] = said(lambda t, p, s: run(t, p, scaling=s), theta, patches, scaling)
layer = QuantumConv(circuit)
variables = {"params": {"theta": zeros((1, 1, *theta.shape)), "scaling": zeros((1, 1, *scaling.shape), "complex64")}}
found["QuantumConv scaling"] = said(layer.apply, variables, zeros((2, 4, 4, 1)))
levels = tuple(zeros((1, *shape), "complex64") for shape in Tree().param_shapes((2, 2, 1)))
found["maps theta"] = said(lambda t, x: maps(Tree(), t, x)[0], levels, zeros((1, 2, 2, 1)))
print(json.dumps(found))
"""
ALLOWED = "allowed: floating point, images in [0, 1] (uint8 divided by 255)"


@pytest.fixture(scope="module")
def said() -> dict[str, str]:
    finished = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    return json.loads(finished.stdout)


NAMES = [*(type(module).__name__ for module in modules()), "DressedNet"]


def test_all_kinds_of_modules_are_there():
    assert {"QuantumConv", "QuantumDense", "QuantumTree", "ConvFilter", "FourierFilter"} <= set(NAMES)
    assert {"ClassicalConv", "ClassicalDense", "ClassicalTree", "LinearHead", "ConvHead"} <= set(NAMES)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "bool", "complex64"])
@pytest.mark.parametrize("name", NAMES)
def test_layers_twins_filters_and_heads_refuse_what_is_not_of_floating_point(said, name, dtype):
    assert said[f"{name} {dtype}"].split(" ", 1)[1] == f"of dtype {dtype}; {ALLOWED}"


@pytest.mark.parametrize("name", [name for name in NAMES if name != "LogProbabilities"])
def test_they_do_so_at_the_first_call(said, name):
    assert said[f"{name} init"].endswith(f"of dtype uint8; {ALLOWED}")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("name", NAMES)
def test_any_floating_point_goes(said, name, dtype):
    gives = said[f"{name} {dtype}"]
    assert gives == "gives float32" or (gives == f"gives {dtype}" and not name.startswith("Quantum"))


def test_circuits_refuse_them_by_name(said):
    for encoding in ("Angle", "Basis"):
        assert said[f"{encoding} patches"] == f"patches of dtype uint8; {ALLOWED}"
        assert said[f"{encoding} theta"] == f"theta of dtype complex64; {ALLOWED}"
    assert said["scaling"] == f"scaling of dtype int32; {ALLOWED}"
    assert said["QuantumConv scaling"] == f"scaling of dtype complex64; {ALLOWED}"
    assert said["maps theta"] == f"theta[0] of dtype complex64; {ALLOWED}"
