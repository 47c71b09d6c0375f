"""Training items that are drawn anew: noise, crops and mirror images; what is read stays the same."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from qconv.data.checked import checked_drawn_element, load_checked
from qconv.data.classes import OnlyClasses
from qconv.data.dataset import ArraySource, Batch, Dataset, Element
from qconv.data.efficientnet import EfficientNetLite0
from qconv.data.noisy import Noisy
from qconv.data.onnx_features import OnnxFeatures
from qconv.data.pca import PCA
from qconv.data.random_crops import RandomCrops
from qconv.data.random_flips import RandomFlips
from qconv.data.reduced import Reduced
from qconv.data.resized import Resized
from qconv.data.scaled import Scaled
from qconv.data.subset import Subset
from qconv.data.synthetic import Synthetic
from qconv.data.validation import WithValidation, with_validation
from qconv.errors import InputError
from qconv.runs.loop import generator

DATA = Synthetic(num_images=80, height=12, width=12, num_classes=4)
SQUARE = Element((4, 4, 1), num_classes=2)
ROWS = np.array([3, 0, 7])


@dataclass(frozen=True)
class Marked(Dataset):
    """Images of 5x6 pixels, each with a number of its own, and the same numbers as a mask."""

    element = Element((5, 6, 1), targets=(5, 6), num_classes=240)

    def load(self, split):
        numbers = np.arange(240).reshape(8, 5, 6)
        return ArraySource(numbers[..., None] / 256, numbers, 240)


def rngs(step: int, rows: int = 3) -> list[np.random.Generator]:
    return [generator(0, step, row) for row in range(rows)]


def drawn(data: Dataset, step: int = 0) -> Batch:
    return load_checked(data, "train").drawn(ROWS, rngs(step))


def test_noise_is_as_large_as_asked_and_neither_rounded_nor_cut_off() -> None:
    data = Noisy(Synthetic(num_images=600, height=16, width=16), sigma=0.2)
    for images, clean in (drawn_all(data), load_checked(data, "test")[np.arange(100)]):
        noise = (images - clean).astype(np.float64)
        assert noise.std() == pytest.approx(0.2, rel=0.02) and abs(noise.mean()) < 0.005
        assert images.min() < -0.1 and images.max() > 1.1
        assert len(np.unique(images)) > 0.99 * images.size  # float32 has few equal ones, grey levels would have 256


def drawn_all(data: Dataset) -> Batch:
    return load_checked(data, "train").drawn(np.arange(100), rngs(0, 100))


def test_training_sees_other_noise_each_time_and_all_else_the_same() -> None:
    data = Noisy(DATA, 0.1)
    first, again, later = drawn(data), drawn(data), drawn(data, step=1)
    np.testing.assert_array_equal(first.inputs, again.inputs)
    np.testing.assert_array_equal(first.targets, later.targets)
    assert np.abs(first.inputs - later.inputs).min(axis=(1, 2, 3)).max() > 0
    for split in ("train", "test"):
        source = load_checked(data, split)
        one, other = source[ROWS], load_checked(data, split)[ROWS[::-1]]
        np.testing.assert_array_equal(one.inputs, other.inputs[::-1])
        clean = load_checked(DATA, split)[ROWS].inputs
        np.testing.assert_array_equal(one.targets, clean)
        np.testing.assert_array_equal(source.read_targets(ROWS), clean)
    noise = [load_checked(each, "test")[ROWS].inputs for each in (data, Noisy(DATA, 0.1, noise_seed=1))]
    assert np.abs(noise[0] - noise[1]).max() > 0.1
    train, test = (load_checked(data, split)[ROWS] for split in ("train", "test"))
    assert np.abs((train.inputs - train.targets) - (test.inputs - test.targets)).max() > 0.1


@pytest.mark.parametrize("drawing", [RandomFlips(DATA), Noisy(DATA), Subset(RandomCrops(DATA, 12), 8, 4)])
def test_what_is_computed_once_is_not_drawn_anew(drawing: Dataset) -> None:
    """Nothing would be drawn, and nobody would be told."""
    message = r"^data = \w+, whose images training draws anew each time; allowed in %s, which computes each image once"
    for data in (Reduced(drawing, PCA(2)), OnnxFeatures(drawing, EfficientNetLite0())):
        assert dataclasses.replace(data, data=DATA).drawn_element is None
        with pytest.raises(InputError, match=message % type(data).__name__):
            checked_drawn_element(Scaled(data))


def test_an_item_is_drawn_by_its_own_generator_alone() -> None:
    data = Noisy(RandomFlips(RandomCrops(DATA, 8), turned=True))
    source, whole = load_checked(data, "train"), drawn(data)
    for row, index in enumerate(ROWS):
        alone = source.drawn(np.array([index]), [generator(0, 0, row)])
        np.testing.assert_array_equal(alone.inputs[0], whole.inputs[row])
        np.testing.assert_array_equal(alone.targets[0], whole.targets[row])


def test_crops_are_parts_of_images_and_masks_are_cut_alike() -> None:
    data, places = RandomCrops(Marked(), 3), set()
    assert data.element == Marked.element and data.drawn_element == Element((3, 3, 1), (3, 3), 240)
    for step in range(60):
        images, masks = drawn(data, step)
        np.testing.assert_array_equal(images[..., 0] * 256, masks)
        for index, mask in zip(ROWS, masks, strict=True):
            top, left = divmod(mask[0, 0] - 30 * index, 6)
            np.testing.assert_array_equal(mask, Marked().load("train").targets[index][top : top + 3, left : left + 3])
            places.add((top, left))
    assert places == {(top, left) for top in range(3) for left in range(4)}
    np.testing.assert_array_equal(load_checked(data, "train")[ROWS].inputs, Marked().load("train")[ROWS].inputs)


def test_all_symmetries_are_as_likely_and_masks_are_turned_alike() -> None:
    data, counts = RandomFlips(RandomCrops(Marked(), 5), turned=True), dict[Any, int]()
    for step in range(200):
        images, masks = drawn(data, step)
        np.testing.assert_array_equal(images[..., 0] * 256, masks)
        corners = masks[0, [0, 0, -1, -1], [0, -1, 0, -1]]
        key = tuple(np.argsort(corners))
        counts[key] = counts.get(key, 0) + 1
    assert len(counts) == 8 and min(counts.values()) > 10


def test_images_that_are_not_turned_are_mirrored_left_to_right() -> None:
    seen = set()
    for step in range(30):
        mask = drawn(RandomFlips(Marked()), step).targets[0]
        same, mirrored = (np.array_equal(mask, Marked().load("train").targets[3][:, ::s]) for s in (1, -1))
        assert same != mirrored
        seen.add(same)
    assert seen == {True, False}


def test_what_is_made_of_drawn_images_is_drawn() -> None:
    crops = RandomCrops(DATA, 8)
    for data, shape in (
        (Scaled(RandomFlips(DATA)), (12, 12, 1)),
        (Resized(crops, 6, 4), (6, 4, 1)),
        (Subset(crops, train=20, test=4), (8, 8, 1)),
        (OnlyClasses(crops, (0, 2)), (8, 8, 1)),
        (Noisy(Subset(crops, train=20, test=4)), (8, 8, 1)),
    ):
        element = checked_drawn_element(data)
        assert element is not None and element.inputs == shape and element.num_classes == data.element.num_classes
        one, other = drawn(data).inputs, drawn(data, step=1).inputs
        assert one.shape == (3, *shape) and np.abs(one - other).max() > 0
        assert load_checked(data, "test")[np.arange(3)].inputs.shape == (3, *data.element.inputs)
    assert checked_drawn_element(Scaled(DATA)) is None


def test_training_images_are_divided_before_they_are_drawn() -> None:
    data = with_validation(Noisy(RandomCrops(DATA, 8)))
    assert data == Noisy(RandomCrops(WithValidation(DATA), 8))
    parts = [load_checked(data, split) for split in ("train", "validation")]
    assert len(parts[0]) + len(parts[1]) == len(load_checked(DATA, "train"))
    np.testing.assert_array_equal(parts[1][ROWS].inputs, load_checked(data, "validation")[ROWS].inputs)


@dataclass(frozen=True)
class Promising(Dataset):
    """It says that training draws, and its source draws what it is given."""

    shape: tuple[int, ...] | None
    draws: Any = SQUARE

    element = SQUARE

    @property
    def drawn_element(self):
        return self.draws

    def load(self, split):
        class Drawing:
            def __len__(self):
                return 8

            def __getitem__(self, indices):
                return Batch(np.zeros((len(indices), 4, 4, 1), np.float32), np.zeros(len(indices), int))

        if (shape := self.shape) is None:
            return Drawing()

        class Drawn(Drawing):
            def drawn(self, indices, rngs):
                return Batch(np.zeros((len(indices), *shape), np.float32), np.zeros(len(indices), int))

        return Drawn()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (Promising(None), "a Drawing has no `drawn`; allowed: one, since the dataset has a drawn_element"),
        (Promising((3, 3, 1)), r"images are float32 of shape \(3, 3, 3, 1\); allowed: .* of shape \(3, 4, 4, 1\)"),
        (Promising((4, 4, 1), (4, 4, 1)), "Promising, as it is drawn,.element is tuple; allowed: an Element"),
        (Promising(None, Element((4, 4, 3), num_classes=2)), "Promising draws .*; allowed: other heights and widths"),
    ],
    ids=["nothing", "another shape", "no element", "colours"],
)
def test_what_is_not_drawn_as_promised_is_refused(data: Dataset, message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        drawn(data)


def test_sizes_and_turns_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match=r"^size = 13; allowed: 1 to 12, as large as the images$"):
        RandomCrops(DATA, 13)
    with pytest.raises(InputError, match=r"^size = 9; allowed: 1 to 8, "):
        RandomCrops(RandomCrops(DATA, 8), 9)
    with pytest.raises(InputError, match=r"^turned = True; allowed: False, since images are 5x6$"):
        RandomFlips(Marked(), turned=True)
    with pytest.raises(InputError, match=r"^sigma = 0\.0; allowed: more than 0$"):
        Noisy(DATA, 0.0)
