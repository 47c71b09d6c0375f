"""PennyLane, parameter broadcasting under `jit`."""

from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.cases import Case
from benchmarks.paths.base import Path, Prepared, of_all
from benchmarks.paths.pennylane_qnode import qnode


class PennyLaneBroadcast(Path):
    """The QNode called once with the patches as a batch axis of its parameters."""

    @property
    def name(self) -> str:
        """In tables and results."""
        return "PennyLane jit(broadcast)"

    def prepare(self, case: Case) -> Prepared:
        """default.qubit, gradients by backpropagation."""
        node = qnode(case)

        def evaluate(weights: Any, patches: Any) -> jax.Array:
            return jnp.stack(node(weights, patches), axis=1)

        return Prepared(of_all(case, evaluate), jnp.asarray(case.weights()), jnp.asarray(case.patches()))
