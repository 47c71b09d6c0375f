"""A quantum circuit between two classical layers."""

import flax.linen as nn
from jaxtyping import Array, Float

from qconv.bounds import require, require_at_least
from qconv.circuit.circuit import check_floating
from qconv.models.network import Network
from qconv.models.num_classes import check_num_classes, known_num_classes
from qconv.patches import flattened


class DressedNet(Network):
    """A dressed quantum circuit: a dense layer makes as many numbers as the circuit encodes, another logits of it.

    The numbers are (1 + tanh) / 2 of the first layer, in [0, 1] as pixels are, so that any encoding fits. The published
    one, H and then RY(pi/2 tanh) on each qubit, is `Angle()`: RY(pi/2) takes |0> to the same state as H does, and
    rotations about one axis add up to RY(pi (1 + tanh) / 2).

    Source: Mari et al., "Transfer learning in hybrid classical-quantum neural networks", Quantum 4:340 (2020),
    section 2.
    """

    quantum: nn.Module
    """The circuit: a `QuantumDense`, or a classical layer."""
    width: int = 4
    """How many numbers the first layer makes; with angle encoding, qubits."""
    num_classes: int | None = 2
    """Number of logits; None for as many as the data have classes."""
    weight_std: float = 0.1
    """Weights and biases of both layers start from a normal distribution with this standard deviation."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_num_classes(self)
        require_at_least(self, 1, "width")
        require(self, "weight_std", self.weight_std > 0, "more than 0")

    def setup(self) -> None:
        """Makes the two classical layers."""
        init = nn.initializers.normal(self.weight_std)
        self.before = nn.Dense(self.width, kernel_init=init, bias_init=init)
        self.after = nn.Dense(known_num_classes(self), kernel_init=init, bias_init=init)

    @nn.nowrap
    def stages(self) -> tuple[str, ...]:
        """A dense layer, the circuit, and another dense layer."""
        return ("numbers", "quantum", "after")

    def numbers(self, images: Float[Array, "batch height width channels"]) -> Float[Array, "batch qubits"]:
        """What the circuit encodes of each image."""
        check_floating(images=images)
        return (1 + nn.tanh(self.before(flattened(images)))) / 2
