"""What an ansatz is."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from jaxtyping import Array, Float

from qconv.bounds import require_choices
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


@dataclass(frozen=True)
class Layered(Ansatz):
    """Layers of the same gates, each with angles of its own."""

    depth: int = 2
    """Number of layers; 0 is the identity."""

    def __post_init__(self) -> None:
        check_depth(self.depth)
        require_choices(self)

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """The number of layers, then the shape of the angles of one."""
        return self.depth, *self.layer_shape(num_qubits)

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "depth ..."]) -> None:
        """Layer by layer."""
        for index in range(self.depth):
            self.layer(circuit, theta[index], index)

    @abstractmethod
    def layer_shape(self, num_qubits: int) -> tuple[int, ...]:
        """Shape of the angles of a layer.

        Raises:
            InputError: the ansatz needs another number of qubits.
        """

    @abstractmethod
    def layer(self, circuit: CircuitBuilder, theta: Float[Array, "..."], index: int) -> None:
        """Appends the gates of layer `index`, with the angles `theta` in radians."""


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
