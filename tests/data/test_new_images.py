"""Pictures as the images of a dataset: what becomes of them, and of sources side by side."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from qconv.data.bars_and_stripes import BarsAndStripes
from qconv.data.binarised import Binarised
from qconv.data.classes import OnlyClasses
from qconv.data.dataset import Dataset, Element
from qconv.data.derived import Derived
from qconv.data.joined import JoinedSource
from qconv.data.new_images import NewImages, pictures_in
from qconv.data.noisy import Noisy
from qconv.data.other_items import OtherItems, as_trained, is_fitted
from qconv.data.pca import PCA
from qconv.data.reduced import Reduced
from qconv.data.resized import Resized
from qconv.data.scaled import Scaled
from qconv.data.spirals import Spirals
from qconv.data.subset import Subset
from qconv.data.synthetic import Synthetic
from qconv.data.validation import WithValidation
from qconv.errors import InputError

DATA = Synthetic(num_images=40, height=4, width=6, channels=3, num_classes=4)
ROWS = np.arange(10)


@pytest.mark.parametrize(
    "data",
    [
        DATA,
        Resized(DATA, 3, 3),
        Binarised(DATA),
        Scaled(DATA),
        Scaled(Resized(DATA, 2, 2), "range"),
        Reduced(DATA, PCA(4)),
        WithValidation(DATA),
    ],
    ids=lambda data: type(data).__name__,
)
def test_new_images_become_what_test_images_do(data: Dataset) -> None:
    images = DATA.load("test")[ROWS].inputs
    np.testing.assert_allclose(data.prepared(images), data.load("test")[ROWS].inputs, atol=1e-6)
    assert data.form[:3] == (4, 6, 3)


@pytest.mark.parametrize("data", [OnlyClasses(DATA, (1, 2)), Subset(DATA, 8, 4), Noisy(DATA)])
def test_what_changes_no_image_changes_no_new_one(data: Dataset) -> None:
    images = DATA.load("test")[ROWS].inputs
    np.testing.assert_array_equal(data.prepared(images), images)


class Silent(Derived):
    def load(self, split):
        return self.changed(split, lambda images: images / 2)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (Spirals(), r"^data = Spirals, whose images are points of a plane; allowed: data of pictures$"),
        (BarsAndStripes(), r"^data = BarsAndStripes, whose images are patterns of 1 and -1 in noise; allowed: "),
        (Scaled(Spirals()), r"^data = Spirals, whose images are points of a plane"),
        (Silent(DATA), r"^data = Silent does not say what becomes of new images; allowed: a class with a `change`$"),
    ],
)
def test_data_that_have_no_new_images(data: Dataset, message: str) -> None:
    with pytest.raises(InputError, match=message):
        data.prepared(np.zeros((1, *data.element.inputs), np.float32))


def test_files_are_found_in_order(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/10.JPG", "a.png", "b/.hidden.png", ".cache/x.png", "__MACOSX/x.png", "b/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    found = pictures_in([tmp_path, tmp_path / "b" / "notes.txt"])
    assert [str(picture.name) for picture in found] == ["a.png", "b/10.JPG", "b/2.png", "notes.txt"]
    assert found[1].path == tmp_path / "b" / "10.JPG"


def test_pictures_are_a_source(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (3, 4, 6, 3), np.uint8)
    for number, image in enumerate(pixels):
        Image.fromarray(image).save(tmp_path / f"{number}.png")
    (tmp_path / "3.png").write_bytes(b"no image")
    source = NewImages(Binarised(DATA), pictures_in([tmp_path]))
    assert len(source) == 4
    images, targets = source[np.array([2, 0, 3, 3, 3])]
    np.testing.assert_array_equal(images[:2], pixels[[2, 0]] > 127)
    assert not images[2:].any() and targets.shape == (5,) and not targets.any()
    assert set(source.damaged) == {3} and "3.png: it is no image" in str(source.damaged[3])


def test_other_images_are_changed_as_those_that_were_trained_on() -> None:
    other = Synthetic(num_images=12, height=4, width=6, channels=3, num_classes=4, data_seed=3)
    trained = Subset(Scaled(Resized(DATA, 2, 2)), 10, 4)
    chosen = Subset(Scaled(Resized(other, 2, 2)), 5, 3)
    data = as_trained(chosen, trained)
    assert isinstance(data, Subset) and isinstance(data.data, OtherItems) and (data.train, data.test) == (5, 3)
    assert data.element == Element((2, 2, 3), num_classes=4)
    images = data.load("test")[np.arange(3)].inputs
    rows = Subset(other, 5, 3).load("test").rows
    np.testing.assert_allclose(images, trained.prepared(other.load("test")[rows].inputs), atol=1e-6)
    assert as_trained(trained, trained) is trained
    # What is not fitted is as it was chosen: noise, and the clean images that are to be found.
    noisy = as_trained(Noisy(other, sigma=0.5), Noisy(DATA))
    assert noisy == Noisy(other, sigma=0.5)
    assert is_fitted(trained) and not is_fitted(Noisy(Resized(DATA, 2, 2)))


def test_sources_one_after_the_other() -> None:
    first, second = DATA.load("train"), DATA.load("test")
    both = JoinedSource((first, second))
    rows = np.array([45, 3, 39, 40, 0, 49])
    images, labels = both[rows]
    everything = [np.concatenate(parts) for parts in zip(first[np.arange(40)], second[np.arange(10)], strict=True)]
    np.testing.assert_array_equal(images, everything[0][rows])
    np.testing.assert_array_equal(labels, everything[1][rows])
    assert len(both) == 50 and both.in_memory
