"""The larger catalogue of encodings against gates and states written out by hand."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.identity import Identity
from qconv.circuit.circuit import Circuit
from qconv.encoding.base import Encoding
from qconv.encoding.dense_angle import DenseAngle
from qconv.encoding.frqi import FRQI
from qconv.encoding.higher_order import HigherOrderAngle
from qconv.encoding.hybrid import HybridAngle, HybridDirect
from qconv.encoding.iqp import IQP
from qconv.encoding.neqr import NEQR
from qconv.encoding.parity_chain import ParityChain
from qconv.errors import InputError
from qconv.simulate.states import states
from qconv.testing import check_encoding
from tests import oracle
from tests.oracle import Dense, assert_close, kron


def state(encoding: Encoding, patch: jax.Array | np.ndarray) -> jax.Array:
    patch = jnp.asarray(patch)
    return states(Circuit(encoding, Identity()), jnp.zeros(0, patch.dtype), patch[None])[0]


def patches(size: int) -> list[np.ndarray]:
    """Random ones, black, white."""
    return [*np.random.default_rng(size).uniform(size=(2, size)), np.zeros(size), np.ones(size)]


def bits(number: int, count: int) -> list[int]:
    return [int(digit) for digit in format(number, f"0{count}b")] if count else []


def assert_same_but_for_a_phase(actual, expected, atol):
    assert_close(np.linalg.norm(actual), 1, atol)
    assert_close(abs(np.vdot(expected, actual)), 1, atol)


@pytest.mark.parametrize("scale", [math.pi, 0.7])
@pytest.mark.parametrize("axes", ["XY", "XZ", "YX", "YZ"])
def test_dense_angle_is_two_rotations_of_each_qubit(x64, axes, scale):
    first, second = (oracle.rotation(oracle.OPERATORS[axis]) for axis in axes)
    for x in patches(5):
        angles = scale * np.append(x, 0)
        qubits = [second(angles[q + 3]) @ first(angles[q]) @ [1, 0] for q in range(3)]
        assert_close(state(DenseAngle(axes, scale), x), kron(*qubits), atol=1e-14)
    assert [DenseAngle().num_qubits(size) for size in (1, 2, 5, 6)] == [1, 1, 3, 3]


def test_dense_angle_of_larose_and_coyle(x64):
    for x in patches(4):
        pairs = zip(x[:2], x[2:], strict=True)
        qubits = [np.array([np.cos(np.pi * a), np.exp(2j * np.pi * b) * np.sin(np.pi * a)]) for a, b in pairs]
        assert_same_but_for_a_phase(state(DenseAngle("YZ", 2 * math.pi), x), kron(*qubits), atol=1e-14)


@pytest.mark.parametrize("scale", [1.0, -2.5])
def test_higher_order_angle(x64, scale):
    for x in patches(3):
        expected = []
        for z in scale * x:
            a, b = np.arctan(z) / 2, np.arctan(z * z) / 2
            turned = [np.cos(a) - np.sin(a), np.cos(a) + np.sin(a)]
            expected.append(np.multiply(turned, [np.exp(-1j * b), np.exp(1j * b)]) / np.sqrt(2))
        assert_close(state(HigherOrderAngle(scale), x), kron(*expected), atol=1e-14)
    assert HigherOrderAngle().num_qubits(3) == 3


PAIRS = {
    "all": [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)],
    "chain": [(0, 1), (1, 2), (2, 3)],
    "ring": [(0, 1), (1, 2), (2, 3), (3, 0)],
}


@pytest.mark.parametrize(
    ("pattern", "repetitions", "scale"), [("all", 2, math.pi), ("chain", 1, 1.0), ("ring", 3, 0.7)]
)
def test_iqp_of_products(x64, pattern, repetitions, scale):
    hadamards = kron(*[oracle.H] * 4)
    signs = np.array(list(itertools.product((1, -1), repeat=4)))
    for x in patches(4):
        z = scale * x
        energy = signs @ z + sum(z[a] * z[b] * signs[:, a] * signs[:, b] for a, b in PAIRS[pattern])
        expected = np.eye(16)[0]
        for _ in range(repetitions):
            expected = np.exp(-0.5j * energy) * (hadamards @ expected)
        assert_close(state(IQP(repetitions, pattern, scale=scale), x), expected, atol=1e-13)
    assert IQP().num_qubits(4) == 4


@pytest.mark.parametrize(("pattern", "repetitions"), [("all", 2), ("chain", 1), ("ring", 3)])
def test_iqp_of_complements_is_the_zz_feature_map(x64, pattern, repetitions):
    """As Qiskit documents it: H, P(2 x), and CX P(2 (pi - x) (pi - y)) CX."""
    for x in patches(4):
        register = Dense(4)
        for _ in range(repetitions):
            for qubit in range(4):
                register.h(qubit)
                register.phase(qubit, theta=2 * x[qubit])
            for a, b in PAIRS[pattern]:
                register.cnot(a, b)
                register.phase(b, theta=2 * (np.pi - x[a]) * (np.pi - x[b]))
                register.cnot(a, b)
        found = state(IQP(repetitions, pattern, "complement", scale=1.0), x)
        assert_same_but_for_a_phase(found, register.state, atol=1e-13)


@pytest.mark.parametrize("scale", [math.pi, 0.7])
@pytest.mark.parametrize("size", [1, 4])
def test_parity_chain(x64, size, scale):
    """The last rotation of a qubit sees the parity of all qubits up to it."""
    for x in patches(size):
        z = scale * x
        single = [oracle.rotation(oracle.Y)(a) @ oracle.rotation(oracle.Z)(a) @ oracle.H @ [1, 0] for a in z]
        expected = np.zeros(2**size, complex)
        for number, amplitude in enumerate(kron(*single)):
            parities = np.cumsum(bits(number, size)) % 2
            turned = amplitude * np.exp(0.5j * z @ (2 * parities - 1))
            expected[int("".join(map(str, parities)), 2)] = turned
        assert_close(state(ParityChain(scale), x), expected, atol=1e-14)
    assert ParityChain().num_qubits(size) == size


@pytest.mark.parametrize(("size", "positions"), [(1, 0), (2, 1), (3, 2), (4, 2), (9, 4)])
@pytest.mark.parametrize("angle", ["linear", "arcsin"])
def test_frqi_by_its_circuit(x64, size, positions, angle):
    """H on the positions, then for each pixel RY(2 theta) on the colour, controlled by its position."""
    assert FRQI().num_qubits(size) == 1 + positions
    for x in patches(size):
        register = Dense(1 + positions)
        for qubit in range(positions):
            register.h(1 + qubit)
        for position, pixel in enumerate(x):
            theta = np.arcsin(pixel) if angle == "arcsin" else np.pi / 2 * pixel
            turn = oracle.rotation(oracle.Y)(2 * theta)
            gate = oracle.multicontrol(turn, bits(position, positions)) if positions else turn
            register.unitary(*range(1, 1 + positions), 0, unitary=gate)
        assert_close(state(FRQI(angle), x), register.state, atol=1e-13)


def test_frqi_in_closed_form(x64):
    x = np.array([0.0, 1 / 3, 1.0])
    expected = np.array([1, math.sqrt(3) / 2, 0, 1, 0, 0.5, 1, 0]) / 2  # the fourth pixel is black
    assert_close(state(FRQI(), x), expected, atol=1e-15)
    assert_close(state(FRQI("arcsin"), np.array([0.6, -2.0])), np.array([0.8, 0, 0.6, -1]) / math.sqrt(2), atol=1e-15)


@pytest.mark.parametrize(("size", "positions", "levels"), [(1, 0, 3), (3, 2, 1), (4, 2, 4), (5, 3, 2)])
def test_neqr_by_its_circuit(size, positions, levels):
    """H on the positions, then for each pixel X on the bits that its level has, controlled by its position."""
    encoding = NEQR(levels)
    assert encoding.num_qubits(size) == levels + positions
    for x in patches(size):
        register = Dense(levels + positions)
        for qubit in range(positions):
            register.h(levels + qubit)
        for position, pixel in enumerate(x):
            for qubit, bit in enumerate(bits(round(pixel * (2**levels - 1)), levels)):
                gate = oracle.multicontrol(oracle.X, bits(position, positions)) if positions else oracle.X
                if bit:
                    register.unitary(*range(levels, levels + positions), qubit, unitary=gate)
        assert_close(state(encoding, x.astype(np.float32)), register.state, atol=1e-7)


def test_neqr_has_all_256_levels_and_cuts_off():
    x = np.arange(256, dtype=np.float32) / 255
    found = state(NEQR(), np.concatenate([x, [-0.1, 1.1]]).astype(np.float32)).reshape(256, 512)
    np.testing.assert_array_equal(found.argmax(axis=0)[:258], [*range(256), 0, 255])
    np.testing.assert_array_equal((found > 0).sum(axis=0), np.ones(512))


def moved(amplitudes: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """Bit p of a state to place order[p], amplitude by amplitude."""
    count = len(order)
    found = np.zeros_like(amplitudes)
    for index, amplitude in enumerate(amplitudes):
        places = [0] * count
        for bit, place in zip(bits(index, count), order, strict=True):
            places[place] = bit
        found[int("".join(map(str, places)), 2)] = amplitude
    return found


@pytest.mark.parametrize(
    ("block_qubits", "parts"),
    [
        (1, [[0, 1], [2, 3]]),
        (2, [[0, 1, 2, 3]]),
        (2, [[0, 1, 2], [3, 4]]),
        (2, [[0, 1, 2], [3, 4, 5], [6, 7, 8]]),
        (3, [[0, 1, 2, 3, 4], [5, 6, 7, 8]]),
    ],
    ids=str,
)
def test_hybrid_direct_is_a_product_of_normalised_parts(x64, block_qubits, parts):
    size, count = sum(map(len, parts)), block_qubits * len(parts)
    order = tuple(np.random.default_rng(count).permutation(count).tolist())
    assert HybridDirect(block_qubits).num_qubits(size) == HybridDirect(block_qubits, order).num_qubits(size) == count
    dark = np.where(np.arange(size) < len(parts[0]), 0, 0.3)  # only the first block
    for x in [*patches(size), dark]:
        blocks = []
        for part in parts:
            block = np.zeros(2**block_qubits)
            block[: len(part)] = x[part]
            blocks.append(block / np.linalg.norm(block) if block.any() else np.eye(len(block))[0])
        assert_close(state(HybridDirect(block_qubits), x), kron(*blocks), atol=1e-14)
        assert_close(state(HybridDirect(block_qubits, order), x), moved(kron(*blocks), order), atol=1e-14)


def test_hybrid_angle_is_the_published_circuit_of_two_qubits(x64):
    """RY(x_0); RY(x_1) where the first qubit is 0; RY(x_2) where it is 1. Here on blocks {0, 2} and {1, 3}."""
    for x in patches(5):
        register = Dense(4)
        for block, angles in enumerate(np.append(x, 0).reshape(2, 3)):
            first, second = block, block + 2
            register.ry(first, theta=angles[0])
            register.x(first)
            register.cry(first, second, theta=angles[1])
            register.x(first)
            register.cry(first, second, theta=angles[2])
        assert_close(state(HybridAngle(order=(0, 2, 1, 3), scale=1.0), x), register.state, atol=1e-14)
    assert [HybridAngle().num_qubits(size) for size in (1, 3, 4, 12)] == [2, 2, 4, 8]
    assert [HybridAngle(4).num_qubits(size) for size in (15, 30)] == [4, 8]


@pytest.mark.parametrize("block_qubits", [1, 3, 4])
def test_hybrid_angle_by_its_formula(x64, block_qubits):
    size = 2**block_qubits - 1
    for x in patches(size):
        expected = []
        for state_bits in itertools.product((0, 1), repeat=block_qubits):
            amplitude = 1.0
            for j, bit in enumerate(state_bits):
                g = 2**j + sum(state_bits[earlier] * 2**earlier for earlier in range(j))
                angle = np.pi * x[g - 1] / 2
                amplitude *= np.sin(angle) if bit else np.cos(angle)
            expected.append(amplitude)
        assert_close(state(HybridAngle(block_qubits), x), expected, atol=1e-14)


REAL = [FRQI(), FRQI("arcsin"), NEQR(2), HybridDirect(), HybridAngle(), HybridDirect(order=(3, 1, 0, 2))]
COMPLEX = [DenseAngle(), DenseAngle("YZ"), HigherOrderAngle(), IQP(), IQP(1, "ring", "complement"), ParityChain()]


@pytest.mark.slow
@pytest.mark.parametrize("encoding", REAL + COMPLEX, ids=str)
def test_batches_precision_and_gradients(x64, encoding):
    size = 5 if encoding in REAL else 3
    special = np.stack([*patches(size), np.eye(size)[0]])
    step = 1e-6 * np.eye(size)
    batch = np.concatenate([special, special[0] + step, special[0] - step])

    def loss(patch):
        amplitudes = state(encoding, patch)
        weights = jnp.cos(jnp.arange(amplitudes.size, dtype=patch.dtype))
        return jnp.sum(weights * jnp.abs(amplitudes + 0.5) ** 2), amplitudes

    run = jax.jit(jax.vmap(jax.value_and_grad(loss, has_aux=True)))
    for dtype, atol in ((np.float32, 1e-5), (np.float64, 1e-13)):
        (losses, states), slopes = run(jnp.asarray(batch, dtype))
        assert states.dtype == (dtype if encoding in REAL else np.result_type(dtype, np.complex64))
        assert slopes.dtype == dtype
        assert np.isfinite(slopes).all()
        for row in range(len(special)):
            assert_close(states[row], state(encoding, batch[row]), atol=atol)
    raised, lowered = np.split(np.asarray(losses[len(special) :]), 2)
    assert_close(slopes[0], (raised - lowered) / 2e-6, atol=1e-7)


def test_gradients_of_dark_blocks_and_of_levels_are_zero():
    def slope(encoding, patch):
        weights = jnp.cos(jnp.arange(2.0 ** encoding.num_qubits(6)))
        return jax.jit(jax.grad(lambda p: jnp.sum(weights * state(encoding, p))))(jnp.asarray(patch, jnp.float32))

    half_dark = slope(HybridDirect(), [0, 0, 1e-40, 0.3, 0.1, 0.2])
    np.testing.assert_array_equal(half_dark[:3], np.zeros(3))
    assert np.all(half_dark[3:] != 0)
    np.testing.assert_array_equal(slope(NEQR(3), [0, 0.1, 0.5, 0.7, 1, 2]), np.zeros(6))


@pytest.mark.parametrize(
    ("encoding", "patch_size"),
    [
        (DenseAngle("YZ"), 3),
        (IQP(1, "ring", "complement"), 3),
        (FRQI("arcsin"), 3),
        (HybridDirect(1, (2, 0, 3, 1)), 8),
        (HybridAngle(order=(0, 2, 1, 3)), 5),
    ],
    ids=str,
)
@pytest.mark.slow
def test_forms_other_than_the_default_keep_the_contract(encoding, patch_size):
    check_encoding(encoding, patch_size)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: DenseAngle(scale=math.nan), "scale = nan; allowed: any finite"),
        (lambda: HigherOrderAngle(scale=math.inf), "scale = inf; allowed: any finite"),
        (lambda: IQP(0), "repetitions = 0; allowed: at least 1"),
        (lambda: IQP(scale=math.nan), "scale = nan; allowed: any finite"),
        (lambda: ParityChain(math.nan), "scale = nan; allowed: any finite"),
        (lambda: NEQR(0), "bits = 0; allowed: 1 to 16"),
        (lambda: NEQR(17), "bits = 17; allowed: 1 to 16"),
        (lambda: HybridDirect(0), "block_qubits = 0; allowed: at least 1"),
        (lambda: HybridAngle(-1), "block_qubits = -1; allowed: at least 1"),
        (lambda: HybridDirect(order=(0, 0)), r"order = \(0, 0\); allowed: each qubit from 0 on once, or None"),
        (lambda: HybridAngle(order=(1, 2)), r"order = \(1, 2\); allowed: each qubit"),
        (lambda: HybridDirect(order=(1, 0)).num_qubits(8), r"order = \(1, 0\) has 2 qubits; allowed: the 4 of the bl"),
        (lambda: HybridAngle(order=(1, 0)).num_qubits(8), r"order = \(1, 0\) has 2 qubits; allowed: the 6 of the bl"),
        (lambda: HybridDirect(epsilon=0.0), "epsilon = 0.0; allowed: more than 0"),
        (lambda: HybridDirect(1).num_qubits(5), "block_qubits = 1 would leave one of 5 numbers alone in a block"),
        (lambda: HybridDirect().num_qubits(1), "block_qubits = 2 would leave one of 1 numbers alone .* two or more"),
        (lambda: HybridAngle(scale=math.nan), "scale = nan; allowed: any finite"),
    ],
)
def test_what_is_not_allowed_is_said(make, message):
    with pytest.raises(InputError, match=message):
        make()
