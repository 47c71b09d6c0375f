"""No value of a function that is being traced outlives it: `jax.checking_leaks()` has nothing to say."""

from dataclasses import dataclass
from typing import Any, get_args

import jax
import jax.numpy as jnp
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.su4_brickwork import SU4Brickwork
from qconv.circuit import circuit as circuits
from qconv.circuit.circuit import Circuit, example_ansatz, example_encoding
from qconv.circuit.tree import Tree
from qconv.encoding.amplitude import Amplitude
from qconv.encoding.angle import Angle
from qconv.encoding.base import Encoding
from qconv.encoding.basis import Basis
from qconv.encoding.iqp import IQP
from qconv.layers.quantum_conv import QuantumConv
from qconv.layers.quantum_dense import QuantumDense
from qconv.layers.quantum_tree import QuantumTree
from qconv.lowering import ansatz
from qconv.simulate.choose import EngineName, choose_engine
from qconv.simulate.expectations import expectations

DEEP = HardwareEfficient(3, ("rx",))  # a loop over the layers
ENGINES = get_args(EngineName)
CIRCUITS = {name: Circuit(Basis() if name == "lookup" else Angle(), DEEP) for name in ENGINES}


def check(function: Any, *arguments: Any) -> None:
    """Traces a function and its gradient by the first argument."""
    for kept in (choose_engine, circuits._encoding_of, circuits._ansatz_of, ansatz._example):
        kept.cache_clear()  # what is known is not looked at again
    with jax.checking_leaks():
        jax.eval_shape(jax.value_and_grad(function), *arguments)


@pytest.mark.parametrize(
    ("engine", "circuit"),
    [
        *CIRCUITS.items(),
        ("unitary", Circuit(Angle("X"), SU4Brickwork(), reuploads=2)),
        ("fused", Circuit(Angle(), DEEP, reuploads=3, trainable_scaling=True)),
        ("fused", Circuit(Amplitude(4), SU4Brickwork())),
        ("unitary", Circuit(IQP(), DEEP)),
    ],
    ids=str,
)
def test_of_a_circuit(engine, circuit):
    theta, patches = jnp.ones(circuit.param_shape(2)), jnp.full((5, 2), 0.3)
    scaling = jnp.ones(circuit.scaling_shape(2)) if circuit.trainable_scaling else None
    check(lambda angles: expectations(circuit, angles, patches, engine, scaling).sum(), theta)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (QuantumConv(kernel_size=2, strides=2), (1, 4, 4, 1)),
        (QuantumConv(kernel_size=2, strides=2, circuit=Circuit(Angle(), DEEP, reuploads=2)), (1, 4, 4, 1)),
        (QuantumDense(), (1, 3)),
        (QuantumTree(tree=Tree(ansatz=SU4Brickwork())), (1, 4, 4, 1)),
    ],
    ids=["conv", "reuploads", "dense", "tree"],
)
def test_of_a_layer(layer, shape):
    inputs = jnp.full(shape, 0.3)
    with jax.checking_leaks():
        variables = jax.eval_shape(layer.init, jax.random.key(0), inputs)
    variables = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), variables)
    check(lambda own: layer.apply(own, inputs).sum(), variables)


def test_an_example_holds_shapes_and_no_values():
    circuit = Circuit(Angle(), DEEP)
    for tape in (example_encoding(circuit, 3), example_ansatz(circuit, 3)):
        assert tape.gates
        assert all(type(leaf) is jax.ShapeDtypeStruct for leaf in jax.tree.leaves(tape))


@dataclass(frozen=True)
class Turned(Encoding):
    """Before each of the data a rotation by a whole number of its own: a constant, whose matrix JAX computes."""

    def num_qubits(self, patch_size: int) -> int:
        return patch_size

    def __call__(self, circuit: Any, patch: Any) -> None:
        for qubit in range(patch.shape[0]):
            circuit.rx(qubit, theta=1 + qubit)
            circuit.ry(qubit, theta=patch[qubit])


def test_an_example_that_is_kept_keeps_no_value_of_who_asked_before():
    circuit = Circuit(Turned(), DEEP)
    theta, patches = jnp.ones(circuit.param_shape(2)), jnp.full((5, 2), 0.3)
    found = [expectations(circuit, theta, patches, engine) for engine in ("unitary", "fused", "halves", "heisenberg")]
    assert jnp.ptp(jnp.stack(found), axis=0).max() < 1e-6
