"""The circuit of a case in PennyLane."""

import warnings
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from benchmarks.cases import Case


def qnode(case: Case, interface: str = "jax") -> Callable[[Any, Any], Any]:
    """(weights, patch) to a list of expectations, on default.qubit; a patch may have leading batch axes.

    Args:
        case: whose circuit.
        interface: `jax`, with gradients by backpropagation; else as PennyLane chooses.
    """
    # PennyLane asks for complex128 and gets complex64, as all others do: JAX says so for each gate.
    warnings.filterwarnings("ignore", message="Explicitly requested dtype")
    import pennylane as qml  # ty: ignore[import-not-found]

    num_qubits = case.num_qubits

    def circuit(weights: Any, patch: Any) -> list[Any]:
        for qubit in range(num_qubits):
            qml.RY(jnp.pi * patch[..., qubit], wires=qubit)
        for layer in range(case.depth):
            for qubit in range(num_qubits):
                qml.RY(weights[layer, qubit, 0], wires=qubit)
                qml.RZ(weights[layer, qubit, 1], wires=qubit)
            for pair in case.ring:
                qml.CNOT(wires=pair)
        return [qml.expval(qml.Z(qubit)) for qubit in range(num_qubits)]

    device = qml.device("default.qubit", wires=num_qubits)
    options = {"interface": "jax", "diff_method": "backprop"} if interface == "jax" else {}
    return qml.QNode(circuit, device, **options)
