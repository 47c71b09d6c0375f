"""TensorCircuit, `vmap` of the state, then probabilities times signs: the fastest form known for it."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.cases import Case
from benchmarks.paths.base import Path, Prepared, of_all
from benchmarks.paths.tensorcircuit_circuit import builder


class TensorCircuitState(Path):
    """All <Z> from one state."""

    @property
    def name(self) -> str:
        """In tables and results."""
        return "TensorCircuit vmap(state)"

    def prepare(self, case: Case) -> Prepared:
        """JAX backend."""
        build = builder(case)
        states = np.arange(2**case.num_qubits)[:, None]
        qubits = np.arange(case.num_qubits)
        signs = (1 - 2 * (states >> (case.num_qubits - 1 - qubits) & 1)).astype(np.float32)  # qubit 0 is the left bit

        def evaluate(weights: Any, patches: Any) -> jax.Array:
            amplitudes = jax.vmap(lambda patch: build(weights, patch).state())(patches)
            return (jnp.square(amplitudes.real) + jnp.square(amplitudes.imag)) @ signs

        return Prepared(of_all(case, evaluate), jnp.asarray(case.weights()), jnp.asarray(case.patches()))
