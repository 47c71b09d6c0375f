"""Sources of a user's own: what is wrong with their images and labels is said before they are used."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console

from qconv.data.binarised import Binarised
from qconv.data.checked import CheckedSource, load_checked
from qconv.data.classes import OnlyClasses
from qconv.data.dataset import ArraySource, Batch, Dataset, Element, Split
from qconv.data.pca import PCA
from qconv.data.reduced import Reduced
from qconv.data.resized import Resized
from qconv.data.scaled import Scaled
from qconv.data.subset import Subset
from qconv.data.synthetic import Synthetic
from qconv.data.validation import WithValidation
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.measurements.logistic_regression import LogisticRegression
from qconv.models.heads import LinearHead
from qconv.models.networks import QuanvNet
from qconv.procedures.supervised import Supervised
from qconv.runs.evaluate import evaluate_run
from qconv.runs.run import execute
from qconv.runs.run_directory import RunDirectory

GOOD = Synthetic(num_images=32, height=3, width=2, num_classes=2)


class Bent:
    """A source that changes each batch."""

    def __init__(self, source: Any, bend: Callable[[Any, Any], Any]) -> None:
        self.source, self.bend = source, bend

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, indices: np.ndarray) -> Any:
        return self.bend(*self.source[indices])


def first(value: Any) -> Callable[[Any, Any], Any]:
    """The first label of each batch becomes `value`."""
    return lambda images, labels: Batch(images, np.where(np.arange(len(labels)) == 0, value, labels))


@dataclass(frozen=True)
class Mine(Dataset):
    """Good images, bent by a function of this module; by default those of one split."""

    bend: str = "minus_one"
    split: str = "train"

    @property
    def element(self):
        return GOOD.element

    def load(self, split):
        source = GOOD.load(split)
        return Bent(source, BENT[self.bend][0]) if split == self.split else source


BENT: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "minus_one": (first(-1), "label -1 is out of range; allowed: 0 .. 1"),
    "too_large": (first(2), "label 2 is out of range; allowed: 0 .. 1"),
    "beyond_int32": (lambda x, y: first(2**32)(x, y.astype(int)), "label 4294967296 is out of range; allowed: 0 .. 1"),
    "floats": (lambda x, y: Batch(x, y * 1.0), "labels are float64 of shape (4,); allowed: integers of shape (4,)"),
    "bools": (lambda x, y: Batch(x, y > 0), "labels are bool of shape (4,); allowed: integers of shape (4,)"),
    "one_hot": (
        lambda x, y: Batch(x, np.eye(2, dtype=int)[y]),
        "labels are int64 of shape (4, 2); allowed: integers of",
    ),
    "too_few_labels": (lambda x, y: Batch(x, y[1:]), "labels are int32 of shape (3,); allowed: integers of shape (4,)"),
    "too_few": (lambda x, y: Batch(x[1:], y[1:]), "images are float32 of shape (3, 3, 2, 1); allowed: floating point"),
    "no_channels": (lambda x, y: Batch(x[..., 0], y), "shape (4, 3, 2); allowed: floating point of shape (4, 3, 2, 1)"),
    "turned": (
        lambda x, y: Batch(x.swapaxes(1, 2), y),
        "of shape (4, 2, 3, 1); allowed: floating point of shape (4, 3",
    ),
    "bytes": (lambda x, y: Batch((255 * x).astype(np.uint8), y), "images are uint8 of shape (4, 3, 2, 1); allowed: "),
    "complex": (lambda x, y: Batch(x * 1j, y), "images are complex64 of shape (4, 3, 2, 1); allowed: floating point"),
    "nan": (lambda x, y: Batch(np.where(x == x[0, 0, 0, 0], np.nan, x), y), "1 pixels are NaN, infinite or beyond"),
    "infinite": (
        lambda x, y: Batch(x / 0 * np.float32(1), y),
        "24 pixels are NaN, infinite or beyond 3.4e+38; allowed: numbers of float32",
    ),
    "infinite_half": (
        lambda x, y: Batch(np.full(x.shape, np.inf, np.float16), y),
        "24 pixels are NaN, infinite or beyond 3.4e+38; allowed: ",
    ),
    "beyond_float32": (
        lambda x, y: Batch(x.astype(float) + 1e39, y),
        "24 pixels are NaN, infinite or beyond 3.4e+38; allowed: ",
    ),
    "images_alone": (lambda x, y: x, "a source gives ndarray; allowed: a Batch of images and targets"),
}


@pytest.mark.parametrize("bend", BENT)
def test_each_batch_is_looked_at(bend: str) -> None:
    source = load_checked(Mine(bend), "train")
    assert isinstance(source, CheckedSource) and len(source) == 32 and source.element == GOOD.element
    with np.errstate(divide="ignore"), pytest.raises(InputError, match=re.escape(BENT[bend][1])):
        source[np.arange(4)]


def test_what_is_right_goes_through_as_it_is() -> None:
    for kind in (np.int64, np.uint8):
        BENT["right"] = (lambda x, y, kind=kind: (jnp.asarray(x), y.astype(kind)), "")
        images, labels = load_checked(Mine("right"), "train")[np.arange(32)]
        np.testing.assert_array_equal(images, GOOD.load("train").inputs)
        np.testing.assert_array_equal(labels, GOOD.load("train").targets)
        assert isinstance(images, np.ndarray) and labels.dtype == np.int32
    del BENT["right"]
    assert type(load_checked(GOOD, "train")) is ArraySource  # has been looked at as a whole


@dataclass(frozen=True)
class Wrong(Dataset):
    """What is no dataset."""

    kind: str

    @property
    def element(self):
        elements: dict[str, Any] = {
            "classes": GOOD.element._replace(num_classes=0),
            "names": Element((3, 2, 1), (), cast(Any, "two")),
            "shape": GOOD.element._replace(inputs=(3, 2)),
            "pixels": GOOD.element._replace(inputs=(3, 0, 1)),
            "tuple": ((3, 2, 1), (), 2),
            "numbers": GOOD.element._replace(num_classes=None),
        }
        return elements.get(self.kind, GOOD.element)

    def load(self, split):
        images, labels = np.ones((4, 3, 2, 1)), np.arange(4)
        found: dict[str, Any] = {
            "source": None,
            "array": ArraySource(images, labels, 4),
            "column": ArraySource(images, labels[:, None] % 2, 2),
            "turned array": ArraySource(images.swapaxes(1, 2), labels % 2, 2),
        }
        return found.get(self.kind, Bent(GOOD.load(split), Batch))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("source", "Wrong.load gives NoneType; allowed: a Source, such as ArraySource"),
        ("classes", "Wrong has num_classes = 0; allowed: at least 1, or None"),
        ("names", "Wrong has num_classes = 'two'; allowed: at least 1, or None"),
        ("tuple", "Wrong.element is tuple; allowed: an Element"),
        ("pixels", "Wrong has images of shape (3, 0, 1); allowed: (height, width, channels), at least 1 each"),
        ("numbers", "targets are int32 of shape (4,); allowed: floating point of shape (4,)"),
        ("column", "labels are int32 of shape (4, 1); allowed: integers of shape (4,)"),
        ("turned array", "images are float32 of shape (4, 2, 3, 1); allowed: floating point of shape (4, 3, 2, 1)"),
        ("shape", "Wrong has images of shape (3, 2); allowed: (height, width, channels), at least 1 each"),
        ("array", "label 2 is out of range; allowed: 0 .. 1"),
    ],
)
def test_what_is_no_dataset_is_refused(kind: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        load_checked(Wrong(kind), "train")[np.arange(4)]


@dataclass(frozen=True)
class Targets(Dataset):
    """Images with targets of any kind, as one array or batch by batch."""

    kind: str
    in_memory: bool

    @property
    def element(self):
        return TARGETS[self.kind][0]

    def load(self, split):
        images, targets = np.full((4, 3, 2, 1), 0.5, np.float32), TARGETS[self.kind][1]()
        if self.in_memory:
            return ArraySource(images, targets, self.element.num_classes)
        return Bent(GOOD.load(split), lambda x, y: Batch(images, targets))


IMAGE, MASK = Element((3, 2, 1), (3, 2, 1)), Element((3, 2, 1), (3, 2), 2)
TARGETS: dict[str, tuple[Element, Callable[[], np.ndarray], str]] = {
    "numbers": (Element((3, 2, 1)), lambda: np.arange(4) / 3 - 7, ""),
    "images": (IMAGE, lambda: np.arange(24.0).reshape(4, 3, 2, 1), ""),
    "half": (IMAGE, lambda: np.arange(24).reshape(4, 3, 2, 1).astype(np.float16), ""),
    "masks": (MASK, lambda: np.arange(24).reshape(4, 3, 2) % 2, ""),
    "bytes": (MASK, lambda: (np.arange(24).reshape(4, 3, 2) % 2).astype(np.uint8), ""),
    "integers": (
        Element((3, 2, 1)),
        lambda: np.arange(4),
        "targets are int64 of shape (4,); allowed: floating point of shape (4,)",
    ),
    "nan": (
        IMAGE,
        lambda: np.where(np.arange(24).reshape(4, 3, 2, 1) < 2, np.nan, 1.0),
        "2 targets are NaN, infinite or beyond 3.4e+38; allowed: numbers of float32",
    ),
    "infinite": (
        Element((3, 2, 1)),
        lambda: np.array([1.0, -np.inf, 0, 0]),
        "1 targets are NaN, infinite or beyond 3.4e+38; allowed: numbers of float32",
    ),
    "beyond float32": (
        Element((3, 2, 1)),
        lambda: np.array([1e39, -1e39, 0, 3e38]),
        "2 targets are NaN, infinite or beyond 3.4e+38; allowed: numbers of float32",
    ),
    "a third class": (MASK, lambda: np.arange(24).reshape(4, 3, 2) % 3, "label 2 is out of range; allowed: 0 .. 1"),
    "a class before the first": (
        MASK,
        lambda: -(np.arange(24).reshape(4, 3, 2) % 2),
        "label -1 is out of range; allow",
    ),
    "masks of numbers": (
        MASK,
        lambda: np.zeros((4, 3, 2)),
        "labels are float64 of shape (4, 3, 2); allowed: integers of shape (4, 3, 2)",
    ),
    "masks of truth": (
        MASK,
        lambda: np.zeros((4, 3, 2), bool),
        "labels are bool of shape (4, 3, 2); allowed: integers",
    ),
    "too few": (
        IMAGE,
        lambda: np.zeros((3, 3, 2, 1)),
        "targets are float64 of shape (3, 3, 2, 1); allowed: floating p",
    ),
}
"""What an item is, the targets of four items, and what is said of them if they are not right."""


@pytest.mark.parametrize("in_memory", [True, False], ids=["in memory", "batch by batch"])
@pytest.mark.parametrize("kind", TARGETS)
def test_targets_may_be_numbers_images_and_masks(kind: str, in_memory: bool) -> None:
    element, made, message = TARGETS[kind]
    data = Targets(kind, in_memory)
    if message:
        with pytest.raises(InputError, match=re.escape(message)):
            load_checked(data, "train")[np.arange(4)]
        return
    source = load_checked(data, "train")
    images, targets = source[np.arange(4)]
    assert isinstance(source, ArraySource if in_memory else CheckedSource)
    assert images.shape[1:] == element.inputs and targets.shape[1:] == element.targets
    assert targets.dtype == (np.float32 if element.num_classes is None else np.int32)
    np.testing.assert_array_equal(targets, made().astype(targets.dtype))


@pytest.mark.parametrize(
    ("targets", "num_classes", "message"),
    [
        (np.zeros((4, 2, 3), int), 2, "labels are int32 of shape (4, 2, 3); allowed: integers of shape (4, 3, 2)"),
        (np.zeros(4, int), 2, "labels are int32 of shape (4,); allowed: integers of shape (4, 3, 2)"),
        (np.zeros((4, 3, 2)), None, "labels are float32 of shape (4, 3, 2); allowed: integers of shape (4, 3, 2)"),
        (np.full((4, 3, 2), 2), 3, "label 2 is out of range; allowed: 0 .. 1"),
    ],
)
def test_an_array_that_is_right_but_not_as_promised_is_refused(targets: Any, num_classes: Any, message: str) -> None:
    class Promised(Targets):
        def load(self, split):
            return ArraySource(np.ones((4, 3, 2, 1)), targets, num_classes)

    with pytest.raises(InputError, match=re.escape(message)):
        load_checked(Promised("masks", in_memory=True), "train")[np.arange(4)]


def experiment(data: Dataset, **options: Any) -> Experiment:
    """Classical, so that it compiles in no time."""
    model = QuanvNet(LinearHead(2), LinearHead(2))
    return Experiment(
        data, model, procedure=Supervised(num_steps=8, batch_size=8), checkpoint_every=2, eval_every=4, **options
    )


def read(data: Dataset, split: Split) -> Batch:
    """The first images, from where images are changed when they are read."""
    return data.load(split)[np.arange(4)]


def run(spec: Experiment, folder: Path) -> None:
    with RunDirectory("mine", spec, folder) as directory:
        execute(directory, Console(quiet=True))


@pytest.mark.parametrize(
    "use",
    [
        lambda folder: run(experiment(Mine()), folder),
        lambda folder: run(experiment(Mine(split="test")), folder),
        lambda folder: run(experiment(Subset(Mine(), 32, 4)), folder),
        lambda folder: read(Binarised(Mine()), "train"),
        lambda folder: read(Resized(Mine()), "train"),
        lambda folder: Scaled(Mine()).load("train"),
        lambda folder: Scaled(Mine()).load("test"),
        lambda folder: read(Scaled(Mine(split="test")), "test"),
        lambda folder: Reduced(Mine(), PCA(2)).load("train"),
        lambda folder: Reduced(Mine(), PCA(2)).load("test"),
        lambda folder: read(Reduced(Mine(split="test"), PCA(2)), "test"),
        lambda folder: OnlyClasses(Mine(), (0, 1)).load("train"),
        lambda folder: read(WithValidation(Mine()), "train"),
        lambda folder: read(WithValidation(Mine()), "validation"),
        lambda folder: read(WithValidation(Mine(split="test")), "test"),
        lambda folder: LogisticRegression(data=Mine()).measure(),
        lambda folder: LogisticRegression(data=Mine(split="test")).measure(),
    ],
    ids=[
        *("training", "evaluation", "subset", "binarised", "resized", "scaled", "fitted", "scaled test images"),
        *("reduced", "fitted reduction", "reduced test images", "classes", "divided", "validation", "not divided"),
        *("baseline", "baseline's test images"),
    ],
)
def test_a_label_is_looked_at_wherever_it_enters(use: Callable[[Path], Any], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=re.escape("label -1 is out of range; allowed: 0 .. 1")):
        use(tmp_path)


def test_a_bad_label_in_the_middle_of_a_run_leaves_its_checkpoints(tmp_path: Path) -> None:
    def bad_at_last(images, labels):
        nonlocal reads
        reads += 1
        return BENT["minus_one"][0](images, labels) if reads == 6 else Batch(images, labels)

    BENT["bad_at_last"], spec = (bad_at_last, ""), experiment(Mine("bad_at_last"))
    reads = 0
    with pytest.raises(InputError, match="label -1 is out of range"):
        run(spec, tmp_path)
    (folder,) = tmp_path.glob("mine/*/seed0")
    assert sorted(path.name for path in (folder / "checkpoints").iterdir()) == ["2", "4"]
    (result,) = evaluate_run(folder)
    assert result.step == 4
    assert 6 <= reads <= 8  # some are read before they are wanted
    reads = 100
    run(spec, tmp_path)  # the labels are right now: it goes on
    assert reads == 100 + 4
    assert evaluate_run(folder)[0].step == 8
    del BENT["bad_at_last"]


def test_a_bad_label_before_the_first_checkpoint_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="label -1 is out of range"):
        run(experiment(Mine("minus_one")), tmp_path)
    assert not (tmp_path / "mine").exists()
