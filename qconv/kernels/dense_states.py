"""The engine `states`: the whole state of each point once, then one product of matrices."""

from dataclasses import replace

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.ansatz.identity import Identity
from qconv.circuit.circuit import Circuit
from qconv.kernels.feature_map import Angles, example_map
from qconv.kernels.kernel import Embedded
from qconv.kernels.overlaps import Overlaps
from qconv.simulate.states import states

_MOST_QUBITS = 20
"""Of a register: 8 MB for each point."""


class DenseStates(Overlaps):
    """All amplitudes: for any circuit on few qubits."""

    name = "states"

    def refusal(self, circuit: Circuit, columns: int) -> str | None:
        """More qubits than amplitudes can be kept of."""
        num_qubits = circuit.num_qubits(columns)
        if num_qubits <= _MOST_QUBITS:
            return None
        return f"keeps 2^n amplitudes of a point; allowed: up to {_MOST_QUBITS} qubits, not {num_qubits}"

    def cost(self, circuit: Circuit, columns: int) -> float:
        """A multiplication and an addition for each amplitude, four times if they are complex."""
        tape = example_map(circuit, columns)
        are_real = all(gate.is_real for gate in tape.gates)
        return (2 if are_real else 8) * 2.0**tape.num_qubits

    def embed(
        self, circuit: Circuit, theta: Angles, scaling: Angles, points: Float[Array, "points columns"]
    ) -> Embedded:
        """The amplitudes, (points, 2^n); of complex ones real and imaginary parts, (points, 2, 2^n)."""
        if not circuit.reuploads:
            circuit, theta = replace(circuit, ansatz=Identity()), jnp.zeros(0, points.dtype)
        assert theta is not None
        found = states(circuit, theta, points, scaling)
        return jnp.stack([found.real, found.imag], axis=1) if jnp.iscomplexobj(found) else found

    def compare(self, left: Embedded, right: Embedded) -> Float[Array, "left right"]:
        """Real products, since complex ones are slow on CPUs: both parts of the overlap in one."""
        if left.ndim == 2:
            return jnp.square(_product(left, right))
        turned = jnp.stack([right[:, 1], -right[:, 0]], axis=1)  # what of it makes the imaginary part
        both = jnp.concatenate([right, turned])
        parts = _product(left.reshape(len(left), -1), both.reshape(len(both), -1))
        real, imaginary = jax.lax.split(parts, [len(right)] * 2, axis=1)
        return jnp.square(real) + jnp.square(imaginary)


def _product(left: Float[Array, "left numbers"], right: Float[Array, "right numbers"]) -> Float[Array, "left right"]:
    return jnp.matmul(left, right.T, precision="highest")
