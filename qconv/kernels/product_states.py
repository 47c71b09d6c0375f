"""The engine `product`: qubits that no gate joins, at any width."""

from functools import partial, reduce

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit
from qconv.kernels.feature_map import Angles, example_map, record_map
from qconv.kernels.kernel import Embedded
from qconv.kernels.overlaps import Overlaps
from qconv.lowering.encoded_states import is_product, states_of_qubits

_REAL_GROUP, _COMPLEX_GROUP = 3, 2
"""Qubits whose states are multiplied out: the product over groups of them is written for each pair, the sums within a
group are a product of matrices. Of complex states it is (1, x, y, z) for each qubit, real numbers all."""


class ProductStates(Overlaps):
    """The overlaps of single qubits, multiplied.

    Real states are compared by their amplitudes. Of complex ones |<x|y>|^2 = (1 + r.s) / 2 with the Bloch vectors r
    and s, so numbers stay real.
    """

    name = "product"

    def refusal(self, circuit: Circuit, columns: int) -> str | None:
        """Gates that join qubits."""
        if is_product(example_map(circuit, columns)):
            return None
        return f"needs a map of gates on single qubits, such as Angle; this one is {type(circuit.encoding).__name__}"

    def cost(self, circuit: Circuit, columns: int) -> float:
        """The sums within groups, and what is written for each."""
        tape = example_map(circuit, columns)
        written = 8  # a number that is read, multiplied and written takes as long as so many operations of a product
        if all(gate.is_real for gate in tape.gates):
            return -(-tape.num_qubits // _REAL_GROUP) * (2.0 * 2**_REAL_GROUP + written)
        return -(-tape.num_qubits // _COMPLEX_GROUP) * (2.0 * 4**_COMPLEX_GROUP + written)

    def embed(
        self, circuit: Circuit, theta: Angles, scaling: Angles, points: Float[Array, "points columns"]
    ) -> Embedded:
        """For each group of qubits the products of their numbers, (points, groups, numbers)."""
        example = example_map(circuit, points.shape[1], points.dtype)
        zero, one = states_of_qubits(example, partial(record_map, circuit, theta, scaling), points.T)
        if are_complex := jnp.iscomplexobj(zero) or jnp.iscomplexobj(one):
            both = 2 * zero * jnp.conj(one)
            sizes = [jnp.square(state.real) + jnp.square(state.imag) for state in (zero, one)]
            rows = [sizes[0] + sizes[1], both.real, both.imag, sizes[0] - sizes[1]]
            numbers = jnp.stack(rows, axis=1) / jnp.sqrt(2).astype(points.dtype)
        else:
            numbers = jnp.stack([zero, one], axis=1)
        size = _COMPLEX_GROUP if are_complex else _REAL_GROUP
        missing = -len(numbers) % size
        nothing = jnp.zeros((numbers.shape[1], 1), numbers.dtype).at[0].set(1)  # whose overlap is 1
        filled = jnp.concatenate([numbers, jnp.broadcast_to(nothing, (missing, *numbers.shape[1:]))])
        apart = filled.reshape(-1, size, *numbers.shape[1:])
        grouped = reduce(_multiplied, (apart[:, place] for place in range(size)))
        return jnp.moveaxis(grouped, 2, 0)

    def compare(self, left: Embedded, right: Embedded) -> Float[Array, "left right"]:
        """Group by group, so that what is written stays in the cache."""
        is_bloch = left.shape[2] == 4**_COMPLEX_GROUP

        def times(found: Array, group: tuple[Array, Array]) -> tuple[Array, None]:
            return found * jnp.matmul(group[0], group[1].T, precision="highest"), None

        start = jnp.ones((len(left), len(right)), left.dtype)
        found, _ = jax.lax.scan(times, start, (jnp.moveaxis(left, 1, 0), jnp.moveaxis(right, 1, 0)))
        return found if is_bloch else jnp.square(found)


def _multiplied(left: Float[Array, "groups a points"], right: Float[Array, "groups b points"]) -> Array:
    """All products of the numbers of two qubits."""
    return (left[:, :, None] * right[:, None]).reshape(len(left), -1, left.shape[2])
