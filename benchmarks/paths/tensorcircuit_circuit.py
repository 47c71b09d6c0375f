"""The circuit of a case in TensorCircuit."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from benchmarks.cases import Case


def builder(case: Case) -> Callable[[Any, Any], Any]:
    """(weights, patch) to a `tensorcircuit.Circuit` on the JAX backend, with complex64."""
    import tensorcircuit as tc

    tc.set_backend("jax")
    tc.set_dtype("complex64")

    def build(weights: Any, patch: Any) -> Any:
        circuit: Any = tc.Circuit(case.num_qubits)
        for qubit in range(case.num_qubits):
            circuit.ry(qubit, theta=jnp.pi * patch[qubit])
        for layer in range(case.depth):
            for qubit in range(case.num_qubits):
                circuit.ry(qubit, theta=weights[layer, qubit, 0])
                circuit.rz(qubit, theta=weights[layer, qubit, 1])
            for pair in case.ring:
                circuit.cnot(*pair)
        return circuit

    return build
