"""Quanvolution with entangled filters of Riaz et al. (2023) on MNIST and CIFAR-10: none, random, strongly entangling.

Riaz, Abdulla, Suzuki, Ganguly, Deo and Hopkins, "Accurate image multi-class classification neural network model with
quantum entanglement approach", Sensors 23, 2753 (2023). Filters of 4 qubits on windows of 2x2, not trained: RY of the
pixel, then a random circuit, or a Hadamard gate on each qubit and strongly entangling layers (NNQE); <Z> of each qubit;
then a fully connected network, which is also the control without filters.

Published figures are those of the abstract. Of the set-up no more could be read than is said above: one dense layer,
windows side by side, a register for each colour, one random layer of four rotations, Adam and the number of steps are
those of PennyLane's demo on quanvolution or our choice. So tolerances are wide, and the order of the three rows is what
can be compared.

Data come from TensorFlow Datasets, all training and test images. The twin is a random classical convolution with ReLU
in the place of the filters. The fully connected network has no filters: it is the classical control.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from jaxtyping import Array, Float

from qconv import (
    Adam,
    Angle,
    Ansatz,
    Circuit,
    ClassicalNet,
    Experiment,
    LinearHead,
    Network,
    PauliZ,
    Published,
    QuantumConv,
    QuanvNet,
    RandomLayers,
    Row,
    StronglyEntangling,
    Supervised,
    Table,
    Tfds,
    seeds,
)
from qconv.gates.tape import CircuitBuilder


@dataclass(frozen=True)
class HadamardThenEntangling(Ansatz):
    """H on every qubit, then strongly entangling layers."""

    depth: int = 1
    """Number of layers."""

    def param_shape(self, num_qubits: int) -> tuple[int, ...]:
        return StronglyEntangling(self.depth).param_shape(num_qubits)

    def __call__(self, circuit: CircuitBuilder, theta: Float[Array, "depth qubits 3"]) -> None:
        circuit.h(range(circuit.num_qubits))
        StronglyEntangling(self.depth)(circuit, theta)


SOURCE = "Riaz et al., Sensors 23, 2753 (2023), abstract"
REASON = "no spread is published, and layers and training could not be read"
PUBLISHED = {"mnist": (0.920, 0.930, 0.938), "cifar10": (0.305, 0.349, 0.360)}
ANALOGUE = "layers and training where the article could not be read, as the notes say"


def quanvolution(ansatz: Ansatz) -> QuanvNet:
    """Filters, not trained, then one dense layer."""
    circuit = Circuit(Angle(), ansatz, PauliZ())
    conv = QuantumConv(circuit, kernel_size=2, strides=2, channels="concatenate", trainable=False)
    return QuanvNet(conv, LinearHead())


def rows() -> Iterator[Row]:
    """MNIST, then CIFAR-10."""
    models: dict[str, Network] = {
        "fully connected": ClassicalNet(LinearHead()),
        "random filter": quanvolution(RandomLayers()),
        "entangling filter (NNQE)": quanvolution(HadamardThenEntangling()),
    }
    for dataset, figures in PUBLISHED.items():
        data = Tfds(dataset, prepare=False)
        for (name, model), value in zip(models.items(), figures, strict=True):
            cell = Experiment(
                data,
                model,
                procedure=Supervised(Adam(1e-3), num_steps=10_000),
                eval_every=5_000,
                checkpoint_every=5_000,
            )
            published = Published(value, SOURCE, tolerance=0.02, reason=REASON)
            yield Row(name, seeds(cell, range(3)), published, section=dataset, analogue=ANALOGUE)


table = Table(rows=tuple(rows()))
