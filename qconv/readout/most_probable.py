"""The weight of the most probable outcome."""

from dataclasses import dataclass
from itertools import product

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.readout.base import Readout


@dataclass(frozen=True)
class MostProbableWeight(Readout):
    """The number of ones in the most probable outcome of measuring all qubits: one channel, in 0 .. num_qubits.

    Of outcomes with the same probability the first one in binary order counts. It is a step function, without a
    gradient: for layers that are not trained.

    Source: Henderson et al., "Quanvolutional neural networks", Quantum Machine Intelligence 2:2 (2020), section 2.2:
    the decoding of their experiments.
    """

    @property
    def is_differentiable(self) -> bool:
        """No: it steps."""
        return False

    def observables(self, num_qubits: int) -> tuple[str, ...]:
        """Projectors on all outcomes."""
        return tuple("".join(bits) for bits in product("01", repeat=num_qubits))

    def decode(self, expectations: Float[Array, "observables patches"]) -> Float[Array, "channels patches"]:
        """The weight of the largest probability of each column; NaN where one is NaN."""
        weights = np.array([index.bit_count() for index in range(len(expectations))])
        found = jnp.asarray(weights, expectations.dtype)[jnp.argmax(expectations, axis=0)]
        return jnp.where(jnp.isnan(expectations).any(axis=0), jnp.nan, found)[None]

    def num_channels(self, num_qubits: int) -> int:
        """One."""
        return 1
