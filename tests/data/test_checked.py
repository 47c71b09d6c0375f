"""Sources of a user's own: what is wrong with their images and labels is said before they are used."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console

from qconv.data.binarised import Binarised
from qconv.data.checked import load_checked
from qconv.data.classes import OnlyClasses
from qconv.data.dataset import ArraySource, Batch, Dataset
from qconv.data.pca import PCA
from qconv.data.reduced import Reduced
from qconv.data.resized import Resized
from qconv.data.scaled import Scaled
from qconv.data.subset import Subset
from qconv.data.synthetic import Synthetic
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.measurements.logistic_regression import LogisticRegression
from qconv.models.heads import LinearHead
from qconv.models.quanv_net import QuanvNet
from qconv.training.evaluate import evaluate_run
from qconv.training.run import execute
from qconv.training.run_directory import RunDirectory

GOOD = Synthetic(num_images=32, height=3, width=2, num_classes=2)


class Bent:
    """A source that changes each batch."""

    def __init__(self, source: Any, bend: Callable[[Any, Any], Any]) -> None:
        self.source, self.bend = source, bend

    @property
    def image_shape(self) -> tuple[int, ...]:
        return self.source.image_shape

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
    num_classes: int = 2

    def load(self, split):
        source = GOOD.load(split)
        return Bent(source, BENT[self.bend][0]) if split == self.split else source


BENT: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "minus_one": (first(-1), "label -1 is out of range; allowed: 0 .. 1"),
    "too_large": (first(2), "label 2 is out of range; allowed: 0 .. 1"),
    "beyond_int32": (lambda x, y: first(2**32)(x, y.astype(int)), "label 4294967296 is out of range; allowed: 0 .. 1"),
    "floats": (lambda x, y: Batch(x, y * 1.0), "labels are float64 of shape (4,); allowed: 4 integers, one an image"),
    "bools": (lambda x, y: Batch(x, y > 0), "labels are bool of shape (4,); allowed: 4 integers"),
    "one_hot": (lambda x, y: Batch(x, np.eye(2, dtype=int)[y]), "labels are int64 of shape (4, 2); allowed: 4 integ"),
    "too_few_labels": (lambda x, y: Batch(x, y[1:]), "labels are int32 of shape (3,); allowed: 4 integers"),
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
    "images_alone": (lambda x, y: x, "a source gives ndarray; allowed: a Batch of images and labels"),
}


@pytest.mark.parametrize("bend", BENT)
def test_each_batch_is_looked_at(bend: str) -> None:
    source = load_checked(Mine(bend), "train")
    assert len(source) == 32 and source.image_shape == (3, 2, 1)
    with np.errstate(divide="ignore"), pytest.raises(InputError, match=re.escape(BENT[bend][1])):
        source[np.arange(4)]


def test_what_is_right_goes_through_as_it_is() -> None:
    for kind in (np.int64, np.uint8):
        BENT["right"] = (lambda x, y, kind=kind: (jnp.asarray(x), y.astype(kind)), "")
        images, labels = load_checked(Mine("right"), "train")[np.arange(32)]
        np.testing.assert_array_equal(images, GOOD.load("train").images)
        np.testing.assert_array_equal(labels, GOOD.load("train").labels)
        assert isinstance(images, np.ndarray) and labels.dtype == np.int32
    del BENT["right"]
    assert type(load_checked(GOOD, "train")) is ArraySource  # has been looked at as a whole


@dataclass(frozen=True)
class Wrong(Dataset):
    """What is no dataset."""

    kind: str

    @property
    def num_classes(self):
        return 0 if self.kind == "classes" else 2

    def load(self, split):
        if self.kind == "source":
            return None
        source: Any = Bent(GOOD.load(split), Batch)
        if self.kind == "shape":
            source.source = ArrayShape((3, 2))
        return ArraySource(np.ones((4, 3, 2, 1)), np.arange(4), 4) if self.kind == "array" else source


class ArrayShape(tuple):
    image_shape = (3, 2)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("source", "Wrong.load gives NoneType; allowed: a Source, such as ArraySource"),
        ("classes", "Wrong.num_classes = 0; allowed: at least 1"),
        ("shape", "Wrong has images of shape (3, 2); allowed: (height, width, channels), at least 1 each"),
        ("array", "label 2 is out of range; allowed: 0 .. 1"),
    ],
)
def test_what_is_no_dataset_is_refused(kind: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        load_checked(Wrong(kind), "train")[np.arange(4)]


def experiment(data: Dataset, **options: Any) -> Experiment:
    """Classical, so that it compiles in no time."""
    model = QuanvNet(LinearHead(2), LinearHead(2))
    return Experiment(data, model, num_steps=8, batch_size=8, checkpoint_every=2, eval_every=4, **options)


def run(spec: Experiment, folder: Path) -> None:
    with RunDirectory("mine", spec, folder) as directory:
        execute(directory, Console(quiet=True))


@pytest.mark.parametrize(
    "use",
    [
        lambda folder: run(experiment(Mine()), folder),
        lambda folder: run(experiment(Mine(split="test")), folder),
        lambda folder: run(experiment(Subset(Mine(), 32, 4)), folder),
        lambda folder: Binarised(Mine()).load("train"),
        lambda folder: Resized(Mine()).load("train"),
        lambda folder: Scaled(Mine()).load("train"),
        lambda folder: Scaled(Mine()).load("test"),
        lambda folder: Reduced(Mine(), PCA(2)).load("train"),
        lambda folder: OnlyClasses(Mine(), (0, 1)).load("train"),
        lambda folder: LogisticRegression(data=Mine()).measure(),
        lambda folder: LogisticRegression(data=Mine(split="test")).measure(),
    ],
    ids=[
        *("training", "evaluation", "subset", "binarised", "resized", "scaled", "fitted", "reduced", "classes"),
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
    run(spec, tmp_path)  # the labels are right now: it goes on
    assert reads == 6 + 4
    assert evaluate_run(folder)[0].step == 8
    del BENT["bad_at_last"]


def test_a_bad_label_before_the_first_checkpoint_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="label -1 is out of range"):
        run(experiment(Mine("minus_one")), tmp_path)
    assert not (tmp_path / "mine").exists()
