"""The ansatz without a gate."""

from dataclasses import dataclass

from jaxtyping import Array, Float

from qconv.ansatz.base import Ansatz
from qconv.gates.tape import CircuitBuilder


@dataclass(frozen=True)
class Identity(Ansatz):
    """No gate and no parameter: the control that shows what the encoding alone does, and a part left out."""

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        """(0,): there are no angles."""
        return (0,)

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "0"]) -> None:
        """Nothing."""
