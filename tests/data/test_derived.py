"""Fewer images, black and white ones, images beyond 0 and 1, and what is read of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from qconv.data import classes, reduced, scaled
from qconv.data.binarised import Binarised
from qconv.data.checked import load_checked
from qconv.data.classes import OnlyClasses
from qconv.data.dataset import ArraySource, Batch, Dataset, Element, Source, Split
from qconv.data.pca import PCA
from qconv.data.reduced import Reduced
from qconv.data.resized import Resized
from qconv.data.scaled import Scaled
from qconv.data.subset import Subset
from qconv.data.synthetic import Synthetic
from qconv.data.validation import WithValidation
from qconv.errors import InputError

SPLITS: tuple[Split, Split] = ("train", "test")
DATA = Synthetic(num_images=80, height=4, width=3, channels=3, num_classes=4)


def everything(data: Dataset, split: Split = "train") -> Batch:
    source = data.load(split)
    return source[np.arange(len(source))]


def test_a_subset_has_so_many_different_images_with_their_labels() -> None:
    data = Subset(DATA, 20, 7)
    images, labels = everything(data)
    assert len(images) == 20 and len(everything(data, "test").inputs) == 7
    all_images, all_labels = everything(DATA)
    rows = [int(np.flatnonzero((all_images == image).all(axis=(1, 2, 3)))[0]) for image in images]
    assert rows == sorted(set(rows)) and rows != list(range(20))
    np.testing.assert_array_equal(labels, all_labels[rows])
    other = everything(Subset(DATA, 20, 7, subset_seed=1)).inputs
    assert not np.array_equal(other, images)
    np.testing.assert_array_equal(everything(data).inputs, images)
    assert images.shape[1:] == (4, 3, 3) and data.element == Element((4, 3, 3), num_classes=4)


def test_a_subset_is_no_larger_than_the_data() -> None:
    with pytest.raises(InputError, match=r"test = 1000; allowed: at most the \d+ images"):
        Subset(DATA, 20, 1000).load("test")
    for values, message in (((0, 1, 0), "train = 0"), ((1, 0, 0), "test = 0"), ((1, 1, -1), "subset_seed = -1")):
        with pytest.raises(InputError, match=f"{message}; allowed: at least"):
            Subset(DATA, *values)


def test_black_and_white() -> None:
    images, labels = everything(DATA)
    found = everything(Binarised(DATA, 0.3))
    assert set(np.unique(found.inputs)) == {0.0, 1.0} and found.inputs.dtype == np.float32
    np.testing.assert_array_equal(found.inputs == 1, images > 0.3)
    np.testing.assert_array_equal(found.targets, labels)
    assert Binarised(DATA).element == DATA.element
    with pytest.raises(InputError, match=r"threshold = 1.0; allowed: 0 to less than 1"):
        Binarised(DATA, 1.0)


def test_images_beyond_0_and_1_keep_their_range() -> None:
    data = Scaled(DATA)
    images, labels = everything(data)
    assert images.min() < -0.5
    resized = everything(Resized(data, 4, 3)).inputs  # the size that they have
    np.testing.assert_allclose(resized, images, atol=1e-6)
    kept = everything(OnlyClasses(data, (1, 3))).inputs
    np.testing.assert_array_equal(kept, images[np.isin(labels, (1, 3))])


class OnDisk:
    """A source that keeps nothing in memory, and writes down which images it was asked for."""

    def __init__(self, source: Source) -> None:
        self.source = source

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, indices: np.ndarray) -> Batch:
        asked.append(indices.tolist())
        return self.source[indices]


asked: list[list[int]] = []


@dataclass(frozen=True)
class Large(Dataset):
    """The images above, too many for the memory."""

    @property
    def element(self):
        return DATA.element

    def load(self, split):
        return OnDisk(DATA.load(split))


class Labelled(OnDisk):
    """Whose labels can be had without images."""

    def read_targets(self, indices: np.ndarray) -> np.ndarray:
        return self.source[indices].targets


@dataclass(frozen=True)
class LargeLabelled(Large):
    """The same."""

    def load(self, split):
        return Labelled(DATA.load(split))


@pytest.fixture
def chunks_of_seven(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if there were little memory."""
    monkeypatch.setattr("qconv.data.dataset._CHUNK", 7 * 36 + 35)
    for cached in (reduced._numbers, reduced._learned, scaled._fitted, classes._rows):
        cached.cache_clear()


ONCE = [list(range(start, min(start + 7, 80))) for start in range(0, 80, 7)]
"""All training images, at most seven at a time."""


@pytest.mark.usefixtures("chunks_of_seven")
def test_scales_are_found_in_one_pass_and_not_all_images_at_once() -> None:
    images = everything(DATA).inputs.astype(float)
    asked.clear()
    zero, one = scaled._fitted(Scaled(Large()))
    assert asked == ONCE
    np.testing.assert_allclose(zero, images.mean(0), rtol=1e-14)
    np.testing.assert_allclose(one, images.std(0), rtol=1e-14)
    zero, one = scaled._fitted(Scaled(Large(), "range"))
    np.testing.assert_array_equal(zero, (images.min(0) + images.max(0)) / 2)
    np.testing.assert_array_equal(one, (images.max(0) - images.min(0)) / 2)


def test_the_scales_of_few_images_are_those_of_numpy_to_the_last_bit() -> None:
    images = everything(DATA).inputs.astype(float)
    np.testing.assert_array_equal(scaled._fitted(Scaled(DATA)), [images.mean(0), images.std(0)])


