"""TensorCircuit, `vmap` of `expectation_ps`: the form of its tutorials."""

from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.cases import Case
from benchmarks.paths.base import Path, Prepared, of_all
from benchmarks.paths.tensorcircuit_circuit import builder


class TensorCircuitExpectation(Path):
    """<Z> of each qubit by its own contraction."""

    @property
    def name(self) -> str:
        """In tables and results."""
        return "TensorCircuit vmap(expectation_ps)"

    def prepare(self, case: Case) -> Prepared:
        """JAX backend."""
        build = builder(case)

        def expectations(weights: Any, patch: Any) -> jax.Array:
            circuit = build(weights, patch)
            return jnp.stack([jnp.real(circuit.expectation_ps(z=[qubit])) for qubit in range(case.num_qubits)])

        evaluate = jax.vmap(expectations, in_axes=(None, 0))
        return Prepared(of_all(case, evaluate), jnp.asarray(case.weights()), jnp.asarray(case.patches()))
