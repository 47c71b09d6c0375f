"""Some classes, other sizes, few numbers: what they hold, and that test images decide nothing."""

from dataclasses import dataclass

import numpy as np
import pytest

from experiments.hur2022 import ReducedPerSplit
from qconv.data.autoencoder import Autoencoder
from qconv.data.classes import OnlyClasses
from qconv.data.dataset import ArraySource, Batch, Dataset, Element, Split
from qconv.data.pca import PCA
from qconv.data.reduced import Reduced
from qconv.data.resized import Resized
from qconv.data.synthetic import Synthetic
from qconv.errors import InputError

DATA = Synthetic(num_images=80, height=4, width=4, num_classes=4)
SPLITS: tuple[Split, Split] = ("train", "test")


def everything(data: Dataset, split: Split = "train") -> Batch:
    source = data.load(split)
    return source[np.arange(len(source))]


@dataclass(frozen=True)
class Shifted(Dataset):
    """Test images that are not like the training images."""

    factor: float

    @property
    def element(self):
        return Element((4, 3, 1), num_classes=2)

    def load(self, split):
        images = np.random.default_rng([3, split == "test"]).uniform(0.2, 0.6, (20, 4, 3, 1))
        return ArraySource(images * (self.factor if split == "test" else 1), np.arange(20) % 2, 2)


def test_only_some_classes_in_the_order_given():
    data = OnlyClasses(DATA, (3, 1))
    images, labels = everything(data)
    all_images, all_labels = everything(DATA)
    assert data.element == Element((4, 4, 1), num_classes=2) and len(images) == 40
    for label, original in enumerate((3, 1)):
        np.testing.assert_array_equal(images[labels == label], all_images[all_labels == original])
    for classes in ((1,), (1, 1), (0, 4)):
        with pytest.raises(InputError, match=r"allowed: two or more different ones of 0 \.\. 3"):
            OnlyClasses(DATA, classes)


def test_the_published_resize_keeps_two_columns():
    """The centre of the only column lies between columns 13 and 14; those of rows at (i + 1/2) 28/256."""
    data = Synthetic(num_images=8, height=28, width=28)
    images, found = everything(data).inputs, everything(Resized(data, 256, 1, antialias=False)).inputs
    columns = images[:, :, 13:15, 0].mean(axis=2)
    at = (np.arange(256) + 0.5) * 28 / 256 - 0.5
    expected = np.stack([np.interp(at, np.arange(28), column) for column in columns])  # flat beyond the ends
    np.testing.assert_allclose(found[:, :, 0, 0], expected, atol=1e-6)
    assert everything(Resized(data, 14, 14)).inputs.shape == (8, 14, 14, 1)


def test_principal_components_by_hand():
    train, test = (everything(Shifted(1.0), split).inputs.reshape(20, -1) for split in SPLITS)
    mean = train.mean(axis=0)
    directions = np.linalg.svd(train - mean, full_matrices=False)[2][:3]
    data = Reduced(Shifted(1.0), PCA(3))
    scores = [(part - mean) @ directions.T for part in (train, test)]
    found = [everything(data, split).inputs for split in SPLITS]
    assert found[0].shape == (20, 1, 3, 1) and found[0].min() == 0 and found[0].max() == 1
    # A component's sign is free, and the one scale of all depends on the signs.
    signs = [np.sign(np.corrcoef(found[0][:, 0, k, 0], scores[0][:, k])[0, 1]) for k in range(3)]
    low, high = (scores[0] * signs).min(), (scores[0] * signs).max()
    for part, score in zip(found, scores, strict=True):
        np.testing.assert_allclose(part[:, 0, :, 0], np.clip((score * signs - low) / (high - low), 0, 1), atol=1e-5)


def test_test_images_change_nothing_but_in_the_published_scaling():
    for reduced, same in ((Reduced, True), (ReducedPerSplit, False)):
        plain, shifted = (reduced(Shifted(factor), PCA(2)) for factor in (1.0, 1.5))
        np.testing.assert_array_equal(everything(plain).inputs, everything(shifted).inputs)
        test = everything(shifted, "test").inputs
        assert (test.max() == 1 and test.min() == 0) or same
    # One image more or less changes the others only where each split has its own scale.
    assert everything(Reduced(Shifted(1.5), PCA(2)), "test").inputs.max() == 1  # clipped


def test_an_autoencoder_learns_and_is_the_same_each_time():
    images = everything(DATA).inputs.reshape(80, -1)
    transforms = [Autoencoder(4, epochs).fit(images) for epochs in (200, 200, 1)]
    codes = [transform(images) for transform in transforms]
    np.testing.assert_array_equal(codes[0], codes[1])
    assert codes[0].shape == (80, 4) and codes[0].min() >= 0

    def unexplained(code: np.ndarray) -> float:
        """The part of the images that no linear function of the code gives back."""
        inputs = np.hstack([code, np.ones((80, 1))])
        rest = images - inputs @ np.linalg.lstsq(inputs, images, rcond=None)[0]
        return float((rest**2).sum())

    assert unexplained(codes[0]) < unexplained(codes[2])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PCA(0), "numbers = 0; allowed: at least 1"),
        (lambda: everything(Reduced(DATA, PCA(17))), "numbers = 17; allowed: at most 16 of these images"),
        (lambda: Autoencoder(epochs=0), "epochs = 0; allowed: at least 1"),
        (lambda: Resized(DATA, height=0), "height = 0; allowed: at least 1"),
    ],
)
def test_what_is_not_allowed_is_said(make, message):
    with pytest.raises(InputError, match=message):
        make()
