"""Projected kernels: what a circuit measures of two points, compared by a classical kernel."""

import math
from dataclasses import dataclass, field

import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.ansatz.identity import Identity
from qconv.bounds import require
from qconv.circuit.circuit import Circuit
from qconv.encoding.angle import Angle
from qconv.kernels.classical import RBF
from qconv.kernels.fidelity import initial_angles, initial_bandwidth, narrowed
from qconv.kernels.kernel import Embedded, Kernel, Params, scalar
from qconv.readout.pauli import PauliXYZ
from qconv.simulate.expectations import expectations
from qconv.simulate.light_cones import cone_expectations, cones_pay


@dataclass(frozen=True)
class ProjectedKernel(Kernel):
    """A classical kernel of what the readout of a circuit gives for two points.

    By default these are the expectations of X, Y and Z of each qubit, its Bloch vector. Registers may have any width if
    the circuit is shallow and joins neighbours: then each expectation is computed from the few qubits it depends on.

    Source: Huang et al., "Power of data in quantum machine learning", Nature Communications 12, 2631 (2021),
    equation 9: with `RBF(gamma)` on the expectations of X, Y and Z it is their kernel with 2 gamma, since the squared
    distance of two one-qubit density matrices is half that of their Bloch vectors.
    """

    circuit: Circuit = field(default_factory=lambda: Circuit(Angle(scale=1.0), Identity(), PauliXYZ()))
    """Encoding, ansatz and readout."""
    outer: Kernel = field(default_factory=lambda: RBF(1.0))
    """The kernel of the channels that the readout gives."""
    bandwidth: float | None = None
    """Times each number of a point, where training starts; None for 1 / sqrt(numbers of a point)."""

    def __post_init__(self) -> None:
        fits = self.bandwidth is None or 0 < self.bandwidth < math.inf
        require(self, "bandwidth", fits, "None or a positive number")

    def init(self, columns: int, seed: int = 0) -> Params:
        """`bandwidth`; `theta`, uniform in [-pi, pi], and `scaling`, 1, if there are any; `outer`, of that kernel.

        Raises:
            InputError: points that the circuit cannot take, or a wide register with expectations of many qubits.
        """
        cones_pay(self.circuit, columns)  # refuses registers that nothing can simulate
        found: Params = {
            "bandwidth": scalar(initial_bandwidth(self.bandwidth, columns)),
            "outer": self.outer.init(self.circuit.num_channels(columns), seed + 1),
        }
        if math.prod(shape := self.circuit.param_shape(columns)):  # checkpoints hold no arrays without numbers
            found["theta"] = initial_angles(shape, seed)
        if self.circuit.trainable_scaling:
            found["scaling"] = jnp.ones(self.circuit.scaling_shape(columns))
        return found

    def embed(self, params: Params, points: Float[Array, "points columns"]) -> Embedded:
        """What the outer kernel knows of the channels."""
        return self.outer.embed(params["outer"], self.features(params, points))

    def features(self, params: Params, points: Float[Array, "points columns"]) -> Float[Array, "points channels"]:
        """The channels that the readout gives for each point."""
        numbers = narrowed(self.circuit, params["bandwidth"], points)
        evaluate = cone_expectations if cones_pay(self.circuit, points.shape[1]) else expectations
        none = jnp.zeros(self.circuit.param_shape(points.shape[1]), points.dtype)
        return evaluate(self.circuit, params.get("theta", none), numbers, scaling=params.get("scaling"))

    def compare(self, params: Params, left: Embedded, right: Embedded) -> Float[Array, "left right"]:
        """The outer kernel of the channels."""
        return self.outer.compare(params["outer"], left, right)

    def diagonal(self, params: Params, embedded: Embedded) -> Float[Array, " points"]:
        """The diagonal of the outer kernel."""
        return self.outer.diagonal(params["outer"], embedded)
