"""The engine `states`: the whole state of each point once, then one product of matrices."""

from dataclasses import replace

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
        """The amplitudes, (points, 2^n); of complex ones the real and the imaginary parts apart."""
        if not circuit.reuploads:
            circuit, theta = replace(circuit, ansatz=Identity()), jnp.zeros(0, points.dtype)
        assert theta is not None
        found = states(circuit, theta, points, scaling)
        return (found.real, found.imag) if jnp.iscomplexobj(found) else (found,)

    def compare(self, left: Embedded, right: Embedded) -> Float[Array, "left right"]:
        """Three real products: complex ones are slow on CPUs, and would be four.

        With <x|y> = sum (a - ib)(c + id) the real part is sum ac + bd, the imaginary one sum (a - b)(c + d) - ac + bd.
        """
        if len(left) == 1:
            return jnp.square(_product(left[0], right[0]))
        (a, b), (c, d) = left, right
        real, imaginary, both = _product(a, c), _product(b, d), _product(a - b, c + d)
        return jnp.square(real + imaginary) + jnp.square(both - real + imaginary)


def _product(left: Float[Array, "left numbers"], right: Float[Array, "right numbers"]) -> Float[Array, "left right"]:
    return jnp.matmul(left, right.T, precision="highest")
