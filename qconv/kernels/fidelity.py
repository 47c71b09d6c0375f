"""Fidelity kernels: how much the states of two points overlap."""

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.ansatz.identity import Identity
from qconv.bounds import require
from qconv.circuit.circuit import Circuit
from qconv.encoding.angle import Angle
from qconv.encoding.base import BitEncoding
from qconv.errors import InputError
from qconv.gates.tape import x64_enabled
from qconv.kernels.chains import Chains
from qconv.kernels.dense_states import DenseStates
from qconv.kernels.kernel import Embedded, Kernel, Params, scalar
from qconv.kernels.overlaps import Overlaps
from qconv.kernels.product_states import ProductStates

OVERLAPS: tuple[Overlaps, ...] = (ProductStates(), Chains(), DenseStates())
"""The engines that there are."""

if TYPE_CHECKING:
    OverlapsChoice = str
else:  # the command line shows the names
    OverlapsChoice = Literal[("auto", *(own.name for own in OVERLAPS))]


@dataclass(frozen=True)
class FidelityKernel(Kernel):
    """|<x|y>|^2 of the states that a circuit makes of two points.

    The numbers of a point are multiplied by the bandwidth before they are encoded. The readout of the circuit plays no
    part, nor does the last ansatz: it is the same for both points and cancels. What is trained are the bandwidth and,
    with `reuploads`, the angles of the ansätze between the encodings.

    Sources: Havlíček et al., "Supervised learning with quantum-enhanced feature spaces", Nature 567, 209 (2019); the
    bandwidth: Shaydulin and Wild, "Importance of kernel bandwidth in quantum machine learning", Physical Review A 106,
    042407 (2022).
    """

    circuit: Circuit = field(default_factory=lambda: Circuit(Angle(scale=1.0), Identity()))
    """Whose encoding is the feature map."""
    bandwidth: float | None = None
    """Times each number of a point, where training starts; None for 1 / sqrt(numbers of a point)."""
    engine: OverlapsChoice = "auto"
    """How overlaps are computed; they agree to float accuracy. `auto` is the cheapest that can take the circuit."""

    def __post_init__(self) -> None:
        fits = self.bandwidth is None or 0 < self.bandwidth < math.inf
        require(self, "bandwidth", fits, "None or a positive number")
        names = ("auto", *(own.name for own in OVERLAPS))
        require(self, "engine", self.engine in names, ", ".join(map(repr, names)))

    def init(self, columns: int, seed: int = 0) -> Params:
        """`bandwidth`; `theta`, uniform in [-pi, pi], with reuploads; `scaling`, 1, with trainable scaling.

        Raises:
            InputError: the circuit cannot take so many numbers, or there is no engine for it.
        """
        self.overlaps(columns)
        found: Params = {"bandwidth": scalar(initial_bandwidth(self.bandwidth, columns))}
        if self.circuit.reuploads:
            found["theta"] = initial_angles(self.circuit.param_shape(columns), seed)
        if self.circuit.trainable_scaling:
            found["scaling"] = jnp.ones(self.circuit.scaling_shape(columns))
        return found

    def embed(self, params: Params, points: Float[Array, "points columns"]) -> Embedded:
        """What the engine keeps of each point's state."""
        numbers = narrowed(self.circuit, params["bandwidth"], points)
        overlaps = self.overlaps(points.shape[1])
        return {overlaps.name: overlaps.embed(self.circuit, params.get("theta"), params.get("scaling"), numbers)}

    def compare(self, params: Params, left: Embedded, right: Embedded) -> Float[Array, "left right"]:
        """|<x|y>|^2, between 0 and 1."""
        ((name, states),) = left.items()
        return _named(name).compare(states, right[name])

    def diagonal(self, params: Params, embedded: Embedded) -> Float[Array, " points"]:
        """1, whatever the points, but for those that no state can be made of."""
        leaves = jax.tree.leaves(embedded)
        are_numbers = [jnp.isfinite(leaf).reshape(len(leaf), -1).all(1) for leaf in leaves]
        return jnp.where(jnp.stack(are_numbers).all(0), jnp.ones((), leaves[0].dtype), jnp.nan)

    def overlaps(self, columns: int) -> Overlaps:
        """The engine for points of so many numbers.

        Raises:
            InputError: none can take the circuit; it says why each cannot.
        """
        return _cheapest(self.circuit, self.engine, columns, x64_enabled())


@lru_cache(maxsize=64)
def _cheapest(circuit: Circuit, engine: str, columns: int, x64: bool) -> Overlaps:
    """Asked for whenever points are embedded, and of many qubits it takes a while."""
    wanted = OVERLAPS if engine == "auto" else (_named(engine),)
    refusals = {own.name: own.refusal(circuit, columns) for own in wanted}
    able = [own for own in wanted if refusals[own.name] is None]
    if able:
        return min(able, key=lambda own: own.cost(circuit, columns))
    raise InputError("; ".join(f"engine {name!r} {refusal}" for name, refusal in refusals.items()))


def _named(name: str) -> Overlaps:
    return next(own for own in OVERLAPS if own.name == name)


def initial_bandwidth(bandwidth: float | None, columns: int) -> float:
    """Where the training of a bandwidth starts: as given, or 1 / sqrt(numbers of a point)."""
    return 1 / math.sqrt(max(1, columns)) if bandwidth is None else bandwidth


def initial_angles(shape: tuple[int, ...], seed: int) -> Array:
    """Angles uniform in [-pi, pi] radians."""
    return jax.random.uniform(jax.random.key(seed), shape, minval=-math.pi, maxval=math.pi)


def narrowed(circuit: Circuit, bandwidth: Array, points: Float[Array, "points columns"]) -> Array:
    """Points times the bandwidth; bits stay what they are, as they have no size."""
    return points if isinstance(circuit.encoding, BitEncoding) else points * bandwidth.astype(points.dtype)
