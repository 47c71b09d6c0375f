"""Restoration: its metrics are those of scikit-image, and its pictures show whole images."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from qconv.data.dataset import Element
from qconv.data.noisy import Noisy
from qconv.data.photographs import Photographs
from qconv.data.synthetic import Synthetic
from qconv.errors import InputError
from qconv.tasks.classification import Classification
from qconv.tasks.evidence import Evaluated
from qconv.tasks.image_quality import PSNR, SSIM
from qconv.tasks.losses import MeanSquaredError
from qconv.tasks.restoration import Restoration
from qconv.tasks.restored import Restored

PHOTOS = Photographs(64).load("test")


def pairs(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Images beyond [0, 1] and what they should be: photographs, flat ones, colours, or not square."""
    rng = np.random.default_rng(0)
    clean = PHOTOS[np.arange(0, 24, 3)].inputs
    if kind == "flat":
        clean = np.broadcast_to(rng.random((8, 1, 1, 1)), clean.shape)
    elif kind == "colours":
        clean = np.concatenate([clean, clean[:, ::-1], clean[::-1]], axis=-1)
    elif kind == "narrow":
        clean = clean[:, :11, :40]
    noise = rng.normal(size=clean.shape) * rng.uniform(1e-3, 0.3, (8, 1, 1, 1))
    return (clean + noise).astype(np.float32), clean.astype(np.float32)


@pytest.mark.parametrize("kind", ["photographs", "flat", "colours", "narrow"])
def test_metrics_are_those_of_scikit_image(kind: str) -> None:
    outputs, targets = pairs(kind)
    ratios, likeness = (
        np.asarray(metric.per_item(jnp.asarray(outputs), jnp.asarray(targets))) for metric in (PSNR(), SSIM())
    )
    for place, (found, wanted) in enumerate(zip(np.clip(outputs, 0, 1), targets, strict=True)):
        assert ratios[place] == pytest.approx(peak_signal_noise_ratio(wanted, found, data_range=1), abs=1e-3)
        settings: Any = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1}
        assert likeness[place] == pytest.approx(
            structural_similarity(wanted.astype(float), found.astype(float), channel_axis=-1, **settings), abs=1e-4
        )


def test_an_image_like_its_target_has_finite_metrics() -> None:
    _, targets = pairs("flat")
    same = jnp.asarray(targets)
    np.testing.assert_allclose(PSNR().per_item(same, same), 100, rtol=1e-6)
    np.testing.assert_allclose(SSIM().per_item(same, same), 1, atol=1e-6)


def test_the_loss_is_the_squared_error_and_nothing_is_cut_off() -> None:
    outputs, targets = pairs("photographs")
    wanted = np.square(outputs.astype(float) - targets).mean((1, 2, 3))
    found = MeanSquaredError().per_item(jnp.asarray(outputs), jnp.asarray(targets))
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    cut = np.square(np.clip(outputs.astype(float), 0, 1) - targets).mean((1, 2, 3))
    assert (wanted > 1.01 * cut).any()


@pytest.mark.parametrize(
    "element", [Element((16, 16, 1), (), 3), Element((16, 16, 1), (16, 16), 3), Element((10, 16, 1), (10, 16, 1))]
)
def test_targets_that_are_no_images_are_refused(element: Element) -> None:
    with pytest.raises(InputError, match=r"; allowed for Restoration: images of at least 11x11 pixels"):
        Restoration().output_shape(element)


def test_outputs_are_images_and_classes_are_another_task() -> None:
    element = Noisy(Synthetic(60, 12, 14)).element
    assert Restoration().output_shape(element) == (12, 14, 1)
    with pytest.raises(InputError, match="allowed for Classification"):
        Classification().output_shape(element)


def test_the_picture_shows_images_whole_and_says_how_near_they_are() -> None:
    data = Noisy(Photographs(64))
    source = data.load("test")
    every = np.arange(len(source))
    given, targets = source[every]
    outputs = {"quantum": 0.5 * (given + targets), "half": 0.5 * given, "unchanged": given}
    ones = jnp.ones(len(every))
    found = {
        name: np.asarray(Restored().of_batch(jnp.asarray(own), jnp.asarray(targets), ones))
        for name, own in outputs.items()
    }
    evaluated = Evaluated(data, "test", source, lambda rows: {name: own[rows] for name, own in outputs.items()})
    figure = Restored().figure(found, evaluated)
    assert len(figure.axes) == 6 * 4
    titles = [ax.get_title() for ax in figure.axes[:4]]
    ratio = peak_signal_noise_ratio(targets[0], np.clip(given[0], 0, 1), data_range=1)
    assert titles[0] == "target" and titles[1] == f"given\n{ratio:.2f} dB" and titles[3].startswith("half")
    better = float(titles[2].split()[-2])
    assert 5 < better - ratio < 7
    shown = np.asarray(figure.axes[-1].images[0].get_array())
    np.testing.assert_array_equal(shown, np.clip(0.5 * given[-1], 0, 1).mean(-1))
