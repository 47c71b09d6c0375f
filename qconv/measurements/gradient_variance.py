"""Variance of gradients at random angles."""

import math
from dataclasses import dataclass, field
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from qconv.bounds import require_at_least
from qconv.circuit.circuit import Circuit
from qconv.diagnostics.gradients import gradient_variance
from qconv.encoding.angle import Angle
from qconv.measurements.base import Measured
from qconv.measurements.random_states import OfAnsatz
from qconv.readout.base import Readout
from qconv.readout.pauli import PauliZ
from qconv.simulate.choose import choose_engine
from qconv.simulate.expectations import expectations


@dataclass(frozen=True)
class GradientVariance(OfAnsatz):
    """Variance of the derivative of a cost by an angle, averaged over angles and channels.

    The cost is a channel of the readout after the ansatz on |0...0>; angles are uniform in [-pi, pi]. Where it falls
    exponentially with the number of qubits, the circuit cannot be trained from random angles (a barren plateau).

    Source: McClean et al., Nature Communications 9, 4812 (2018).
    """

    readout: Readout = field(default_factory=PauliZ)
    """Costs."""
    samples: int = 200
    """Random angles."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require_at_least(self, 2, "samples")

    def measure(self) -> Measured:
        """The mean variance, in single precision."""
        return _measure(self)


@lru_cache(maxsize=64)  # the fits of a table want the same again
def _measure(spec: GradientVariance) -> Measured:
    circuit, num_qubits = Circuit(Angle(), spec.ansatz, spec.readout), spec.num_qubits
    shape, engine = spec.ansatz.param_shape(num_qubits), choose_engine(circuit, num_qubits, patches=1)
    key = jax.random.key(spec.seed)
    thetas = jax.random.uniform(key, (spec.samples, *shape), minval=-math.pi, maxval=math.pi)

    def costs(theta: Array) -> Array:
        return expectations(circuit, theta, jnp.zeros((1, num_qubits)), engine)[0]  # RY(0) on each qubit

    # Backwards: costs are few, angles many; `diagnostics.gradients` has a state for each angle.
    sample = jax.jit(lambda thetas: jax.lax.map(jax.jacrev(costs), thetas))(thetas)
    variance = gradient_variance(np.asarray(sample).reshape(spec.samples, -1, spec.num_angles))
    return Measured(float(variance.mean()), spec.num_angles)
