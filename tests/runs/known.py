"""A network whose metrics NumPy can say: its outputs are the pixels of an image. And a task with metrics of its own."""

from dataclasses import dataclass
from typing import Any, ClassVar

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from qconv.data.dataset import ArraySource, Dataset, Element, Source, Split
from qconv.tasks.classification import Classification
from qconv.tasks.metric import Metric


class Known(nn.Module):
    """Outputs are the image's pixels; one parameter, so that it can be trained."""

    @nn.compact
    def __call__(self, images: jax.Array, *, train: bool = False) -> jax.Array:
        scale = self.param("scale", nn.initializers.ones, (1, 1))
        return scale * images.reshape(images.shape[0], -1)


@dataclass(frozen=True)
class KnownData(Dataset):
    """Random pixels, one for each class, and random labels; both splits are the same."""

    count: int = 20
    classes: int = 5

    @property
    def element(self) -> Element:
        return Element((1, self.classes, 1), num_classes=self.classes)

    def load(self, split: Split) -> ArraySource:
        rng = np.random.default_rng(self.count)
        images = rng.random((self.count, 1, self.classes, 1), np.float32)
        return ArraySource(images, rng.integers(0, self.classes, self.count), self.classes)


def known_outputs(source: Source, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Outputs of `Known` before training, in float64, and labels."""
    images, labels = source[rows]
    return images.reshape(len(rows), -1).astype(np.float64), labels


def known_sums(source: Source, rows: np.ndarray) -> tuple[float, int]:
    """Sum of the cross-entropies, and images classified rightly, in float64."""
    outputs, labels = known_outputs(source, rows)
    losses = np.log(np.exp(outputs).sum(axis=1)) - outputs[np.arange(len(rows)), labels]
    return losses.sum(), int((outputs.argmax(axis=1) == labels).sum())


@dataclass(frozen=True)
class MeanIoU(Metric):
    """The mean over classes of what is rightly of a class over all that is or is said to be of it: no mean of items."""

    name: ClassVar[str] = "mean_iou"

    def per_item(self, outputs: Any, targets: Any) -> Any:
        return (jnp.argmax(outputs, -1) == targets).astype(outputs.dtype)

    def sums(self, outputs: Any, targets: Any, weights: Any) -> dict[str, Any]:
        classes = outputs.shape[-1]
        truth = jax.nn.one_hot(targets, classes, dtype=outputs.dtype) * weights[:, None]
        guess = jax.nn.one_hot(jnp.argmax(outputs, -1), classes, dtype=outputs.dtype) * weights[:, None]
        return {"both": (truth * guess).sum(0), "either": jnp.maximum(truth, guess).sum(0)}

    def value(self, sums: dict[str, Any], count: float) -> float:
        both, either = (np.asarray(sums[name], np.float64) for name in ("both", "either"))
        return float(np.mean(both[either > 0] / either[either > 0]))


@dataclass(frozen=True)
class ErrorRate(Metric):
    """The share of images whose class is wrong."""

    name: ClassVar[str] = "error_rate"
    higher_is_better: ClassVar[bool] = False

    def per_item(self, outputs: Any, targets: Any) -> Any:
        return (jnp.argmax(outputs, -1) != targets).astype(outputs.dtype)


@dataclass(frozen=True)
class Errors(Classification):
    """Classification by its errors."""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return (ErrorRate(), MeanIoU())


def known_mean_iou(source: Source, rows: np.ndarray) -> float:
    """Class by class, over all of `rows` at once."""
    outputs, labels = known_outputs(source, rows)
    guess, shares = outputs.argmax(axis=1), []
    for label in sorted({*labels.tolist(), *guess.tolist()}):
        true, said = set(np.flatnonzero(labels == label)), set(np.flatnonzero(guess == label))
        shares.append(len(true & said) / len(true | said))
    return float(np.mean(shares))