@pytest.mark.usefixtures("chunks_of_seven")
def test_images_for_a_reduction_are_read_once_and_their_numbers_kept() -> None:
    expected = {split: everything(Reduced(DATA, PCA(2)), split) for split in SPLITS}
    asked.clear()
    data = Reduced(Large(), PCA(2))
    sources = {split: load_checked(data, split) for split in SPLITS}
    held_out = [[row for row in rows if row < 20] for rows in ONCE[:3]]
    assert asked == ONCE + held_out
    for split, source in sources.items():
        found = source[np.arange(len(source))]
        np.testing.assert_array_equal(found.inputs, expected[split].inputs)
        np.testing.assert_array_equal(found.targets, expected[split].targets)
        assert source.in_memory
    load_checked(Reduced(Large(), PCA(2)), "train")
    assert asked == ONCE + held_out


def test_a_reduction_of_more_images_than_memory_should_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reduced, "_MOST", 80 * 36 - 1)
    message = r"^80 training images of 36 pixels; allowed for a reduction: at most 2879 pixels in all$"
    with pytest.raises(InputError, match=message):
        Reduced(Large(), PCA(3)).load("test")


@pytest.mark.usefixtures("chunks_of_seven")
@pytest.mark.parametrize("labelled", [True, False])
def test_some_classes_are_found_without_images_where_the_source_has_labels(labelled: bool) -> None:
    expected = everything(OnlyClasses(DATA, (3, 1)))
    data = OnlyClasses(Binarised(Subset(LargeLabelled() if labelled else Large(), 70, 10), 0.3), (3, 1))
    asked.clear()
    source = load_checked(data, "train")
    assert not source.in_memory and sum(map(len, asked)) == (0 if labelled else 70)
    assert all(len(rows) <= 7 for rows in asked)
    asked.clear()
    images, labels = source[np.array([2, 0])]
    assert [len(rows) for rows in asked] == [2] and labels.dtype == np.int32
    again = everything(Binarised(OnlyClasses(DATA, (3, 1)), 0.3))
    for image, label in zip(images, labels, strict=True):
        assert label in again.targets[(again.inputs == image).all((1, 2, 3))]
    every = np.arange(len(source))
    np.testing.assert_array_equal(source.read_targets(every), source[every].targets)
    assert load_checked(OnlyClasses(DATA, (3, 1)), "train").in_memory and len(expected.inputs) == 40


def test_classes_of_which_there_is_no_image_are_refused() -> None:
    data = OnlyClasses(Synthetic(8, 2, 2, num_classes=4), (2, 3))
    assert len(data.load("train")) == 4
    with pytest.raises(InputError, match=r"^classes = \(2, 3\); allowed: some of which the test split has images$"):
        data.load("test")


MADE: list[tuple[str, Callable[[Dataset], Dataset], int]] = [
    ("binarised", lambda data: Binarised(data, 0.3), 0),
    ("resized", lambda data: Resized(data, 2, 5), 0),
    ("scaled", lambda data: Scaled(data), 1),
    ("a subset", lambda data: Subset(data, 20, 10), 0),
    ("divided", WithValidation, 0),
    ("several", lambda data: Scaled(Resized(Subset(WithValidation(data), 20, 10), 2, 2)), 1),
]
"""Data made of others, and how often these read all training images to know how."""


@pytest.mark.parametrize(("make", "fitted"), [case[1:] for case in MADE], ids=[case[0] for case in MADE])
def test_images_that_are_not_in_memory_are_changed_when_they_are_read(
    make: Callable[[Dataset], Dataset], fitted: int
) -> None:
    expected = everything(make(DATA), "test")
    asked.clear()
    source = load_checked(make(Large()), "test")
    assert len(asked) == fitted and all(len(rows) == len(make(Large()).load("train")) for rows in asked)
    assert not getattr(source, "in_memory", False) and getattr(load_checked(make(DATA), "test"), "in_memory", False)
    asked.clear()
    for rows in ([4, 1, 4], [0], list(range(len(source)))):
        images, labels = source[np.array(rows)]
        np.testing.assert_allclose(images, expected.inputs[rows], atol=1e-6)
        np.testing.assert_array_equal(labels, expected.targets[rows])
        assert images.dtype == np.float32 and labels.dtype == np.int32
    assert [len(rows) for rows in asked] == [3, 1, len(source)]  # and no others
    assert make(Large()).element == make(DATA).element


def test_other_images_keep_masks_and_numbers_that_are_to_be_found() -> None:
    @dataclass(frozen=True)
    class Masked(Dataset):
        num_classes: int | None

        @property
        def element(self):
            return Element((4, 3, 1), (4, 3), self.num_classes)

        def load(self, split):
            images = np.random.default_rng(0).random((10, 4, 3, 1))
            masks = images[..., 0] > 0.5
            return ArraySource(images, masks.astype(float if self.num_classes is None else int), self.num_classes)

    for count in (2, None):
        data = Masked(count)
        masks = everything(data).targets
        for made in (Binarised(data), Resized(data, 2, 2), Scaled(data), Reduced(data, PCA(2)), Subset(data, 10, 1)):
            source = load_checked(made, "train")
            batch = source[np.arange(10)]
            assert made.element == Element(batch.inputs.shape[1:], (4, 3), count)
            np.testing.assert_array_equal(batch.targets, masks)
            assert batch.targets.dtype == (np.float32 if count is None else np.int32)
        kept = load_checked(WithValidation(data), "validation")[np.arange(2)].targets
        assert kept.shape == (2, 4, 3) and all((masks == mask).all((1, 2)).any() for mask in kept)
    with pytest.raises(
        InputError, match=r"^data = Masked, whose images have no class each; allowed: data with labels$"
    ):
        OnlyClasses(Masked(None))
