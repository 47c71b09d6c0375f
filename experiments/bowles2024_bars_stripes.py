"""Bars and stripes of Bowles, Ahmed and Schuld (2024): a CNN, and the same CNN on a random quanvolution.

Bowles, Ahmed and Schuld, "Better than classical? The subtle art of benchmarking quantum machine learning models",
arXiv:2403.07059 (2024), and its code, github.com/XanaduAI/qml-benchmarks. 1,000 training and 200 test images, noise of
0.5, made anew by the published generator from its seed. CNN: two convolutions of 32 and 64 channels, max-pooling after
each and no activation in between (as in the code), 128 hidden units with ReLU. Pixels are brought to mean 0 and
variance 1, each by itself. Quanvolution: pixels are bits, 1 where they are above the middle of their range over the
training images; windows of 2x2; each channel a random circuit of 10 layers of 20 rotations, never trained, and the
channel is the number of ones in the most probable outcome; then the same CNN. Adam, batches of 32 drawn with
replacement, at most 10,000 steps, ended where the mean losses of the last 200 steps and of the 200 before differ by no
more than half the standard error.

Published figures are the authors' stored results of 5 seeds, with the population standard deviation. Kernel sizes and
learning rates are those of their stored grid search. Of the 16x16 quanvolution no such file could be read: here it has
those of 8x8.

Known differences: two logits for one; single precision for double; which gates the random circuits have (as there, they
are the same for all channels and seeds, and the angles are not). The published
code looks at the losses from step 402 on, ours from step 400 on, and it transposes what the quanvolution gives, which
makes no difference to a CNN that is trained.

The twin is the CNN on a random classical convolution with ReLU in the place of the quanvolution: it sees the pixels
themselves, the quanvolution only their bits. The support vector machine and the logistic regression see standardised
pixels.
"""

from collections.abc import Iterator

from qconv import (
    Adam,
    BarsAndStripes,
    Basis,
    Circuit,
    ClassicalNet,
    Control,
    ConvHead,
    Experiment,
    ImageModel,
    LogisticRegression,
    MostProbableWeight,
    Published,
    QuantumConv,
    QuanvNet,
    RandomLayers,
    RbfSvm,
    Row,
    Scaled,
    Table,
    seeds,
)

SOURCE = "github.com/XanaduAI/qml-benchmarks, paper/results/bars_and_stripes, best-hyperparams-results, 5 seeds"
CNN = {4: (3, 1e-3), 8: (2, 1e-3), 16: (2, 1e-4)}
"""Kernel size and learning rate."""
QUANVOLUTION = {4: (5, 1e-4, 5), 8: (5, 1e-4, 10), 16: (5, 1e-4, 10)}
"""Kernel size and learning rate of its CNN, and channels."""
PUBLISHED = {
    ("CNN", 4): (0.956, 0.010),
    ("CNN", 8): (1.0, 0.0),
    ("CNN", 16): (1.0, 0.0),
    ("quanvolution", 4): (0.924, 0.005),
    ("quanvolution", 8): (0.996, 0.006),
    ("quanvolution", 16): (1.0, 0.0),
}
"""Mean and standard deviation."""


def head(kernel: int) -> ConvHead:
    """The published CNN."""
    return ConvHead(num_classes=2, kernel_size=(kernel, kernel), relu=False)


def quanvolution(channels: int) -> QuantumConv:
    """The published random circuits on windows of 2x2 bits."""
    circuit = Circuit(Basis(threshold=0.0), RandomLayers(depth=10, rotations=20), MostProbableWeight())
    return QuantumConv(circuit, features=channels, kernel_size=2, padding="VALID", trainable=False)


def experiment(data: Scaled, model: ImageModel, learning_rate: float) -> Experiment:
    """The published training."""
    return Experiment(
        data=data,
        model=model,
        optimizer=Adam(learning_rate),
        num_steps=10_000,
        batch_size=32,
        log_every=100,
        eval_every=10_000,
        checkpoint_every=2_000,
        sampling="replacement",
        plateau=200,
    )


def rows() -> Iterator[Row]:
    """Size by size."""
    for size in (4, 8, 16):
        images = BarsAndStripes(size)
        standard = Scaled(images)
        controls = (
            Control("RBF-SVM", (RbfSvm(data=standard),)),
            Control("logistic regression", (LogisticRegression(data=standard),)),
        )
        kernel, rate = CNN[size]
        cnn = experiment(standard, ClassicalNet(head(kernel)), rate)
        kernel, rate, channels = QUANVOLUTION[size]
        quanv = experiment(Scaled(images, "range"), QuanvNet(quanvolution(channels), head(kernel)), rate)
        for name, cell in (("CNN", cnn), ("quanvolution", quanv)):
            mean, std = PUBLISHED[name, size]
            published = Published(mean, SOURCE, std, runs=5, ddof=0)
            yield Row(name, seeds(cell, range(5)), published, controls, f"{size}x{size}")


table = Table(rows=tuple(rows()))
