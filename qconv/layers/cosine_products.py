"""Products of cosines: what a ring of CNOTs after one rotation of each qubit measures, without a circuit."""

import math
from typing import Any, Literal

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.bounds import require, require_at_least, require_choices
from qconv.circuit.circuit import check_floating
from qconv.layers.initial import angles
from qconv.patches import flattened


class CosineProducts(nn.Module):
    """cos(x_0 + w_0) cos(x_1 + w_1) ... cos(x_j + w_j) for each j from 1 on; the first output is that of all but x_0.

    For three numbers or more it equals, with the same parameter `theta`, of shape (features, 1, 1, numbers), the layer

        QuantumDense(Circuit(Angle("X", scale=1.0), BasicEntangler(depth=1), PauliZ()), features)

    which rotates qubit j by x_j + w_j, joins the qubits by a ring of CNOTs and measures <Z> of each. A CNOT permutes
    basis states. So what is measured of qubit j after the ring is the parity of the bits 0 to j before it, and of qubit
    0 that of the bits 1 to n - 1: once the last one controls it, its own bit is added twice. Qubits that are only
    rotated are independent, with <Z> = cos(x + w), and the expectation of a parity is the product of theirs. A computer
    needs n cosines and no state of 2^n amplitudes for it.
    """

    features: int = 1
    """How many sets of such products there are, each with angles of its own."""
    angle_range: float = math.pi
    """Angles start in [-angle_range, angle_range] radians."""
    angle_distribution: Literal["uniform", "normal"] = "uniform"
    """Uniform there, or normal with mean 0 and standard deviation angle_range."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least(self, 1, "features")
        require(self, "angle_range", 0 <= self.angle_range < math.inf, "0 or more radians")
        require_choices(self)

    @nn.compact
    def __call__(self, inputs: Float[Array, "batch ..."]) -> Float[Array, "batch out"]:
        """The products of each input, in [-1, 1]: as many for each of the `features` as the input has numbers."""
        check_floating(inputs=inputs)
        vectors = flattened(inputs)
        numbers = vectors.shape[1]
        shape = (self.features, 1, 1, numbers)
        w: Any = self.param("theta", angles(self.angle_range, self.angle_distribution), shape, vectors.dtype)
        cosines = jnp.cos(vectors[:, None] + w[None, :, 0, 0])
        products = jnp.cumprod(cosines, axis=-1)
        without_first = jnp.prod(cosines[..., 1:], axis=-1, keepdims=True)
        return flattened(jnp.concatenate([without_first, products[..., 1:]], axis=-1))
