"""The whole catalogue under JAX's strict promotion, where no two dtypes meet unasked: traced, with the gradient."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.base import Ansatz
from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.hur_pooling import HurPooling
from qconv.ansatz.su4_brickwork import SU4Brickwork
from qconv.circuit.circuit import Circuit, example_encoding
from qconv.circuit.tree import Tree
from qconv.diagnostics.states import amplitude_slopes
from qconv.encoding.amplitude import Amplitude
from qconv.encoding.angle import Angle
from qconv.encoding.base import BitEncoding, Encoding
from qconv.encoding.basis import Basis
from qconv.encoding.dense_angle import DenseAngle
from qconv.encoding.higher_order import HigherOrderAngle
from qconv.encoding.iqp import IQP
from qconv.readout.base import Readout
from qconv.readout.pauli import PauliXYZ
from qconv.simulate.choose import EngineName, choose_engine
from qconv.simulate.expectations import expectations
from qconv.simulate.pauli_tree import maps
from tests.variants import TABLE, Gates, catalogue, inputs_of, modules

DTYPES = [np.float32, np.float64]


@pytest.fixture(autouse=True)
def strict_in_64_bits():
    """In 64-bit mode, where what is of no dtype of its own would be of another than float32."""
    with jax.enable_x64(True), jax.numpy_dtype_promotion("strict"):
        yield


def check(circuit: Circuit, engine: EngineName, dtype: Any) -> None:
    """Values and gradients, of the dtype of the inputs."""
    size = next(size for size in (4, 8) if fits(circuit, size))
    arrays = [circuit.param_shape(size), (3, size)]
    if circuit.trainable_scaling:
        arrays.append(circuit.scaling_shape(size))
    arrays = [jax.ShapeDtypeStruct(shape, dtype) for shape in arrays]

    def loss(theta, patches, *scaling):
        outputs = expectations(circuit, theta, patches, engine, *scaling)
        return jnp.sum(outputs), outputs

    if not circuit.readout.is_differentiable:
        assert jax.eval_shape(loss, *arrays)[1].dtype == dtype
        return
    slopes, outputs = jax.eval_shape(jax.grad(loss, range(len(arrays)), has_aux=True), *arrays)
    assert outputs.dtype == dtype
    for found, own in zip(slopes, arrays, strict=True):
        assert (found.shape, found.dtype) == (own.shape, own.dtype)


def fits(circuit: Circuit, size: int) -> bool:
    try:
        return bool(circuit.param_shape(size))
    except ValueError:
        return False


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "circuit",
    [
        *(Circuit(encoding) for encoding in catalogue(Encoding)),
        *(Circuit(ansatz=ansatz) for ansatz in catalogue(Ansatz)),
        *(Circuit(readout=readout) for readout in catalogue(Readout)),
        *(
            Circuit(encoding, reuploads=2, trainable_scaling=not isinstance(encoding, BitEncoding))
            for encoding in catalogue(Encoding)
            if example_encoding(Circuit(encoding), 4).initial is None
        ),
    ],
    ids=str,
)
def test_every_variant(circuit, dtype):
    check(circuit, "unitary", dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("engine", ["statevector", "unitary", "fused", "halves", "heisenberg", "lookup"])
@pytest.mark.parametrize(
    "encoding", [Angle(), Angle("X"), DenseAngle("XZ"), HigherOrderAngle(), IQP(), Amplitude(), Basis()], ids=str
)
def test_every_engine_with_real_and_complex_parts(encoding, engine, dtype):
    real, either = HardwareEfficient(1, ("ry",)), SU4Brickwork(1)
    circuits = [Circuit(encoding, either, PauliXYZ()), Circuit(encoding, real)]
    if dtype == np.float32:  # float64 is what a number of no dtype is: the least to go wrong
        circuits.append(Circuit(encoding, real, PauliXYZ(), reuploads=2))
    for circuit in circuits:
        if takes(circuit, engine):
            check(circuit, engine, dtype)


def takes(circuit: Circuit, engine: EngineName) -> bool:
    try:
        circuit.param_shape(4)
        return choose_engine(circuit, 4, engine) == engine
    except ValueError:
        return False


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("engine", ["unitary", "fused"])
@pytest.mark.parametrize("before", ["ry", "rx"])
def test_every_gate_after_real_and_complex_ones(before, engine, dtype):
    gates = [(name, (2, 0, 1)[:count], (0, 1, 2)[: len(angles)]) for name, (count, angles, _) in TABLE.items()]
    apart = [part for gate in gates for part in ((before, (0,), (3,)), ("cry", (0, 1), (3,)), gate)]
    check(Circuit(Angle(), Gates(tuple(apart), 4)), engine, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "tree",
    [Tree(), Tree(Amplitude(), SU4Brickwork(1), shared=False), Tree(DenseAngle(), HurPooling(), block=(2, 1))],
    ids=str,
)
def test_trees(tree, dtype):
    shape = (4, 4, 2)
    theta = tuple(jax.ShapeDtypeStruct((2, *own), dtype) for own in tree.param_shapes(shape))
    images = jax.ShapeDtypeStruct((3, *shape), dtype)

    def loss(theta, images):
        outputs = maps(tree, theta, images)[0]
        return jnp.sum(outputs), outputs

    slopes, outputs = jax.eval_shape(jax.grad(loss, (0, 1), has_aux=True), theta, images)
    assert outputs.dtype == dtype
    assert {leaf.dtype for leaf in jax.tree.leaves(slopes)} == {np.dtype(dtype)}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("module", modules(), ids=lambda module: type(module).__name__)
def test_layers_twins_filters_and_heads(module, dtype):
    inputs = inputs_of(module, dtype)
    made = jax.eval_shape(partial(module.init, jax.random.key(0)), inputs_of(module, np.float32))
    variables = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, dtype), made)

    def loss(variables, inputs):
        outputs = module.apply(variables, inputs)
        return jnp.sum(outputs), outputs

    _, outputs = jax.eval_shape(jax.grad(loss, (0, 1), has_aux=True), variables, inputs)
    assert outputs.dtype == dtype


@pytest.mark.parametrize("encoding", [Angle(), DenseAngle()], ids=str)
def test_the_states_of_diagnostics(encoding):
    circuit = Circuit(encoding, HardwareEfficient(1, ("ry", "rz")))
    theta, patch = (jax.ShapeDtypeStruct(shape, np.float32) for shape in (circuit.param_shape(4), (4,)))
    assert jax.eval_shape(partial(amplitude_slopes, circuit), theta, patch)[1].dtype == np.complex64
