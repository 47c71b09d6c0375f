"""The engine `chain` against the dense oracle, the dense engine, and sums over paths written in NumPy."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import qconv as q
from qconv.errors import InputError
from qconv.kernels import chains
from qconv.kernels.feature_map import example_map
from qconv.kernels.segments import lines
from tests.oracle import State, assert_close


@dataclass(frozen=True)
class Many(q.Encoding):
    """Gates of all kinds between neighbours: controlled from either side, diagonal, on both, constant."""

    def num_qubits(self, patch_size):
        return patch_size

    def __call__(self, circuit, patch):
        for qubit, number in enumerate(patch):
            circuit.ry(qubit, theta=number)
            circuit.s(qubit)
        for qubit in range(len(patch) - 1):
            circuit.crx(qubit + 1, qubit, theta=patch[qubit])
            circuit.rxx(qubit, qubit + 1, theta=patch[qubit + 1])
            if qubit % 2:
                circuit.swap(qubit, qubit + 1)
            circuit.ory(qubit, qubit + 1, theta=1 + patch[qubit])
            circuit.cz(qubit + 1, qubit)


MAPS = {
    "parity": q.Circuit(q.ParityChain(1.0), q.Identity()),
    "Ising": q.Circuit(q.IQP(1, "chain"), q.Identity()),
    "ZZ": q.Circuit(q.IQP(2, "chain", "complement"), q.Identity()),
    "IQP, three times": q.Circuit(q.IQP(3, "chain"), q.Identity()),
    "ring": q.Circuit(q.IQP(2, "ring"), q.Identity()),
    "real": q.Circuit(q.Angle(), q.HardwareEfficient(1, ("ry",), pattern="chain"), reuploads=2),
    "ring of CNOTs": q.Circuit(q.HigherOrderAngle(), q.StronglyEntangling(1), reuploads=1, trainable_scaling=True),
    "brickwork": q.Circuit(q.Angle("X"), q.SU4Brickwork(1), reuploads=1),
    "many": q.Circuit(Many(), q.Identity()),
}
ENCODINGS = {"parity": q.ParityChain(1.0), "ZZ": q.IQP(2, "chain", "complement", 1.0)}
"""With the angles of the known values."""
LENGTHS = [(1, 1), (2, 1), (4, 2), (5, 2), *(pytest.param(*own, marks=pytest.mark.slow) for own in ((7, 3), (9, 4)))]
"""Qubits, and those of a segment."""


@pytest.fixture
def segments(monkeypatch) -> Iterator[Callable[[int], None]]:
    """A function that sets the length of segments."""

    def set_length(length):
        monkeypatch.setattr(chains, "_SIZES", (length,))
        chains._plan.cache_clear()

    yield set_length
    chains._plan.cache_clear()


def state(circuit, params, point):
    """By the oracle."""
    register = State(circuit.num_qubits(len(point)))
    for block in range(circuit.reuploads + 1):
        if block:
            circuit.ansatz(register, params["theta"][block - 1])
        scaling = params["scaling"][block] if circuit.trainable_scaling else 1
        circuit.encoding(register, jnp.asarray(params["bandwidth"] * point * scaling))
    return register.state


def kernel_and_params(name, columns, engine="chain"):
    kernel = q.FidelityKernel(MAPS[name], bandwidth=0.7, engine=engine)
    params = kernel.init(columns, seed=1)
    if MAPS[name].trainable_scaling:
        scaling = np.random.default_rng(1).uniform(0.5, 1.5, MAPS[name].scaling_shape(columns))
        params["scaling"] = jnp.asarray(scaling)
    return kernel, params


def points(columns, seed=0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0.1, 1.2, (4, columns)), rng.uniform(0.1, 1.2, (3, columns))


@pytest.mark.parametrize(("columns", "length"), LENGTHS)
@pytest.mark.parametrize("name", MAPS)
def test_overlaps_are_the_oracles(x64, segments, name, columns, length):
    if name == "brickwork" and columns == 1:
        pytest.skip("joins pairs")
    segments(length)
    kernel, params = kernel_and_params(name, columns)
    x, y = points(columns)
    left, right = (np.stack([state(MAPS[name], params, point) for point in own]) for own in (x, y))
    found = jax.jit(kernel)(params, jnp.asarray(x), jnp.asarray(y))
    assert_close(found, np.abs(left.conj() @ right.T) ** 2, atol=1e-12)


@pytest.mark.parametrize("name", MAPS)
def test_gradients_are_those_of_the_dense_engine(x64, segments, name):
    segments(2)
    slopes = []
    for engine in ("chain", "states"):
        kernel, params = kernel_and_params(name, 5, engine)
        x, y = map(jnp.asarray, points(5))
        weights = jnp.asarray(np.random.default_rng(2).normal(size=(4, 3)))

        def loss(params, x, kernel=kernel, y=y, weights=weights):
            return (weights * kernel(params, x, y)).sum()

        slopes.append(jax.jit(jax.grad(loss, (0, 1)))(params, x))
    jax.tree.map(lambda found, expected: assert_close(found, expected, atol=1e-11), *slopes)


EXACT = {"parity": (0.50140724, 0.11960618, 0.12319679), "ZZ": (0.23341436, 0.18701714, 0.25588475)}


@pytest.mark.parametrize("engine", ["chain", "auto"])
@pytest.mark.parametrize("name", EXACT)
def test_overlaps_are_the_known_ones(x64, segments, name, engine):
    segments(1)
    circuit = replace(MAPS[name], encoding=ENCODINGS[name])
    kernel = q.FidelityKernel(circuit, bandwidth=1.0, engine=engine)
    own = jnp.asarray([[0.1, 0.7, 1.3], [0.4, -0.2, 0.9], [2, 1.1, -0.5]])
    found = kernel(kernel.init(3), own)
    assert_close(found[np.triu_indices(3, 1)], EXACT[name], atol=1e-8)
    assert_close(found.diagonal(), 1, atol=1e-12)


def parity_chain(x, y):
    """Qubit by qubit: the parity so far is what both states share."""
    amplitudes = []
    for angle in (x, y):
        half = angle / 2
        zero, one = np.exp(-1j * half), np.exp(1j * half)
        turned = np.stack([np.cos(half) * zero - np.sin(half) * one, np.sin(half) * zero + np.cos(half) * one])
        amplitudes.append(turned / np.sqrt(2))
    both = amplitudes[0].conj() * amplitudes[1]  # of a bit
    carried = np.array([1, 0], complex)
    for bits, turn in zip(both.T, (y - x) / 2, strict=True):
        carried = np.array([bits @ carried, bits @ carried[::-1]]) * np.exp([-1j * turn, 1j * turn])
    return abs(carried.sum()) ** 2


def zz_chain(x, y):
    """Sum over the values of each qubit before the second layer, in either state, and after it."""
    before_x, before_y, after = np.array(np.meshgrid([1, -1], [1, -1], [1, -1], indexing="ij")).reshape(3, 8)
    products = [2 * (np.pi - own[:-1]) * (np.pi - own[1:]) for own in (x, y)]

    def phase(angles_x, angles_y, signs_x, signs_y, signs):
        return np.exp(0.5j * (angles_x * (signs_x + signs) - angles_y * (signs_y + signs)))

    hadamard = np.where(before_x * before_y == 1, 1, np.where(after == 1, 1, -1)) / 4
    carried = np.ones(8, complex)
    for qubit in range(len(x)):
        if qubit:
            joined = [np.outer(own, own) for own in (before_x, before_y, after)]
            carried = carried @ phase(products[0][qubit - 1], products[1][qubit - 1], *joined)
        carried = carried * hadamard * phase(2 * x[qubit], 2 * y[qubit], before_x, before_y, after)
    return abs(carried.sum()) ** 2


@pytest.mark.parametrize(("name", "chain"), [("parity", parity_chain), ("ZZ", zz_chain)])
def test_wide_registers_are_exact(x64, name, chain):
    circuit = replace(MAPS[name], encoding=ENCODINGS[name])
    kernel = q.FidelityKernel(circuit, bandwidth=0.02)
    own = np.random.default_rng(0).uniform(0, 1, (4, 784))
    expected = [[chain(0.02 * x, 0.02 * y) for y in own] for x in own]
    compiled = jax.jit(lambda params, own: kernel(params, own))
    np.testing.assert_allclose(compiled(kernel.init(784), jnp.asarray(own)), expected, rtol=1e-9, atol=0)
    single = {key: value.astype(jnp.float32) for key, value in kernel.init(784).items()}
    found = compiled(single, jnp.asarray(own, jnp.float32))
    assert found.dtype == np.float32
    assert_close(found, expected, atol=1e-4)
    assert_close(found.diagonal(), 1, atol=2e-5)


def test_many_points_are_compared_in_tiles(x64, segments, monkeypatch):
    """Those of two sizes, none a multiple of the tile."""
    segments(3)
    monkeypatch.setattr(chains, "_TILE", 1)
    kernel, params = kernel_and_params("ZZ", 7)
    x, y = (np.random.default_rng(seed).uniform(size=(count, 7)) for seed, count in ((0, 9), (1, 6)))
    left, right = (np.stack([state(MAPS["ZZ"], params, point) for point in own]) for own in (x, y))
    expected = np.abs(left.conj() @ right.T) ** 2
    assert_close(kernel(params, jnp.asarray(x), jnp.asarray(y)), expected, atol=1e-12)
    assert_close(q.gram(kernel, x, y, params), expected, atol=1e-12)


def test_a_point_that_is_no_number_is_none_in_the_matrix():
    kernel, params = kernel_and_params("parity", 30)
    own = np.random.default_rng(0).uniform(size=(3, 30)).astype(np.float32)
    own[1, 17] = np.nan
    found = kernel(params, jnp.asarray(own))
    is_nan = np.zeros((3, 3), bool)
    is_nan[1] = is_nan[:, 1] = True
    np.testing.assert_array_equal(np.isnan(found), is_nan)
    diagonal = kernel.diagonal(params, kernel.embed(params, jnp.asarray(own)))
    np.testing.assert_array_equal(np.isnan(diagonal), [False, True, False])


@pytest.mark.parametrize("name", ["parity", "ZZ", "ring", "brickwork"])
def test_what_is_compiled_does_not_grow_with_the_register(name):
    def size(columns):
        kernel, params = kernel_and_params(name, columns)
        traced = jax.make_jaxpr(lambda params, own: kernel(params, own))(params, jnp.zeros((3, columns)))
        return str(traced).count("=")

    assert size(480) < 1.1 * size(120)


@pytest.mark.parametrize(
    ("name", "seen", "hidden"),
    [("parity", 1, 0), ("Ising", 1, 0), ("ZZ", 1, 1), ("IQP, three times", 1, 2), ("brickwork", 0, 2)],
)
def test_cuts_have_few_indices(name, seen, hidden):
    """The parity, or a value of each layer; of a general gate the values before and after it."""
    tape = example_map(MAPS[name], 12)
    (found,) = lines(tape.gates, 12, [3])
    assert {(len(cut.seen), len(cut.hidden)) for cut in found.cuts} == {(seen, hidden), (0, 0)}


@pytest.mark.parametrize(
    ("circuit", "columns", "engine"),
    [
        (MAPS["parity"], 4, "states"),
        (MAPS["parity"], 784, "chain"),
        (MAPS["ZZ"], 6, "states"),
        (MAPS["ZZ"], 40, "chain"),
        (MAPS["ring"], 30, "chain"),
        (q.Circuit(q.Angle(), q.Identity()), 784, "product"),
        (q.Circuit(q.IQP(1), q.Identity()), 12, "states"),
    ],
)
def test_the_cheapest_engine_is_chosen(circuit, columns, engine):
    assert q.FidelityKernel(circuit).overlaps(columns).name == engine


@pytest.mark.parametrize(
    "circuit",
    [
        q.Circuit(q.IQP(2, "all"), q.Identity()),
        q.Circuit(q.IQP(9, "chain"), q.Identity()),
        q.Circuit(q.Angle(), q.StronglyEntangling(10), reuploads=1),
    ],
    ids=str,
)
def test_what_is_no_short_chain_is_refused_with_what_would_be(circuit):
    with pytest.raises(InputError, match=r"engine 'chain' needs .* IQP with pattern='chain' .* at any width"):
        q.FidelityKernel(circuit).init(50)
