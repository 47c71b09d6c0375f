"""Otsu's threshold: the better side of the better threshold, chosen on training images; and the linear filter."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from qconv.data.dataset import ArraySource, Dataset, Element
from qconv.errors import InputError
from qconv.experiment.arms import arms
from qconv.experiment.experiment import Experiment
from qconv.experiment.linear_filter import LinearFilter
from qconv.methods.otsu import Otsu
from qconv.models.quanv_unet import QuanvUNet
from qconv.tasks.overlap import Dice
from qconv.tasks.segmentation import Segmentation

RNG = np.random.default_rng(0)
MASKS = RNG.random((6, 8, 8)) < 0.4


def source(images: Any, masks: Any = MASKS, classes: int = 2) -> ArraySource:
    return ArraySource(np.repeat(images[..., None], 3, -1).astype(np.float32), masks.astype(int), classes)


@pytest.mark.parametrize("inside", ["brighter", "darker", "rarer"])
@pytest.mark.parametrize("own", [True, False])
def test_the_better_side_of_the_better_threshold(inside, own):
    # Two levels in each image: alike in all, or of an image's own, where no common threshold parts them.
    low = np.linspace(0, 0.8, 6)[:, None, None] if own else 0.2
    is_bright = np.arange(6)[:, None, None] % 2 == 0 if inside == "rarer" else inside == "brighter"
    images = np.where(is_bright == MASKS, low + 0.2, low)
    if not own:
        images[0] = low + 0.2 * (inside != "brighter")  # nothing in it: a threshold of its own would find something
        images[0] += 0.005 * RNG.random((8, 8))
    masks = MASKS.copy()
    masks[0] &= own
    fitted = Otsu().fitted(source(images, masks), Segmentation(), 0)
    assert fitted.settings.startswith(f"class 1 is the {inside} side of {'a' if own else 'the'} threshold")
    assert fitted.num_parameters == (0 if own else 1)
    outputs = fitted.outputs(source(images).inputs)
    assert outputs.shape == (6, 8, 8, 2)
    np.testing.assert_array_equal(outputs.argmax(-1), masks)
    np.testing.assert_allclose(Dice().per_item(jnp.asarray(outputs), jnp.asarray(masks.astype(int))), 1)


def test_other_targets_are_refused():
    images = RNG.random((6, 8, 8))
    with pytest.raises(InputError, match=r"^Otsu is given targets of shape \(\); allowed: masks of the images$"):
        Otsu().fitted(ArraySource(images[..., None], np.zeros(6, int), 2), Segmentation(), 0)
    with pytest.raises(InputError, match=r"^Otsu is given masks with class 2; allowed: 0 and 1$"):
        Otsu().fitted(source(images, 2 * MASKS, 3), Segmentation(), 0)


@dataclass(frozen=True)
class Rectangles(Dataset):
    """Images with masks of three classes."""

    @property
    def element(self):
        return Element((8, 12, 3), (8, 12), 3)

    def load(self, split):
        raise NotImplementedError


def test_the_linear_filter_has_as_many_outputs_as_the_network():
    experiment = Experiment(
        Rectangles(), QuanvUNet(num_outputs=3), task=Segmentation(), rivals=(LinearFilter(), Otsu())
    )
    own, linear = arms(experiment)
    assert own.traced.outputs.shape == linear.traced.outputs.shape == (1, 8, 12, 3)
    assert linear.traced.num_trained_parameters == 9 * 3 * 3 + 3
    assert (linear.name, linear.folder) == ("linear filter", "linear")
    with pytest.raises(InputError, match="kernel_size = 0; allowed"):
        LinearFilter(0)
    with pytest.raises(InputError, match=r"the model gives outputs of shape \(8, 12, 2\) .* allowed: \(8, 12, 3\)"):
        arms(Experiment(Rectangles(), QuanvUNet(), task=Segmentation()))
