"""Gram matrices of the ZZ feature map in qconv and in its peers, each in the form that its users know as the fast one.

Every path takes points (points, qubits) and returns a function without arguments that computes the whole matrix anew.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from qconv.ansatz.identity import Identity
from qconv.circuit.circuit import Circuit
from qconv.encoding.iqp import IQP
from qconv.gates.wiring import pairs
from qconv.kernels.fidelity import FidelityKernel
from qconv.kernels.gram import gram
from qconv.kernels.projected import ProjectedKernel
from qconv.readout.pauli import PauliXYZ

Matrix = Callable[[], np.ndarray]
Start = Callable[[np.ndarray], Matrix]

REPETITIONS = 2

ZZ = Circuit(IQP(REPETITIONS, "all", "complement", scale=1.0), Identity(), PauliXYZ())
"""The map in qconv."""
FIDELITY = FidelityKernel(ZZ, bandwidth=1.0)
PROJECTED = ProjectedKernel(ZZ, bandwidth=1.0)


def qconv_gram(points: np.ndarray) -> Matrix:
    """Fidelities by `qconv.gram`."""
    return lambda: gram(FIDELITY, points)


def qconv_projected(points: np.ndarray) -> Matrix:
    """The projected kernel by `qconv.gram`."""
    return lambda: gram(PROJECTED, points)


def jax_gram(states: Callable[[Any], Any]) -> Start:
    """Fidelities as one product of the states of all points, compiled as a whole.

    Args:
        states: from points (points, qubits) to amplitudes (points, 2^qubits).
    """

    @jax.jit
    def matrix(points: Any) -> Any:
        found = states(points)
        return jnp.square(jnp.abs(found @ found.conj().T))

    return lambda points: lambda: np.asarray(matrix(points))


def pennylane_states(points: Any) -> Any:
    """`jax.vmap` of a QNode that returns the state."""
    import pennylane as qml  # ty: ignore[import-not-found]

    num_qubits = points.shape[1]

    @qml.qnode(qml.device("default.qubit", wires=num_qubits), interface="jax", diff_method="backprop")
    def node(point: Any) -> Any:
        for _ in range(REPETITIONS):
            for qubit in range(num_qubits):
                qml.Hadamard(wires=qubit)
                qml.RZ(2 * point[qubit], wires=qubit)
            for a, b in pairs("all", num_qubits):
                qml.IsingZZ(2 * (jnp.pi - point[a]) * (jnp.pi - point[b]), wires=(a, b))
        return qml.state()

    return jax.vmap(node)(points)


def tensorcircuit_states(points: Any) -> Any:
    """`jax.vmap` of the state of a circuit."""
    import tensorcircuit as tc

    tc.set_backend("jax")
    tc.set_dtype("complex64")
    num_qubits = points.shape[1]

    def state(point: Any) -> Any:
        circuit: Any = tc.Circuit(num_qubits)
        for _ in range(REPETITIONS):
            for qubit in range(num_qubits):
                circuit.h(qubit)
                circuit.rz(qubit, theta=2 * point[qubit])
            for a, b in pairs("all", num_qubits):
                circuit.rzz(a, b, theta=2 * (jnp.pi - point[a]) * (jnp.pi - point[b]))
        return circuit.state()

    return jax.vmap(state)(points)


def _qiskit_map(num_qubits: int) -> Any:
    from qiskit.circuit import library  # ty: ignore[import-not-found]

    return library.zz_feature_map(num_qubits, reps=REPETITIONS, entanglement="full")


def qiskit_gram(points: np.ndarray) -> Matrix:
    """`FidelityStatevectorKernel`, which simulates each point once."""
    from qiskit_machine_learning.kernels import FidelityStatevectorKernel  # ty: ignore[import-not-found]

    kernel = FidelityStatevectorKernel(feature_map=_qiskit_map(points.shape[1]))
    return lambda: kernel.evaluate(points)


def squlearn_gram(points: np.ndarray) -> Matrix:
    """`FidelityKernel` on Qulacs."""
    from squlearn import Executor  # ty: ignore[import-not-found]
    from squlearn.encoding_circuit import QiskitEncodingCircuit  # ty: ignore[import-not-found]
    from squlearn.kernel import FidelityKernel  # ty: ignore[import-not-found]

    kernel = FidelityKernel(QiskitEncodingCircuit(_qiskit_map(points.shape[1])), Executor("qulacs"), caching=False)
    return lambda: kernel.evaluate(points)


def squlearn_projected(points: np.ndarray) -> Matrix:
    """`ProjectedQuantumKernel` on Qulacs: X, Y and Z of each qubit, compared by a Gaussian of the same width."""
    from squlearn import Executor  # ty: ignore[import-not-found]
    from squlearn.encoding_circuit import QiskitEncodingCircuit  # ty: ignore[import-not-found]
    from squlearn.kernel import ProjectedQuantumKernel  # ty: ignore[import-not-found]

    circuit = QiskitEncodingCircuit(_qiskit_map(points.shape[1]))
    kernel = ProjectedQuantumKernel(circuit, Executor("qulacs"), measurement="XYZ", outer_kernel="gaussian", gamma=1.0)
    return lambda: kernel.evaluate(points)


FIDELITIES: dict[str, Start] = {
    "qconv": qconv_gram,
    "PennyLane jit(vmap(state)), product": jax_gram(pennylane_states),
    "TensorCircuit vmap(state), product": jax_gram(tensorcircuit_states),
    "sQUlearn FidelityKernel, Qulacs": squlearn_gram,
    "Qiskit ML FidelityStatevectorKernel": qiskit_gram,
}
"""The first is what ratios are relative to."""

PROJECTIONS: dict[str, Start] = {
    "qconv": qconv_projected,
    "sQUlearn ProjectedQuantumKernel, Qulacs": squlearn_projected,
}


def _qconv_aligned(points: Any, bandwidth: Any) -> Any:
    return FIDELITY({"bandwidth": bandwidth}, points)


def _aligned_states(states: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    def matrix(points: Any, bandwidth: Any) -> Any:
        found = states(bandwidth * points)
        return jnp.square(jnp.abs(found @ found.conj().T))

    return matrix


ALIGNED: dict[str, Callable[[Any, Any], Any]] = {
    "qconv": _qconv_aligned,
    "PennyLane jit(vmap(state)), product": _aligned_states(pennylane_states),
    "TensorCircuit vmap(state), product": _aligned_states(tensorcircuit_states),
}
"""The matrix as a differentiable function of points and bandwidth."""
