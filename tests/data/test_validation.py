"""Validation images: a part of the training images, and nothing that is learned from those sees them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console

from experiments.hur2022 import ReducedPerSplit
from qconv.data.autoencoder import Autoencoder
from qconv.data.classes import OnlyClasses
from qconv.data.dataset import ArraySource, Batch, Dataset, Element, Plane, Split
from qconv.data.pca import PCA
from qconv.data.reduced import Reduced
from qconv.data.resized import Resized
from qconv.data.scaled import Scaled
from qconv.data.subset import Subset
from qconv.data.synthetic import Synthetic
from qconv.data.validation import WithValidation, with_validation
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.experiment.spec import from_json, items_id, run_id, to_json
from qconv.models.heads import LinearHead
from qconv.models.networks import QuanvNet
from qconv.procedures.supervised import Supervised
from qconv.runs.evaluate import evaluate_run
from qconv.runs.metrics import read_metrics
from qconv.runs.run import execute
from qconv.runs.run_directory import RunDirectory
from qconv.runs.scores import read_scores
from tests.variants import changed

PARTS: tuple[Split, Split] = ("train", "validation")
DATA = Synthetic(num_images=50, height=4, width=3, num_classes=2)
DIVIDED = WithValidation(DATA)


def everything(data: Dataset, split: Split) -> Batch:
    source = data.load(split)
    return source[np.arange(len(source))]


def rows(data: Dataset, split: Split, source: Dataset = DATA) -> list[int]:
    """Which training images of a source those of a split are."""
    images, labels = everything(data, split)
    all_images, all_labels = everything(source, "train")
    found = [int(np.flatnonzero((all_images == image).all(axis=(1, 2, 3)))[0]) for image in images]
    np.testing.assert_array_equal(labels, all_labels[found])
    return found


@pytest.mark.parametrize(("fraction", "count"), [(0.2, 10), (0.5, 25), (0.01, 0.5), (0.03, 2), (0.98, 49)])
def test_the_two_parts_are_disjoint_and_all_training_images(fraction: float, count: float) -> None:
    data = WithValidation(DATA, fraction)
    if count < 1:
        with pytest.raises(InputError, match=r"^fraction = 0\.01 of 50 training images; allowed: two parts of both$"):
            data.load("train")
        return
    trained, held_out = rows(data, "train"), rows(data, "validation")
    assert len(held_out) == count and sorted(trained + held_out) == list(range(50))
    assert trained == sorted(trained) and held_out == sorted(held_out)
    assert held_out != list(range(50 - len(held_out), 50)) and held_out != list(range(len(held_out)))


def test_test_images_stay_as_they_are() -> None:
    for found, expected in zip(everything(DIVIDED, "test"), everything(DATA, "test"), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_which_images_they_are_is_fixed_by_the_seed_of_the_data_alone() -> None:
    assert rows(WithValidation(DATA), "validation") == rows(WithValidation(DATA), "validation")
    assert rows(WithValidation(DATA, validation_seed=1), "validation") != rows(DIVIDED, "validation")
    model = QuanvNet(LinearHead(2), LinearHead(2))
    for seed in (0, 1):
        experiment = Experiment(DATA, model, seed=seed, split="validation")
        assert experiment.divided_data == DIVIDED
        images = experiment.held_out_items()[np.arange(10)].inputs
        np.testing.assert_array_equal(images, everything(DIVIDED, "validation").inputs)
        assert len(experiment.training_items()) == 40
    tested = Experiment(DATA, model)
    assert tested.divided_data == DATA and len(tested.training_items()) == 50
    np.testing.assert_array_equal(tested.held_out_items()[np.arange(12)].inputs, everything(DATA, "test").inputs)


def test_only_the_innermost_data_are_divided() -> None:
    """So whatever is fitted outside sees training images alone."""
    assert with_validation(DATA) == DIVIDED and with_validation(DIVIDED) == DIVIDED
    other = WithValidation(DATA, 0.4, 7)
    assert with_validation(other) == other
    nested = Reduced(Resized(OnlyClasses(DATA), 2, 2), PCA(2))
    expected = Reduced(Resized(OnlyClasses(DIVIDED), 2, 2), PCA(2))
    assert with_validation(nested) == expected and with_validation(expected) == expected


def test_a_subset_is_divided_itself_where_nothing_inside_is_fitted() -> None:
    """So a fifth of its images is kept, and not as many as it has for testing."""
    few = Subset(DATA, 20, 7)
    data = with_validation(Scaled(few))
    assert data == Scaled(WithValidation(few))
    assert [len(data.load(split)) for split in ("train", "validation", "test")] == [16, 4, 7]
    parts = [rows(WithValidation(few), split) for split in ("train", "validation")]
    assert sorted([*parts[0], *parts[1]]) == rows(few, "train")
    for inner in (Scaled(DATA), Reduced(DATA, PCA(2)), Resized(Scaled(DATA), 2, 2), DIVIDED):
        outer = Subset(inner, 20, 7)
        assert with_validation(outer) == Subset(with_validation(inner), 20, 7)


def test_a_subset_of_made_data_is_drawn_from_what_remains() -> None:
    """As many as it says, or all that the cut leaves; of those for validation as many as test images, or all."""
    all_ = Synthetic(100, 4, 3, num_classes=4)  # 50 of two classes, about 40 of which are trained on
    for train, test in ((20, 5), (50, 12), (45, 12)):
        data = with_validation(Subset(OnlyClasses(all_, (1, 3)), train, test))
        assert data == Subset(OnlyClasses(WithValidation(all_), (1, 3)), train, test)
        left, cut = (everything(OnlyClasses(WithValidation(all_), (1, 3)), split) for split in PARTS)
        trained, held_out = (everything(data, split) for split in PARTS)
        assert len(trained.inputs) == min(train, len(left.inputs)) and len(held_out.inputs) == min(
            test, len(cut.inputs)
        )
        for some, every in ((trained, left), (held_out, cut)):
            assert {image.tobytes() for image in some.inputs} <= {image.tobytes() for image in every.inputs}
        assert len(data.load("test")) == test
    with pytest.raises(InputError, match=r"^train = 51; allowed: at most the 50 images of the split$"):
        Subset(OnlyClasses(all_, (1, 3)), 51, 5).load("train")
    with pytest.raises(InputError, match=r"^test = 13; allowed: at most the 12 images of the split$"):
        with_validation(Subset(OnlyClasses(all_, (1, 3)), 20, 13)).load("test")


@dataclass(frozen=True)
class Published(Dataset):
    """Data that come with items for validation."""

    @property
    def element(self):
        return DATA.element

    @property
    def splits(self):
        return PARTS[0], PARTS[1], "test"

    def load(self, split):
        self.check_split(split)
        rng = np.random.default_rng(["train", "validation", "test"].index(split))
        count = {"train": 30, "validation": 9, "test": 6}[split]
        return ArraySource(rng.random((count, 4, 3, 1)), np.arange(count) % 2, 2)

    def plane(self, split):
        return Plane(("x", "y"), np.zeros((9, 2)), (), "z") if split == "validation" else None


def test_images_that_are_published_for_validation_are_not_cut_from_the_others() -> None:
    for data in (Published(), Scaled(Published()), OnlyClasses(Published(), (0, 1)), WithValidation(Published(), 0.9)):
        assert data.splits == get_args(Split) and [len(with_validation(data).load(s)) for s in data.splits] == [
            30,
            9,
            6,
        ]
    parts = [everything(with_validation(Published()), split).inputs for split in get_args(Split)]
    for part, split in zip(parts, get_args(Split), strict=True):
        np.testing.assert_array_equal(part, everything(Published(), split).inputs)
    subset = with_validation(Subset(Published(), 20, 4))
    assert [len(subset.load(split)) for split in get_args(Split)] == [20, 4, 4]
    assert with_validation(Published()).plane("validation") and DIVIDED.plane("validation") is None
    experiment = Experiment(Published(), QuanvNet(LinearHead(2), LinearHead(2)), split="validation")
    assert [len(items()) for items in (experiment.training_items, experiment.held_out_items)] == [30, 9]
    assert DATA.splits == Scaled(DATA).splits == ("train", "test") and DIVIDED.splits == get_args(Split)


@dataclass(frozen=True)
class Marked(Dataset):
    """Images of which some, those for validation, may be others."""

    shift: float = 0.0
    moved: tuple[int, ...] = ()

    @property
    def element(self):
        return Element((3, 3, 1), num_classes=2)

    def load(self, split):
        images = np.random.default_rng([5, split == "test"]).uniform(0.4, 0.6, (40, 3, 3, 1))
        if split == "train":
            images[list(self.moved), ::2] += self.shift
        return ArraySource(images, np.arange(40) % 2, 2)


HELD_OUT = tuple(rows(WithValidation(Marked()), "validation", Marked()))


@pytest.mark.parametrize(
    "fitted",
    [
        lambda data: Reduced(data, PCA(2)),
        lambda data: ReducedPerSplit(data, PCA(2)),
        lambda data: Reduced(data, Autoencoder(2, epochs=20)),
        lambda data: Scaled(data),
        lambda data: Scaled(data, "range"),
        lambda data: Subset(Scaled(data), 32, 8),
        lambda data: Resized(Subset(Resized(Reduced(data, PCA(3)), 1, 3), 32, 8), 1, 2),
    ],
    ids=["components", "components per split", "codes", "standard", "range", "subset", "several"],
)
def test_what_is_fitted_to_training_images_does_not_see_those_for_validation(fitted: Any) -> None:
    assert len(HELD_OUT) == 8
    plain, moved = Marked(), Marked(0.35, HELD_OUT)
    for split in ("train", "test"):
        first, second = (everything(with_validation(fitted(data)), split).inputs for data in (plain, moved))
        np.testing.assert_array_equal(first, second)
    # Those for validation differ; and where all of them are fitted, so do test images: what is asked here can be seen.
    first, second = (everything(with_validation(fitted(data)), "validation").inputs for data in (plain, moved))
    assert len(first) == 8 and not np.array_equal(first, second)
    first, second = (everything(fitted(data), "test").inputs for data in (plain, moved))
    assert not np.array_equal(first, second)


def test_components_are_those_of_the_training_images_alone() -> None:
    data = with_validation(Reduced(Marked(), PCA(2)))
    images = everything(Marked(), "train").inputs.reshape(40, -1)
    kept = np.setdiff1d(np.arange(40), HELD_OUT)
    mean = images[kept].mean(0)
    directions = np.linalg.svd(images[kept] - mean, full_matrices=False)[2][:2]
    for split, own in (("train", kept), ("validation", np.array(HELD_OUT))):
        found = everything(data, split).inputs[:, 0, :, 0]
        scores = (images[own] - mean) @ directions.T
        inside = (found > 0).all(1) & (found < 1).all(1)  # what lies beyond is clipped
        assert inside.sum() > 5
        np.testing.assert_allclose(np.abs(np.corrcoef(found[inside].T, scores[inside].T)[[0, 1], [2, 3]]), 1, atol=1e-5)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5, 2.0, float("nan")])
def test_a_fraction_leaves_two_parts(fraction: float) -> None:
    with pytest.raises(InputError, match=rf"^fraction = {fraction}; allowed: more than 0 and less than 1$"):
        WithValidation(DATA, fraction)


def test_a_seed_is_not_negative() -> None:
    with pytest.raises(InputError, match=r"^validation_seed = -1; allowed: at least 0$"):
        WithValidation(DATA, validation_seed=-1)


def test_a_single_image_has_no_two_parts() -> None:
    with pytest.raises(InputError, match=r"^fraction = 0\.2 of 1 training images; allowed: two parts of both$"):
        WithValidation(Synthetic(1)).load("validation")


EXPERIMENT = Experiment(
    DATA, QuanvNet(LinearHead(2), LinearHead(2)), Supervised(num_steps=4, batch_size=8), log_every=2, eval_every=2
)


def test_images_of_another_split_are_other_images() -> None:
    """So results of the two are never compared item by item, even where they are as many."""
    other = WithValidation(DATA, validation_seed=1)
    ids = [items_id(data, split, 10) for data in (DIVIDED, other) for split in ("train", "validation")]
    assert len({*ids, items_id(DATA, "train", 10), items_id(DATA, "test", 10)}) == 6
    assert items_id(DIVIDED, "test", 10) == items_id(DATA, "test", 10)  # which stay as they are
    scaled = with_validation(Scaled(DATA))  # changed one by one
    assert items_id(DIVIDED, "validation", 10) == items_id(scaled, "validation", 10)
    chosen = changed(EXPERIMENT, split="validation")
    assert run_id(chosen) != run_id(EXPERIMENT) and from_json(to_json(chosen)) == chosen


def test_images_that_are_trained_on_are_not_evaluated(unchecked: None) -> None:
    with pytest.raises(InputError, match=r"^split = 'train'; allowed: 'test', 'validation'$"):
        changed(EXPERIMENT, split="train")


def test_a_run_is_evaluated_on_validation_images(tmp_path: Path) -> None:
    experiment = changed(EXPERIMENT, split="validation")
    with RunDirectory("mine", experiment, tmp_path) as run:
        result = execute(run, Console(quiet=True))
        summary = result.summary(run)
        run.write_summary(summary)
    assert (summary.split, summary.num_items) == ("validation", 10)
    lines = read_metrics(run.folder)
    names = (["step", "train_loss", "train_accuracy"], ["step", "validation_loss", "validation_accuracy"])
    assert [list(line) for line in lines] == [*names, *names]
    scores = read_scores(run.folder, 0)
    assert len(scores.values) == 10 and scores.items == items_id(DIVIDED, "validation", 10)
    assert summary.value == scores.values.mean() == lines[-1]["validation_accuracy"]
    (evaluated,) = evaluate_run(run.folder)
    assert evaluated.evaluation.metrics == pytest.approx(summary.arms[0].metrics)
    # By hand: the trained network on the images for validation.
    images, labels = everything(DIVIDED, "validation")
    variables = experiment.procedure.variables(result.arms[0][1].state.trained)
    right = np.asarray(experiment.model.apply(variables, jnp.asarray(images))).argmax(-1) == labels
    np.testing.assert_array_equal(scores.values, right)
    with RunDirectory("mine", EXPERIMENT, tmp_path) as other:
        tested = execute(other, Console(quiet=True)).summary(other)
    assert (tested.split, tested.num_items) == ("test", 12)
    assert [name for line in read_metrics(other.folder) for name in line if "validation" in name] == []
