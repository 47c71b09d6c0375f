"""Classical filters: their strength is chosen on training images, and they take noise off."""

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpy as np
import pytest

from qconv.data.dataset import ArraySource, Source
from qconv.data.noisy import Noisy
from qconv.data.photographs import Photographs
from qconv.errors import InputError
from qconv.methods.gaussian import GaussianFilter
from qconv.methods.non_local_means import NonLocalMeans
from qconv.methods.total_variation import TotalVariation
from qconv.methods.tuned import Image, TunedFilter
from qconv.methods.unchanged import Unchanged
from qconv.tasks.image_quality import PSNR
from qconv.tasks.metric import Metric
from qconv.tasks.restoration import Restoration

TASK = Restoration()
DATA = Noisy(Photographs(48))


def psnr(outputs: np.ndarray, targets: np.ndarray) -> float:
    return float(PSNR().per_item(jnp.asarray(outputs, jnp.float32), jnp.asarray(targets)).mean())


@pytest.fixture(scope="module")
def held_out() -> tuple[np.ndarray, np.ndarray]:
    source = DATA.load("test")
    return source[np.arange(len(source))]


@pytest.mark.parametrize(
    ("method", "gain"),
    [(GaussianFilter(), 4.5), (TotalVariation(), 7), (NonLocalMeans(), 7)],
    ids=lambda each: str(each),
)
def test_noise_is_taken_off_images_that_were_not_seen(
    method: TunedFilter, gain: float, held_out: tuple[np.ndarray, np.ndarray]
) -> None:
    given, targets = held_out
    method = dataclasses.replace(method, num_images=12)
    fitted = method.fitted(DATA.load("train"), TASK, 0)
    outputs = fitted.outputs(given)
    assert outputs.shape == targets.shape and psnr(outputs, targets) - psnr(given, targets) > gain
    assert fitted.num_parameters == 1
    strength = float(fitted.settings.split()[1])
    assert min(method.strengths) < strength < max(method.strengths)  # the best one is within the range that is tried
    np.testing.assert_array_equal(outputs[:2], fitted.outputs(given[:2]))


def test_images_may_stay_as_they_are(held_out: tuple[np.ndarray, np.ndarray]) -> None:
    fitted = Unchanged().fitted(DATA.load("train"), TASK, 0)
    np.testing.assert_array_equal(fitted.outputs(held_out[0]), held_out[0])
    assert fitted.num_parameters == 0


@dataclass(frozen=True)
class Grey(TunedFilter):
    """All pixels as grey as its strength."""

    name: ClassVar[str] = "grey"
    folder: ClassVar[str] = "grey"
    strengths: tuple[float, ...] = (0.2, 0.4, 0.6)

    def filtered(self, image: Image, strength: float, noise: float) -> Image:
        assert noise == pytest.approx(0.5)
        return np.full_like(image, strength)


class Distance(PSNR):
    """Smaller is better."""

    higher_is_better: ClassVar[bool] = False

    def per_item(self, outputs, targets):
        return -super().per_item(outputs, targets)


@dataclass(frozen=True)
class Other(Restoration):
    @property
    def metrics(self) -> tuple[Metric, ...]:
        return (Distance(),)


@pytest.mark.parametrize("task", [TASK, Other()], ids=["higher is better", "lower is better"])
def test_the_strength_with_the_best_headline_on_training_images_is_taken(task: Restoration) -> None:
    images = np.zeros((6, 12, 12, 1), np.float32)
    images[:3] = 1
    train: Source = ArraySource(images, np.full_like(images, 0.45))
    noise = np.std(images - 0.45)
    assert noise == pytest.approx(0.5)
    fitted = Grey(num_images=4).fitted(train, task, 0)
    np.testing.assert_allclose(fitted.outputs(images[:1]), 0.4)
    assert fitted.settings == "strength 0.4 of 0.2 to 0.6, by 4 training images"


def test_strengths_that_are_none_are_refused() -> None:
    for strengths in ((), (0.0, 1.0)):
        with pytest.raises(InputError, match=r"^strengths = .*; allowed: one or more, more than 0$"):
            GaussianFilter(strengths=strengths)
    with pytest.raises(InputError, match=r"^num_images = 0; allowed: at least 1$"):
        NonLocalMeans(num_images=0)
