"""States after a circuit against the dense oracle."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.ansatz.hur_convolution import HurConvolution
from qconv.ansatz.qcnn import QCNN
from qconv.circuit.circuit import Circuit
from qconv.encoding.amplitude import Amplitude
from qconv.encoding.angle import Angle
from qconv.errors import InputError
from qconv.readout.pauli import PauliZ
from qconv.simulate import states as module
from qconv.simulate.expectations import expectations
from qconv.simulate.states import states
from tests.oracle import Dense, assert_close

RNG = np.random.default_rng(0)
CIRCUITS = [
    (Circuit(Angle(), HardwareEfficient(1, ("ry",))), 3),  # real; its CNOTs rename rows
    (Circuit(Angle("X"), HardwareEfficient(2, ("ry", "rz"), "cz")), 3),  # phases at the end, which no measurement sees
    (Circuit(Amplitude(), QCNN(HurConvolution(4), depth=1)), 8),
    (Circuit(Angle(), HardwareEfficient(1), reuploads=2, trainable_scaling=True), 2),
]


@pytest.mark.parametrize(("circuit", "patch_size"), CIRCUITS, ids=str)
def test_states_are_the_oracles(x64, circuit, patch_size, monkeypatch):
    theta = jnp.asarray(RNG.uniform(-3, 3, circuit.param_shape(patch_size)))
    patches = RNG.uniform(0.05, 0.95, (3, patch_size))
    scaling = RNG.uniform(0.5, 1.5, circuit.scaling_shape(patch_size)) if circuit.trainable_scaling else None
    monkeypatch.setattr(module, "_CHUNK_BYTES", 2**4)  # patch by patch
    with jax.disable_jit():
        found = states(circuit, theta, jnp.asarray(patches), None if scaling is None else jnp.asarray(scaling))
    assert found.dtype == (np.float64 if circuit == CIRCUITS[0][0] else np.complex128)
    for patch, state in zip(patches, found, strict=True):
        register = Dense(circuit.num_qubits(patch_size))
        for block in range(circuit.reuploads + 1):
            circuit.encoding(register, jnp.asarray(patch if scaling is None else patch * scaling[block]))
            circuit.ansatz(register, theta[block] if circuit.reuploads else theta)
        assert_close(state, register.state, atol=1e-13)


def test_gradients_are_those_of_expectations():
    circuit = Circuit(Angle(), HardwareEfficient(1), PauliZ())
    theta, patches = jnp.asarray(RNG.uniform(-3, 3, (1, 2, 2)), jnp.float32), jnp.asarray([[0.2, 0.7]], jnp.float32)

    def first(theta):
        sizes = jnp.square(jnp.abs(states(circuit, theta, patches)))
        return sizes[0, :2].sum() - sizes[0, 2:].sum()

    expected = jax.grad(lambda angles: expectations(circuit, angles, patches)[0, 0])(theta)
    assert_close(jax.grad(first)(theta), expected, atol=1e-6)


def test_what_is_wrong_is_said():
    with pytest.raises(InputError, match=r"theta has shape \(3,\); allowed: \(2, 4, 2\)"):
        states(Circuit(), jnp.zeros(3), jnp.zeros((1, 4)))
    with pytest.raises(InputError, match="states of 12 qubits need"):
        jax.eval_shape(partial(states, Circuit(), jnp.zeros((2, 12, 2))), jax.ShapeDtypeStruct((10**6, 12), np.float32))
