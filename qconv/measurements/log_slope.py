"""How fast a quantity grows or falls: the slope of a fit through other measurements."""

from dataclasses import dataclass

import numpy as np

from qconv.errors import InputError
from qconv.measurements.base import Measured, Measurement


@dataclass(frozen=True)
class LogSlope(Measurement):
    """Slope of the least-squares line through (x, log2 of a measurement).

    With x the number of qubits, -2 means a quarter for each qubit more: exponential. With x its logarithm to base 2,
    -2 means a quarter for each doubling: a power law with exponent -2.
    """

    points: tuple[Measurement, ...] = ()
    """What is fitted; values must be more than 0. Their seeds count, not this one's."""
    at: tuple[float, ...] = ()
    """x of each."""

    def __post_init__(self) -> None:
        if len(self.points) != len(self.at) or len(set(self.at)) < 2:
            raise InputError(f"{len(self.points)} points at {self.at}; allowed: as many, at two or more places")

    def measure(self) -> Measured:
        """The slope through the values of all points.

        Raises:
            InputError: a value is not more than 0.
        """
        values = [point.measure().value for point in self.points]
        if min(values) <= 0:
            raise InputError(f"values = {values}; allowed: more than 0")
        return Measured(float(np.polyfit(self.at, np.log2(values), 1)[0]))
