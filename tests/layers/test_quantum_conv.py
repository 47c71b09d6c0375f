"""The quantum convolution: closed form, the properties of a convolution, parameters, and errors."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from hypothesis import given, settings
from hypothesis import strategies as st

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.encoding.amplitude import Amplitude
from qconv.encoding.angle import Angle
from qconv.errors import InputError
from qconv.layers.classical_conv import ClassicalConv
from qconv.layers.quantum_conv import QuantumConv
from qconv.readout.pauli import PauliStrings
from qconv.simulate.choose import choose_engine
from qconv.simulate.device import Device
from qconv.simulate.expectations import expectations
from tests import oracle
from tests.oracle import assert_close, windows

KEY = jax.random.key(0)
IDENTITY = Circuit(Angle(scale=1.3), HardwareEfficient(0))
CIRCUIT = Circuit(Angle(), HardwareEfficient(1, ("ry",)))
LAYER = QuantumConv(CIRCUIT, features=2, kernel_size=2, strides=(2, 1), padding="VALID")
SHAPE = (5, 6)


def random_images(*shape: int, dtype: type = np.float32) -> jax.Array:
    return jnp.asarray(np.random.default_rng(0).uniform(size=shape), dtype)


def apply(layer: nn.Module, variables: Any, images: jax.Array) -> jax.Array:
    return jnp.asarray(layer.apply(variables, images))


def run(layer: nn.Module, images: jax.Array) -> jax.Array:
    """Initialises a layer and applies it, operation by operation."""
    with jax.disable_jit():
        outputs, _ = layer.init_with_output(KEY, images)
    return jnp.asarray(outputs)


@pytest.fixture(scope="module")
def images():
    """Thirty-one images; the last thirty differ from the first one in one pixel each."""
    first = random_images(*SHAPE, 1)
    return jnp.concatenate([first[None], first[None] + 0.3 * jnp.eye(30).reshape(30, *SHAPE, 1)])


@pytest.fixture(scope="module")
def variables(images):
    return LAYER.init(KEY, images)


@pytest.fixture(scope="module")
def outputs(images, variables):
    return apply(LAYER, variables, images)


GEOMETRIES = [
    ((2, 1), (1, 1), "SAME", (1, 1)),
    ((1, 2), (2, 1), "VALID", (1, 1)),
    ((1, 2), (1, 3), ((1, 0), (2, 1)), (1, 2)),
    ((2, 1), (2, 2), "SAME", (3, 1)),
]


@pytest.mark.parametrize(
    ("kernel", "strides", "padding", "dilation", "channels"),
    [
        # Each geometry and each way with channels at least once; all pairs are slow.
        pytest.param(*geometry, channels, marks=[pytest.mark.slow] * ((row - column) % 3 != 0))
        for row, geometry in enumerate(GEOMETRIES)
        for column, channels in enumerate(("joint", "sum", "concatenate"))
    ],
)
def test_identity_circuit_gives_the_cosine_of_each_pixel(kernel, strides, padding, dilation, channels):
    images = random_images(2, *SHAPE, 3)
    layer = QuantumConv(IDENTITY, 1, kernel, strides, padding, dilation, channels)
    found = run(layer, images)
    for image, output in zip(np.asarray(images), found, strict=True):
        cosines = np.cos(1.3 * windows(image, kernel, strides, padding, dilation))
        rows, columns = cosines.shape[:2]
        if channels == "sum":
            cosines = cosines.sum(axis=-1)
        elif channels == "concatenate":
            cosines = np.moveaxis(cosines, -1, 2)  # the input channel slowest
        assert_close(output, cosines.reshape(rows, columns, -1), atol=1e-6)


def test_gradient_of_images_in_closed_form():
    """A pixel's cosine appears once for each window that holds it."""
    layer = QuantumConv(IDENTITY, 1, 2, 1, "SAME")
    images = random_images(1, *SHAPE, 1)
    gradient = jax.grad(lambda x: apply(layer, {}, x).sum())(images)
    places = windows(np.arange(1, 31).reshape(*SHAPE, 1), (2, 2))
    counts = np.bincount(places.ravel(), minlength=31)[1:].reshape(1, *SHAPE, 1)
    assert_close(gradient, -1.3 * np.sin(1.3 * np.asarray(images)) * counts, atol=1e-5)


