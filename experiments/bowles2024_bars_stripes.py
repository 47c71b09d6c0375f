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
from dataclasses import dataclass
from typing import Any

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from qconv import (
    Adam,
    BarsAndStripes,
    Basis,
    Circuit,
    ClassicalNet,
    Control,
    Experiment,
    InputError,
    LogisticRegression,
    MostProbableWeight,
    Network,
    Published,
    QuantumConv,
    QuanvNet,
    RandomLayers,
    RbfSvm,
    Row,
    Scaled,
    Sums,
    Supervised,
    SupervisedState,
    Table,
    Task,
    seeds,
)
from qconv.patches import extract_patches, flattened

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


class PublishedCnn(nn.Module):
    """Two convolutions without activation, each before max-pooling, then a hidden layer with ReLU."""

    kernel: int
    """Height and width of each convolution."""

    @nn.compact
    def __call__(self, images: Float[Array, "batch height width channels"]) -> Float[Array, "batch 2"]:
        size = (self.kernel, self.kernel)
        for channels in (32, 64):
            small = min(images.shape[1:3]) < self.kernel
            convolve = matrix_product if small else None
            images = nn.Conv(channels, size, conv_general_dilated=convolve)(images)
            images = nn.max_pool(images, (2, 2), (2, 2), "SAME")
        hidden = nn.relu(nn.Dense(128)(flattened(images)))
        return nn.Dense(2)(hidden)


def matrix_product(images: Array, kernel: Array, *_: Any, **__: Any) -> Array:
    """What `nn.Conv` asks for here, in place of XLA's convolution.

    That takes ten times as long on a CPU where an image is smaller than the kernel (4x4 and 5x5, 32 to 64 channels).
    """
    rows, columns, channels, out = kernel.shape
    windows = extract_patches(images, (rows, columns))
    return jnp.tensordot(windows, kernel.reshape(rows * columns, channels, out), 2)


class WatchedState(SupervisedState):
    """The state of a training that ends where the loss is flat."""

    losses: Any
    """Mean losses of the last two intervals, the newest last; 0 where there was no step yet."""


@dataclass(frozen=True)
class UntilFlat(Supervised):
    """Batches drawn with replacement, and an end where the loss no longer falls.

    That is where the mean losses of the last interval and of the one before differ by no more than half the standard
    error of the last.
    """

    interval: int = 200
    """Steps of an interval."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.interval < 2:
            raise InputError(f"interval = {self.interval}; allowed: at least 2 steps")

    def init(self, key: Array, inputs: Array, *, network: nn.Module) -> tuple[WatchedState, dict[str, Any]]:
        state, frozen = super().init(key, inputs, network=network)
        return WatchedState(**vars(state), losses=jnp.zeros(2 * self.interval, inputs.dtype)), frozen

    def rows(self, seed: int, step: int, size: int) -> Int[np.ndarray, " batch"]:
        return np.random.default_rng([seed, step]).integers(size, size=self.batch_size)

    def step(self, state: Any, *arguments: Any, task: Task, **options: Any) -> tuple[WatchedState, Sums]:
        after, sums = super().step(state, *arguments, task=task, **options)
        watched: Any = after.replace(losses=jnp.append(state.losses[1:], sums.mean_loss(task)))
        return watched, sums

    def ended(self, state: Any, step: int) -> bool:
        if step < 2 * self.interval:
            return super().ended(state, step)
        before, last = np.split(np.asarray(state.losses, np.float64), 2)
        flat = abs(last.mean() - before.mean()) <= last.std() / np.sqrt(len(last)) / 2
        return bool(flat) or super().ended(state, step)


def quanvolution(channels: int) -> QuantumConv:
    """The published random circuits on windows of 2x2 bits."""
    circuit = Circuit(Basis(threshold=0.0), RandomLayers(depth=10, rotations=20), MostProbableWeight())
    return QuantumConv(circuit, features=channels, kernel_size=2, padding="VALID", trainable=False)


def experiment(data: Scaled, model: Network, learning_rate: float) -> Experiment:
    """The published training."""
    return Experiment(
        data=data,
        model=model,
        procedure=UntilFlat(Adam(learning_rate), num_steps=10_000, batch_size=32),
        log_every=100,
        eval_every=10_000,
        checkpoint_every=2_000,
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
        cnn = experiment(standard, ClassicalNet(PublishedCnn(kernel)), rate)
        kernel, rate, channels = QUANVOLUTION[size]
        quanv = experiment(Scaled(images, "range"), QuanvNet(quanvolution(channels), PublishedCnn(kernel)), rate)
        for name, cell in (("CNN", cnn), ("quanvolution", quanv)):
            mean, std = PUBLISHED[name, size]
            published = Published(mean, SOURCE, std, runs=5, ddof=0)
            yield Row(name, seeds(cell, range(5)), published, controls, f"{size}x{size}")


table = Table(rows=tuple(rows()))
