"""Classical heads: feature maps to logits, or to scores where the loss is the squared error."""

from typing import Any, Literal

import flax.linen as nn
import jax.numpy as jnp
from jaxtyping import Array, Float

from qconv.circuit.circuit import check_floating
from qconv.errors import InputError
from qconv.layers.initial import uniform
from qconv.patches import extract_patches, flattened


class LinearHead(nn.Module):
    """One dense layer on all features."""

    num_classes: int = 10
    """Number of logits."""
    distribution: Literal["normal", "uniform"] = "normal"
    """First weights: normal with variance 1 / inputs, cut off at two standard deviations, and biases 0; or both uniform
    in [-1 / sqrt(inputs), 1 / sqrt(inputs)], as in PyTorch: a third of the variance, which a short training shows."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.distribution not in ("normal", "uniform"):
            raise InputError(f"distribution = {self.distribution!r}; allowed: 'normal', 'uniform'")
        _check_sizes(num_classes=self.num_classes)

    @nn.compact
    def __call__(self, features: Float[Array, "batch ..."], *, train: bool = False) -> Float[Array, "batch classes"]:
        """Logits."""
        check_floating(features=features)
        rows = flattened(features)
        if self.distribution == "normal":
            return nn.Dense(self.num_classes)(rows)
        initial = uniform(rows.shape[1])
        return nn.Dense(self.num_classes, kernel_init=initial, bias_init=initial)(rows)


class ConvHead(nn.Module):
    """A small convolutional network: convolutions with ReLU and 2x2 max-pooling, then a hidden dense layer."""

    num_classes: int = 10
    """Number of logits."""
    features: tuple[int, ...] = (32, 64)
    """Channels of each convolution."""
    hidden: int = 128
    """Width of the hidden dense layer."""
    dropout: float = 0.0
    """Part of the values that training sets to 0 before each dense layer."""
    kernel_size: tuple[int, int] = (3, 3)
    """Height and width of each convolution."""
    relu: bool = True
    """Whether negative values become 0 after each convolution; the hidden layer always has ReLU."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.dropout < 1:
            raise InputError(f"dropout = {self.dropout}; allowed: 0 to less than 1")
        _check_sizes(
            num_classes=self.num_classes, features=self.features, hidden=self.hidden, kernel_size=self.kernel_size
        )

    @nn.compact
    def __call__(
        self, features: Float[Array, "batch height width channels"], *, train: bool = False
    ) -> Float[Array, "batch classes"]:
        """Logits."""
        check_floating(features=features)
        hidden = features
        for channels in self.features:
            small = any(size < kernel for size, kernel in zip(hidden.shape[1:3], self.kernel_size, strict=True))
            convolve = _matrix_product if small else None
            hidden = nn.Conv(channels, self.kernel_size, conv_general_dilated=convolve)(hidden)
            hidden = nn.relu(hidden) if self.relu else hidden
            hidden = nn.max_pool(hidden, (2, 2), (2, 2), "SAME")
        hidden = nn.Dropout(self.dropout, deterministic=not train)(flattened(hidden))
        hidden = nn.relu(nn.Dense(self.hidden)(hidden))
        hidden = nn.Dropout(self.dropout, deterministic=not train)(hidden)
        return nn.Dense(self.num_classes)(hidden)


def _check_sizes(**sizes: int | tuple[int, ...]) -> None:
    """Refuses sizes of layers that are less than 1."""
    for name, value in sizes.items():
        if any(size < 1 for size in (value if isinstance(value, tuple) else (value,))):
            raise InputError(f"{name} = {value}; allowed: at least 1")


def _matrix_product(
    images: Float[Array, "batch height width channels"],
    kernel: Float[Array, "rows columns channels out"],
    *_: Any,
    **__: Any,
) -> Float[Array, "batch height width out"]:
    """What `nn.Conv` asks for here, in place of XLA's convolution.

    That takes ten times as long on a CPU where an image is smaller than the kernel (4x4 and 5x5, 32 to 64 channels).
    """
    rows, columns, channels, out = kernel.shape
    windows = extract_patches(images, (rows, columns))
    return jnp.tensordot(windows, kernel.reshape(rows * columns, channels, out), 2)


class TanhHead(nn.Module):
    """Dense layers with tanh, then one without: the classical network of Mari et al., Quantum 4:340 (2020)."""

    num_classes: int = 2
    """Number of logits."""
    hidden: tuple[int, ...] = (5, 5)
    """Width of each layer with tanh."""
    weight_std: float = 0.1
    """Weights and biases start from a normal distribution with this standard deviation."""

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_sizes(num_classes=self.num_classes, hidden=self.hidden)
        if not self.weight_std > 0:
            raise InputError(f"weight_std = {self.weight_std}; allowed: more than 0")

    @nn.compact
    def __call__(self, features: Float[Array, "batch ..."], *, train: bool = False) -> Float[Array, "batch classes"]:
        """Logits."""
        check_floating(features=features)
        init = nn.initializers.normal(self.weight_std)
        hidden = flattened(features)
        for width in self.hidden:
            hidden = nn.tanh(nn.Dense(width, kernel_init=init, bias_init=init)(hidden))
        return nn.Dense(self.num_classes, kernel_init=init, bias_init=init)(hidden)


class LogProbabilities(nn.Module):
    """No parameters: logits are the logarithms of measured probabilities, of class k that of outcome k.

    With as many classes as outcomes, the cross-entropy is that of the measured outcome, as Hur, Kim and Park train it
    (Quantum Machine Intelligence 4:3, 2022, section on the cost function); of more outcomes the others are left out.
    """

    num_classes: int = 2
    """Number of logits."""
    epsilon: float = 1e-7
    """Smallest probability: an impossible outcome has a logarithm too."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.epsilon < 1:
            raise InputError(f"epsilon = {self.epsilon}; allowed: more than 0 and less than 1")

    def __call__(self, features: Float[Array, "batch outcomes"], *, train: bool = False) -> Float[Array, "batch _"]:
        """Logits, as many as there are outcomes but at most `num_classes`."""
        check_floating(features=features)
        return jnp.log(jnp.maximum(features[:, : self.num_classes], self.epsilon))


class OneScore(nn.Module):
    """No parameters, two classes: the only feature is the score of class 1, and what it lacks to 1 that of class 0.

    For the loss `SquaredError`, which trains an expectation towards the label itself; class 1 is what is above 1/2.

    Source: Cong, Choi and Lukin, "Quantum convolutional neural networks", Nature Physics 15, 1273 (2019), the section
    on training.

    Raises (when called):
        InputError: more features than one.
    """

    def __call__(self, features: Float[Array, "batch features"], *, train: bool = False) -> Float[Array, "batch 2"]:
        """Scores."""
        check_floating(features=features)
        if features.shape[1] != 1:
            raise InputError(f"the head OneScore gets {features.shape[1]} features; allowed: 1")
        return jnp.concatenate([1 - features, features], axis=1)