SIZE = st.integers(1, 3) | st.tuples(st.integers(1, 3), st.integers(1, 3))
SIDE = st.tuples(st.integers(0, 2), st.integers(0, 2))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    kernel=SIZE,
    strides=SIZE,
    padding=st.sampled_from(["SAME", "VALID", 2]) | st.tuples(SIDE, SIDE),
    dilation=SIZE,
    channels=st.sampled_from(["joint", "sum", "concatenate"]),
    batch=st.sampled_from([(), (2,), (2, 3), (0,)]),
)
def test_shape_is_that_of_flax(kernel, strides, padding, dilation, channels, batch):
    circuit = Circuit(Amplitude(), HardwareEfficient(1, ("ry",)), PauliStrings(("Z", "X")))
    layer = QuantumConv(circuit, 2, kernel, strides, padding, dilation, channels)
    images = jax.ShapeDtypeStruct((*batch, 7, 8, 3), np.dtype(np.float32))
    own = nn.Conv(
        layer.num_channels(3),
        (kernel, kernel) if isinstance(kernel, int) else kernel,
        strides,
        [padding] * 2 if isinstance(padding, int) else padding,
        kernel_dilation=dilation,
    )
    shapes = [
        jax.eval_shape(lambda x, module=module: module.init_with_output(KEY, x)[0], images).shape
        for module in (own, layer, layer.twin())
    ]
    assert shapes == [shapes[0]] * 3
    assert shapes[0][-1] == 4 * (3 if channels == "concatenate" else 1)


def test_a_pixel_changes_the_windows_that_hold_it_and_no_others(images, outputs):
    places = windows(np.arange(1, 31).reshape(*SHAPE, 1), (2, 2), (2, 1), "VALID")
    for pixel in range(30):
        changed = np.any(outputs[pixel + 1] != outputs[0], axis=-1)
        np.testing.assert_array_equal(changed, np.any(places == pixel + 1, axis=(2, 3, 4)))


@pytest.mark.parametrize(("axis", "pixels"), [(1, 2), (2, 1)])
def test_a_shift_by_a_stride_shifts_the_output(images, variables, outputs, axis, pixels):
    shifted = apply(LAYER, variables, jnp.roll(images, pixels, axis))
    keep = [slice(None)] * 4
    keep[axis] = slice(1, None)
    assert_close(shifted[tuple(keep)], jnp.roll(outputs, 1, axis)[tuple(keep)], atol=1e-6)


@pytest.mark.slow
def test_images_do_not_see_each_other(images, variables, outputs):
    order = np.random.default_rng(0).permutation(31)
    assert_close(apply(LAYER, variables, images[order]), outputs[order], atol=1e-6)
    alone = jax.vmap(lambda image: apply(LAYER, variables, image))(images)  # without batch axes
    assert_close(alone, outputs, atol=1e-6)
    stacked = apply(LAYER, variables, images[:30].reshape(5, 3, 2, *SHAPE, 1))
    assert_close(stacked.reshape(30, *outputs.shape[1:]), outputs[:30], atol=1e-6)
    assert apply(LAYER, variables, images[:0]).shape == (0, *outputs.shape[1:])


def test_circuits_run_on_the_engine_of_the_device():
    assert LAYER.chosen_engine(1, 500) == choose_engine(LAYER.circuit, LAYER.patch_size(1), patches=500)
    assert LAYER.clone(device=Device("fused")).chosen_engine(1, 500) == "fused"


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["unitary", "statevector"])
def test_jit_is_eager(images, variables, outputs, engine):
    layer = LAYER.clone(device=Device(engine))
    assert_close(jax.jit(lambda v, x: apply(layer, v, x))(variables, images), outputs, atol=3e-6)
    with jax.disable_jit():
        assert_close(apply(layer, variables, images[:1]), outputs[:1], atol=3e-6)


def test_each_filter_is_a_circuit_of_its_own(images, variables, outputs):
    """Filter slower than observable; patches row by row."""
    theta = variables["params"]["theta"]
    assert theta.shape == (2, 1, 1, 4, 1)
    patches = windows(np.asarray(images[0]), (2, 2), (2, 1), "VALID")
    for index in range(2):
        with jax.disable_jit():
            alone = expectations(CIRCUIT, theta[index, 0], jnp.asarray(patches.reshape(-1, 4)))
        assert_close(outputs[0, ..., 4 * index : 4 * index + 4], alone.reshape(*patches.shape[:2], 4), atol=1e-6)


@pytest.mark.slow
def test_sum_and_concatenate_are_made_of_single_channels():
    images = random_images(2, 4, 3, 2)
    single = QuantumConv(CIRCUIT, features=3, kernel_size=(1, 2), padding="VALID")
    theta = jax.random.uniform(KEY, (3, 2, 1, 2, 1))
    with jax.disable_jit():
        each = [apply(single, {"params": {"theta": theta[:, c : c + 1]}}, images[..., c : c + 1]) for c in range(2)]
        total = apply(single.clone(channels="sum"), {"params": {"theta": theta}}, images)
        kept = apply(single.clone(channels="concatenate"), {"params": {"theta": theta}}, images)
    assert_close(total, each[0] + each[1], atol=1e-6)
    assert_close(kept, np.concatenate(each, axis=-1), atol=1e-6)


