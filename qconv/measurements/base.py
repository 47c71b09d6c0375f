"""What a measurement is: a frozen spec that gives one number."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Measured(NamedTuple):
    """What a measurement gives."""

    value: float
    """The figure of the table."""
    num_parameters: int | None = None
    """Fitted numbers; None where counting them would tell nothing, as for a kernel machine."""
    per_item: Float[np.ndarray, " items"] | None = None
    """The metric of each item, of a method that is compared with networks item by item."""


@dataclass(frozen=True)
class Measurement(ABC):
    """What a cell of a table does where it does not train a network. Subclasses are frozen dataclasses.

    It should take seconds: a measurement that is stopped starts anew.
    """

    seed: int = 0
    """Fixes all that is random."""

    @abstractmethod
    def measure(self) -> Measured:
        """The figure of this spec, which gives the same each time.

        Raises:
            InputError: what the fields say does not fit together.
            DataUnavailableError: data that it needs are not there.
        """
