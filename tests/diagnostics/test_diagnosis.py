"""Which patches a layer's circuit gets, and the report of a circuit without angles."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from qconv.ansatz.hardware_efficient import HardwareEfficient
from qconv.circuit.circuit import Circuit
from qconv.diagnostics.diagnosis import diagnose_circuit
from qconv.diagnostics.patches import layer_inputs, layer_patches
from qconv.diagnostics.sampling import Sampling
from qconv.errors import InputError
from qconv.layers.quantum_conv import QuantumConv
from qconv.layers.quantum_dense import QuantumDense
from qconv.models.dressed_net import DressedNet
from qconv.models.heads import LinearHead
from qconv.models.networks import QuanvNet
from qconv.report.diagnostics import diagnosis_figure
from tests import oracle

SAMPLING = Sampling(pairs=10, gradients=3, fisher_angles=2, fisher_patches=2)


@pytest.mark.parametrize("channels", ["joint", "concatenate"])
def test_patches_are_the_windows_of_the_layer(channels: Any) -> None:
    images = np.random.default_rng(0).random((2, 3, 4, 2), np.float32)
    conv = QuantumConv(Circuit(ansatz=HardwareEfficient(0)), kernel_size=(1, 2), channels=channels)
    ((layer, inputs),) = layer_inputs(QuanvNet(conv, LinearHead(2)), images, seed=0)
    patches = layer_patches(layer, inputs)
    windows = np.stack([oracle.windows(image, (1, 2)) for image in images])  # (2, rows, columns, 1, 2, channels)
    expected = windows.reshape(-1, 4) if channels == "joint" else np.moveaxis(windows, -1, 0).reshape(-1, 2)
    np.testing.assert_array_equal(patches, expected)
    assert inputs.shape[-1] == 2 and layer.window(2) == "1x2 pixels"


def test_patches_of_a_register_behind_another_layer_are_its_vectors() -> None:
    images = np.random.default_rng(0).random((5, 2, 2, 1), np.float32)
    quantum = QuantumDense(Circuit(ansatz=HardwareEfficient(0)))
    ((layer, inputs),) = layer_inputs(DressedNet(quantum, width=3), images, seed=0)
    assert inputs.shape == (5, 3)
    np.testing.assert_array_equal(layer_patches(layer, inputs), inputs)


def test_the_same_seed_draws_the_same() -> None:
    circuit, patches = Circuit(ansatz=HardwareEfficient(1, ("ry",))), jnp.linspace(0, 1, 10).reshape(5, 2)
    first, again = (diagnose_circuit(circuit, patches, 100, SAMPLING, seed=0) for _ in range(2))
    np.testing.assert_array_equal(first.whole.fidelities, again.whole.fidelities)
    np.testing.assert_array_equal(first.spectrum, again.spectrum)
    assert first.gradient_variance is not None and first.gradient_variance.shape == (2, 2)


def test_reuploads_are_refused() -> None:
    with pytest.raises(InputError, match="reuploads = 1; allowed: 0 with the diagnostics"):
        diagnose_circuit(Circuit(reuploads=1), jnp.zeros((5, 2)), 100, SAMPLING, seed=0)


def test_panels() -> None:
    patches = jnp.linspace(0, 1, 10).reshape(5, 2)
    diagnosis = diagnose_circuit(Circuit(ansatz=HardwareEfficient(0)), patches, 2, SAMPLING, 0)
    assert diagnosis.effective_dimension is None
    figure = diagnosis_figure({"first": diagnosis, "second": diagnosis}, {})
    titles = [ax.get_title() for ax in figure.axes]
    assert titles == 2 * [
        "expressibility (KL, nats)",
        "entangling capability",
        "gradient variance",
        "Fisher information",
    ]
    assert [text.get_text() for text in figure.axes[2].texts] == ["the circuit has no angles"]