REUPLOADED = QuantumConv(
    Circuit(Angle(), HardwareEfficient(1, ("ry",)), reuploads=1, trainable_scaling=True),
    features=2,
    kernel_size=(1, 2),
    padding="VALID",
    channels="sum",
)


def test_scaling_is_a_parameter_beside_theta_and_each_filter_and_register_has_its_own():
    images = random_images(2, 2, 3, 2)
    outputs, variables = jax.jit(REUPLOADED.init_with_output)(KEY, images)
    theta, scaling = variables["params"]["theta"], variables["params"]["scaling"]
    assert theta.shape == (2, 2, 2, 1, 2, 1) and scaling.shape == (2, 2, 2, 2)
    np.testing.assert_array_equal(scaling, 1)

    def alone(scaling: jax.Array) -> np.ndarray:
        """(patches, features, observables), by the oracle."""
        patches = np.stack([windows(np.asarray(image), (1, 2), padding="VALID") for image in images])
        total = 0.0
        for channel in range(2):
            own = jnp.asarray(patches[..., channel].reshape(-1, 2))
            filters = [
                oracle.expectations(REUPLOADED.circuit, theta[f, channel], own, scaling[f, channel]) for f in range(2)
            ]
            total = total + np.stack(filters, axis=1)
        return total

    assert_close(outputs.reshape(-1, 2, 2), alone(scaling), atol=3e-6)
    factors = jax.random.uniform(KEY, scaling.shape, minval=0.5, maxval=1.5)

    @jax.jit
    def run(scaling: jax.Array) -> tuple[jax.Array, jax.Array]:
        return jax.value_and_grad(
            lambda own: jnp.sum(apply(REUPLOADED, {"params": {"theta": theta, "scaling": own}}, images) ** 2)
        )(scaling)

    value, gradient = run(factors)
    assert_close(value, (alone(factors) ** 2).sum(), atol=1e-4)
    moved = factors.at[1, 0, 1, 1].add(1e-3), factors.at[1, 0, 1, 1].add(-1e-3)
    slope = ((alone(moved[0]) ** 2).sum() - (alone(moved[1]) ** 2).sum()) / 2e-3
    assert_close(gradient[1, 0, 1, 1], slope, atol=1e-2)


def test_scaling_is_frozen_with_the_angles():
    layer = REUPLOADED.clone(trainable=False)
    shapes = jax.eval_shape(layer.init, KEY, random_images(1, 2, 3, 2))
    assert set(shapes) == {"frozen"} and set(shapes["frozen"]) == {"theta", "scaling"}


def test_what_sets_the_state_is_not_uploaded_again():
    layer = QuantumConv(Circuit(Amplitude(), reuploads=1))
    with pytest.raises(InputError, match="reuploads = 1; allowed: 0 with the encoding Amplitude, which sets the state"):
        jax.eval_shape(layer.init, KEY, random_images(1, 3, 3, 1))


def test_frozen_angles_are_no_parameters_but_the_same_numbers(images, variables, outputs):
    layer = LAYER.clone(trainable=False)
    frozen = layer.init(KEY, images)
    assert set(frozen) == {"frozen"}
    np.testing.assert_array_equal(frozen["frozen"]["theta"], variables["params"]["theta"])
    assert_close(apply(layer, frozen, images), outputs, atol=1e-6)


def test_angles_start_uniform_in_their_range():
    layer = QuantumConv(Circuit(ansatz=HardwareEfficient(4, ("ry",))), features=256, kernel_size=1, angle_range=0.1)
    theta = layer.init(KEY, jnp.ones((1, 1, 1)))["params"]["theta"]
    assert theta.dtype == np.float32
    assert -0.1 <= theta.min() < -0.098 and 0.098 < theta.max() <= 0.1
    assert abs(theta.mean()) < 4 * 0.1 / np.sqrt(3 * theta.size)


def test_precision(x64):
    images = random_images(1, 2, 2, 1, dtype=np.float64)
    for layer, inputs, dtype in (
        (LAYER.clone(param_dtype="float64"), images.astype(np.float32), np.float64),
        (LAYER, images, np.float64),
        (LAYER, images.astype(np.float32), np.float32),
    ):
        outputs, variables = jax.eval_shape(lambda x, layer=layer: layer.init_with_output(KEY, x), inputs)
        assert outputs.dtype == dtype
        assert variables["params"]["theta"].dtype == layer.param_dtype
    identity = run(QuantumConv(IDENTITY, kernel_size=1, param_dtype="float64"), images)
    assert_close(identity, np.cos(1.3 * np.asarray(images)), atol=1e-15)


