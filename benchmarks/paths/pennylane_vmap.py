"""PennyLane, `jit(vmap(qnode))`."""

from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.cases import Case
from benchmarks.paths.base import Path, Prepared, of_all
from benchmarks.paths.pennylane_qnode import qnode


class PennyLaneVmap(Path):
    """The QNode of one patch, mapped over all of them."""

    @property
    def name(self) -> str:
        """In tables and results."""
        return "PennyLane jit(vmap(qnode))"

    def prepare(self, case: Case) -> Prepared:
        """default.qubit, gradients by backpropagation."""
        node = qnode(case)

        def evaluate(weights: Any, patches: Any) -> jax.Array:
            return jax.vmap(lambda patch: jnp.stack(node(weights, patch)))(patches)

        return Prepared(of_all(case, evaluate), jnp.asarray(case.weights()), jnp.asarray(case.patches()))
