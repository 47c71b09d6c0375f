"""Expectations by light cones: against the dense oracle, and at any width against one window written out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import qconv as q
from qconv.errors import InputError
from qconv.lowering.light_cones import light_cones
from qconv.simulate.expectations import expectations
from qconv.simulate.light_cones import cone_expectations, cones_pay
from tests import oracle
from tests.oracle import assert_close

RNG = np.random.default_rng(0)


def neighbours(pattern="chain", phases="complement", readout=None):
    return q.Circuit(q.IQP(2, pattern, phases, scale=1.0), q.Identity(), readout or q.PauliXYZ())


CIRCUITS = [
    (neighbours(), 2),
    (neighbours("chain", "product"), 6),
    (neighbours("ring"), 9),
    (neighbours("ring", readout=q.NeighborZZ(ring=True)), 7),
    (neighbours(readout=q.PauliStrings(("XIIY", "Z", "IYZ", "IIII"))), 5),
    (neighbours(readout=q.Probabilities()), 3),
    (q.Circuit(q.Angle("X"), q.Staggered(2), q.PauliXYZ()), 7),
    (q.Circuit(q.DenseAngle(), q.Staggered(1), q.PauliXYZ()), 12),
    (q.Circuit(q.Angle(), q.Staggered(1), q.PauliZ(), reuploads=1, trainable_scaling=True), 5),
    (q.Circuit(q.Angle(), q.QCNN(q.HurConvolution(4), depth=1), q.PauliXYZ()), 4),
    (q.Circuit(q.Basis(), q.SU4Brickwork(1), q.PauliZ()), 6),
]


@pytest.mark.parametrize(("circuit", "columns"), CIRCUITS, ids=str)
def test_cones_give_what_the_register_gives(x64, circuit, columns):
    theta = jnp.asarray(RNG.uniform(-3, 3, circuit.param_shape(columns)))
    patches = jnp.asarray(RNG.uniform(0, 1, (3, columns)))
    scaling = jnp.asarray(RNG.uniform(0.5, 1.5, circuit.scaling_shape(columns))) if circuit.trainable_scaling else None
    found = cone_expectations(circuit, theta, patches, scaling)
    if len(circuit.ansatz.kept(circuit.num_qubits(columns))) < circuit.num_qubits(columns):
        expected = expectations(circuit, theta, patches, "statevector")  # the oracle numbers all qubits
    else:
        expected = oracle.expectations(circuit, theta, patches, scaling, kind=oracle.State)
    assert_close(found, expected, atol=1e-12)


def test_alike_cones_are_found():
    """On a ring all sites are alike; on a chain all but two at each end."""
    assert [own.count for own in light_cones(neighbours("ring"), 50)] == [50]
    found = light_cones(neighbours("chain"), 50)
    assert sorted((own.num_qubits, own.count) for own in found) == [(3, 1), (3, 1), (4, 1), (4, 1), (5, 46)]
    assert [own.count for own in light_cones(q.Circuit(q.Angle(), q.Identity(), q.PauliXYZ()), 50)] == [50]


def test_gradients_are_those_of_the_register(x64):
    circuit, patches = q.Circuit(q.Angle(), q.Staggered(1), q.PauliXYZ()), jnp.asarray(RNG.uniform(0, 1, (2, 6)))
    theta = jnp.asarray(RNG.uniform(-3, 3, circuit.param_shape(6)))

    def gradients(evaluate):
        return jax.grad(lambda *given: jnp.square(evaluate(circuit, *given)[:, ::2]).sum(), (0, 1))(theta, patches)

    for found, expected in zip(gradients(cone_expectations), gradients(expectations), strict=True):
        assert_close(found, expected, atol=1e-12)


def test_a_wide_register_is_its_windows():
    """Two repetitions on neighbours: a site depends on the two numbers on either side."""
    points = RNG.uniform(0, 1, (2, 200)).astype(np.float32)
    found = cone_expectations(neighbours(), jnp.zeros(0), jnp.asarray(points)).reshape(2, 200, 3)
    for site in (2, 90, 197):
        window = jnp.asarray(points[:, site - 2 : site + 3])
        expected = oracle.expectations(neighbours(), jnp.zeros(0), window).reshape(2, 5, 3)
        assert_close(found[:, site], expected[:, 2], atol=2e-6)
    for site, window in ((0, points[:, :3]), (199, points[:, -3:])):  # nearer to the end nothing is missing
        expected = oracle.expectations(neighbours(), jnp.zeros(0), jnp.asarray(window)).reshape(2, 3, 3)
        assert_close(found[:, site], expected[:, 0 if site == 0 else 2], atol=2e-6)


def test_points_come_in_chunks(x64, monkeypatch):
    circuit, points = neighbours("ring"), jnp.asarray(RNG.uniform(0, 1, (7, 12)))
    whole = cone_expectations(circuit, jnp.zeros(0), points)
    monkeypatch.setattr("qconv.simulate.light_cones._CHUNK_BYTES", 2 * 12 * 2 * 2**5 * 8)  # two points
    jax.clear_caches()
    assert_close(cone_expectations(circuit, jnp.zeros(0), points), whole, atol=1e-12)


def test_they_are_used_where_they_pay():
    assert not cones_pay(neighbours(), 8)
    assert cones_pay(neighbours(), 16)
    assert not cones_pay(q.Circuit(q.IQP(2, "all"), q.Identity(), q.PauliXYZ()), 16)
    assert not cones_pay(q.Circuit(q.Amplitude(), q.Identity()), 2**12)


@pytest.mark.parametrize(
    ("circuit", "message"),
    [
        (
            q.Circuit(q.IQP(2, "all"), q.Identity(), q.PauliXYZ()),
            "qubit 0 depends on more than 20 qubits; allowed on wide",
        ),
        (q.Circuit(q.Angle(), q.HardwareEfficient(1), q.PauliZ()), "depends on more than 20 qubits"),
        (neighbours(readout=q.Parity()), "depends on more than 20 qubits"),
        (
            neighbours(readout=q.Probabilities()),
            "Probabilities measures 2.30 observables or more; allowed: up to 1,048,576",
        ),
    ],
)
def test_what_depends_on_too_many_qubits_is_refused(circuit, message):
    with pytest.raises(InputError, match=message):
        q.ProjectedKernel(circuit).init(30)
