"""The weight of the most probable outcome."""

from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.readout.base import Readout
from qconv.readout.probabilities import Probabilities, outcomes


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
        """False: the weight of the most probable outcome changes in steps."""
        return False

    def observables(self, num_qubits: int) -> tuple[str, ...]:
        """Projectors on all outcomes."""
        return Probabilities().observables(num_qubits)

    def num_observables(self, num_qubits: int) -> int:
        """One observable for each outcome."""
        return 2**num_qubits

    def decode(self, expectations: Float[Array, "observables patches"]) -> Float[Array, "channels patches"]:
        """The weight of the largest probability of each column; NaN where one is NaN."""
        weights = outcomes(len(expectations).bit_length() - 1).sum(axis=1)
        found = jnp.asarray(weights, expectations.dtype)[jnp.argmax(expectations, axis=0)]
        return jnp.where(jnp.isnan(expectations).any(axis=0), jnp.nan, found)[None]

    def num_channels(self, num_qubits: int) -> int:
        """One channel: the weight."""
        return 1