def test_a_layer_trains_inside_nnx(images):
    class Model(nnx.Module):
        def __init__(self, rngs: nnx.Rngs) -> None:
            self.conv = nnx.bridge.ToNNX(LAYER, rngs=rngs).lazy_init(images[:4])
            self.head = nnx.Linear(2 * 5 * 8, 1, rngs=rngs)

        def __call__(self, inputs: jax.Array) -> jax.Array:
            return self.head(self.conv(inputs).reshape(len(inputs), -1))

    model = Model(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.sgd(0.01), wrt=nnx.Param)
    before = jnp.array(model.conv.theta[...])

    @nnx.jit
    def step(model: Model, optimizer: nnx.Optimizer) -> jax.Array:
        loss, gradients = nnx.value_and_grad(lambda m: jnp.mean((m(images[:4]) - 1.0) ** 2))(model)
        optimizer.update(model, gradients)
        return loss

    losses = [step(model, optimizer) for _ in range(3)]
    assert losses[2] < losses[0]
    assert np.abs(model.conv.theta[...] - before).min() > 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: QuantumConv(features=0), "features = 0; allowed: at least 1"),
        (lambda: QuantumConv(kernel_size=0), "kernel_size = 0; allowed"),
        (lambda: QuantumConv(kernel_size=(2, 0)), r"kernel_size = \(2, 0\); allowed"),
        (lambda: QuantumConv(strides=0), "strides = 0; allowed"),
        (lambda: QuantumConv(kernel_dilation=-1), "kernel_dilation = -1; allowed"),
        (lambda: QuantumConv(padding=-1), "padding = -1; allowed"),
        (lambda: QuantumConv(padding=((0, 0), (0, -2))), "padding = .*; allowed"),
        (lambda: QuantumConv(angle_range=-0.1), "angle_range = -0.1; allowed"),
        (lambda: QuantumConv(angle_range=float("nan")), "angle_range = nan; allowed"),
        (lambda: run(QuantumConv(kernel_size=3, padding="VALID"), jnp.ones((1, 2, 2, 1))), "more than the 2x2"),
        (lambda: run(QuantumConv(param_dtype="float64"), jnp.ones((1, 2, 2, 1))), "float64.* needs JAX's 64-bit mode"),
        (lambda: run(QuantumConv(kernel_size=8), jnp.ones((1, 8, 8, 1))), r"64 qubits .* need [\d,.]+ GiB"),
        (lambda: run(QuantumConv(kernel_size=16), jnp.ones((1, 16, 16, 3))), r"768 qubits .* need 2\^\d+ GiB"),
        (lambda: run(QuantumConv(Circuit(Amplitude(1))), jnp.ones((1, 2, 2, 1))), "qubits = 1 hold 2 amplitudes"),
    ],
)
def test_what_is_not_allowed_is_said(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_the_twin_is_a_convolution_and_relu(images):
    layer = QuantumConv(CIRCUIT, 2, 2, (2, 1), ((1, 0), (0, 2)), 2)
    twin = layer.twin()
    outputs, variables = twin.init_with_output(KEY, images[:2])
    kernel = np.asarray(jax.tree.leaves(variables["params"])[0])
    assert [leaf.shape for leaf in jax.tree.leaves(variables)] == [(2, 2, 1, 8)]  # no bias
    for image, output in zip(np.asarray(images[:2]), outputs, strict=True):
        found = windows(image, (2, 2), (2, 1), ((1, 0), (0, 2)), (2, 2))
        assert_close(output, np.maximum(np.einsum("rcijk,ijko->rco", found, kernel), 0), atol=1e-6)


def test_the_twin_of_separate_channels_is_depthwise_and_that_of_a_frozen_layer_frozen():
    images = random_images(1, 4, 4, 3)
    layer = QuantumConv(CIRCUIT, 2, channels="concatenate", trainable=False)
    outputs, variables = ClassicalConv(layer).init_with_output(KEY, images)
    assert set(variables) == {"frozen"}
    changed = apply(ClassicalConv(layer), variables, images.at[..., 1].add(-1.0))
    different = np.any(np.asarray(changed != outputs), axis=(0, 1, 2))
    assert different.shape == (24,)
    assert not different[:8].any() and different[8:16].any() and not different[16:].any()
