"""What an ansatz is."""

from abc import ABC, abstractmethod

from jaxtyping import Array, Float

from qconv.errors import InputError
from qconv.gates.tape import CircuitBuilder


class Ansatz(ABC):
    """A trainable circuit. Subclasses are frozen dataclasses."""

    @abstractmethod
    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """Shape of `theta`.

        Raises:
            InputError: the ansatz needs another number of qubits.
        """

    @abstractmethod
    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "..."]) -> None:
        """Appends its gates.

        Args:
            circuit: has `param_shape`'s number of qubits.
            theta: angles in radians, of shape `param_shape(num_qubits)`.
        """

    def kept(self, num_qubits: int) -> tuple[int, ...]:
        """The qubits that a readout sees, in its order: by default all; fewer where the ansatz gives some up."""
        return tuple(range(num_qubits))


_MOST_LAYERS = 10_000
"""A tape of more gates would take hours to record."""


def check_depth(depth: int, name: str = "depth") -> None:
    """Refuses numbers of layers that no circuit has.

    Args:
        depth: layers, or how often something else is repeated.
        name: of the field.

    Raises:
        InputError: it is negative or too large.
    """
    if depth < 0:
        raise InputError(f"{name} = {depth}; allowed: 0 or more layers")
    if depth > _MOST_LAYERS:
        raise InputError(f"{name} = {depth}; allowed: at most {_MOST_LAYERS} layers")
