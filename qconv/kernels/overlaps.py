"""What computes overlaps of states: an engine of fidelity kernels.

A new one is a new file with a subclass of `Overlaps`, and an entry in `qconv.kernels.fidelity.OVERLAPS`.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

from jaxtyping import Array, Float

from qconv.circuit.circuit import Circuit
from qconv.kernels.feature_map import Angles
from qconv.kernels.kernel import Embedded


class Overlaps(ABC):
    """A way to compute |<x|y>|^2 for the states of all pairs of points. Subclasses have no state."""

    name: ClassVar[str]
    """What users call it."""

    @abstractmethod
    def refusal(self, circuit: Circuit, columns: int) -> str | None:
        """Why it cannot take a circuit, as the end of a sentence that begins with its name; None if it can."""

    @abstractmethod
    def cost(self, circuit: Circuit, columns: int) -> float:
        """Operations for each pair of points, about, of a circuit that it can take."""

    @abstractmethod
    def embed(
        self, circuit: Circuit, theta: Angles, scaling: Angles, points: Float[Array, "points columns"]
    ) -> Embedded:
        """What is kept of the state of each point.

        Args:
            circuit: encoding and, with reuploads, ansatz.
            theta: angles in radians, as `Circuit.param_shape` has it; None without reuploads.
            scaling: factors of the data for each encoding, or None.
            points: what is encoded.
        """

    @abstractmethod
    def compare(self, left: Embedded, right: Embedded) -> Float[Array, "left right"]:
        """|<x|y>|^2 for each point on the left and each one on the right."""
