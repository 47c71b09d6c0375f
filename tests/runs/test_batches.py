"""Batches that are filled up or read ahead, sums that count each image once, and what does not fit together."""

import threading
import time
from collections.abc import Generator
from dataclasses import dataclass, field

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.data.dataset import ArraySource, Batch, Dataset, Element, Source, Split
from qconv.data.synthetic import Synthetic
from qconv.errors import InputError
from qconv.experiment.arms import arms
from qconv.experiment.experiment import Experiment
from qconv.models.heads import LinearHead
from qconv.procedures.procedure import WeightedBatch
from qconv.procedures.supervised import Supervised
from qconv.runs.batches import all_batches, batches, read_batch
from qconv.runs.loop import Loop, update_program
from qconv.runs.mesh import device_mesh
from tests.runs.known import Known, KnownData, known_sums


@dataclass
class Asked:
    """A source of which `indices` were asked."""

    source: Source
    indices: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, indices: np.ndarray) -> Batch:
        self.indices += indices.tolist()
        return self.source[indices]


def loop_of(count: int, batch_size: int) -> Loop:
    data = KnownData(count)
    experiment = Experiment(data, Known(), Supervised(num_steps=10, batch_size=batch_size))
    return Loop(experiment, Known(), data.load("train"), data.load("test"), device_mesh())


def test_a_batch_is_filled_up_with_rows_that_do_not_count() -> None:
    source = KnownData(10).load("train")
    batch = read_batch(source, np.array([7, 2, 5]), 4, device_mesh(), np.dtype(np.float32))
    np.testing.assert_array_equal(batch.weights, [1, 1, 1, 0])
    np.testing.assert_array_equal(batch.inputs, source[np.array([7, 2, 5, 5])].inputs)
    np.testing.assert_array_equal(batch.targets, source.targets[[7, 2, 5, 5]])
    assert batch.inputs.dtype == batch.weights.dtype == np.float32


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_targets_that_are_numbers_have_the_precision_of_the_run_and_labels_stay_integers(dtype: str) -> None:
    images, rows = np.zeros((3, 1, 2, 1)), np.arange(3)
    numbers = ArraySource(images, np.array([[0.5], [2.0], [-1e3]]))
    batch = read_batch(numbers, rows, 4, device_mesh(), np.dtype(dtype))
    assert batch.inputs.dtype == batch.targets.dtype == batch.weights.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(batch.targets, [[0.5], [2.0], [-1e3], [-1e3]])
    labels = ArraySource(images, np.array([0, 2, 1]), 3)
    assert read_batch(labels, rows, 4, device_mesh(), np.dtype(dtype)).targets.dtype == np.int32


@pytest.mark.parametrize("count", [1, 7, 8, 9, 23])
def test_all_batches_have_each_image_once_in_order(count: int) -> None:
    source = KnownData(count).load("train")
    asked = Asked(source)
    found = list(all_batches(asked, 8, device_mesh(), np.dtype(np.float32)))
    assert {batch.weights.shape for batch in found} == {(8,)}  # one shape, one program
    labels = np.concatenate([np.asarray(batch.targets)[np.asarray(batch.weights) > 0] for batch in found])
    np.testing.assert_array_equal(labels, source.targets)
    assert list(dict.fromkeys(asked.indices)) == list(range(count))


@dataclass
class Slow:
    """A source that says in which threads it was read, and fails at one batch."""

    source: Source
    in_memory: bool
    fails_at: int = -1
    threads: list[threading.Thread] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, indices: np.ndarray) -> Batch:
        self.threads.append(threading.current_thread())
        if indices[0] == self.fails_at:
            raise OSError("no disk")
        return self.source[indices]


def pairs_of(source: Source, numbers: range) -> Generator[WeightedBatch]:
    """Items 2 i and 2 i + 1 as the batch of number i."""
    yield from batches(source, lambda i: np.array([2 * i, 2 * i + 1]), numbers, 2, device_mesh(), np.dtype(np.float32))


@pytest.mark.parametrize("numbers", [range(10), range(7, 10), range(9, 10), range(10, 10)], ids=str)
@pytest.mark.parametrize("in_memory", [True, False])
def test_batches_come_in_order_whether_they_are_read_ahead_or_not(in_memory: bool, numbers: range) -> None:
    source = KnownData(20).load("train")
    slow = Slow(source, in_memory)
    found = [batch.targets for batch in pairs_of(slow, numbers)]
    np.testing.assert_array_equal(np.ravel(found), source.targets[2 * numbers.start : 20])
    assert len(slow.threads) == len(numbers)
    assert all((thread is threading.current_thread()) == in_memory for thread in slow.threads)


def test_two_batches_are_read_ahead_and_no_more() -> None:
    slow = Slow(KnownData(20).load("train"), in_memory=False)
    coming = pairs_of(slow, range(10))
    for taken in (1, 2):
        next(coming)
        deadline = time.monotonic() + 10
        while len(slow.threads) < taken + 2 and time.monotonic() < deadline:
            time.sleep(0.001)
        assert len(slow.threads) == taken + 2
    coming.close()
    assert len(slow.threads) == 4 and not any(thread.is_alive() for thread in slow.threads)


def test_what_is_in_memory_is_read_when_it_is_wanted() -> None:
    slow = Slow(KnownData(20).load("train"), in_memory=True)
    coming = pairs_of(slow, range(10))
    for taken in (1, 2):
        next(coming)
        assert len(slow.threads) == taken


@pytest.mark.parametrize("in_memory", [True, False])
def test_an_error_of_a_source_comes_where_its_batch_is_wanted(in_memory: bool) -> None:
    slow = Slow(KnownData(20).load("train"), in_memory, fails_at=6)
    coming = pairs_of(slow, range(10))
    for _ in range(3):
        next(coming)
    with pytest.raises(OSError, match="no disk"):
        next(coming)
    assert in_memory or not any(thread.is_alive() for thread in slow.threads)


@pytest.mark.parametrize("count", [1, 31, 32, 33, 100])
def test_means_over_a_ragged_set_are_those_of_numpy(count: int) -> None:
    loop = loop_of(count, batch_size=8)  # evaluates 32 images at once
    source = KnownData(count).load("test")
    metrics, evidence, per_item = loop.evaluate(loop.first)
    loss, correct = known_sums(source, np.arange(count))
    assert list(metrics) == ["loss", "accuracy"] and metrics["accuracy"] == correct / count
    assert metrics["loss"] == pytest.approx(loss / count, rel=1e-6)
    confusion = evidence["confusion"]
    assert confusion.sum() == count and np.trace(confusion) == correct
    one_by_one = [known_sums(source, np.array([row]))[1] for row in range(count)]
    np.testing.assert_array_equal(per_item, np.array(one_by_one))  # in order, and no row that fills a batch up
    np.testing.assert_array_equal(confusion.sum(axis=1), np.bincount(source.targets, minlength=5))


def test_training_sums_add_up_over_steps_and_leave_out_filled_rows() -> None:
    loop = loop_of(20, batch_size=4)
    experiment, mesh, source = loop.experiment, loop.mesh, KnownData(20).load("train")
    update = update_program(experiment.procedure, Known(), experiment.task, 0, mesh)
    state, key = jax.tree.map(jnp.copy, loop.first), jax.random.key(0)
    expected_loss, expected_correct = 0.0, 0
    for rows in (np.array([3, 1, 4, 15]), np.array([9, 2, 6])):  # the second is filled up
        unchanged = state.replace(trained=state.trained.replace(params={"scale": jnp.ones((1, 1))}))
        state = update(unchanged, {}, read_batch(source, rows, 4, mesh, np.dtype(np.float32)), key)
        loss, correct = known_sums(source, rows)
        expected_loss, expected_correct = expected_loss + loss, expected_correct + correct
    assert float(state.sums.count) == 7 and float(state.sums.metrics["accuracy"]) == expected_correct
    assert float(state.sums.metrics["loss"]) == pytest.approx(expected_loss, rel=1e-6)
    assert state.sums.values(experiment.task)["accuracy"] == expected_correct / 7
    assert int(state.step) == 2 and int(state.bad_step) == 0


class Flat(nn.Module):
    """A dense layer."""

    @nn.compact
    def __call__(self, images: jax.Array, *, train: bool = False) -> jax.Array:
        return LinearHead(4)(images)


@dataclass(frozen=True)
class OtherTestImages(Dataset):
    """Test images that are narrower than is promised."""

    @property
    def element(self) -> Element:
        return Synthetic().element

    def load(self, split: Split) -> ArraySource:
        return Synthetic(width=8 if split == "train" else 7).load(split)


def test_what_does_not_fit_together_is_refused_before_any_work() -> None:
    train = Synthetic(num_images=12).load("train")
    empty = ArraySource.__new__(ArraySource)
    for name, value in (("inputs", np.ones((0, 8, 8, 1), np.float32)), ("targets", train.targets[:0])):
        object.__setattr__(empty, name, value)

    fits = Experiment(Synthetic(), Flat(), Supervised(batch_size=12))
    fits.check(train, train)
    for experiment, held_out, message in (
        (
            Experiment(Synthetic(), Flat(), Supervised(batch_size=13)),
            train,
            "batch_size = 13; allowed: at most the 12 tr",
        ),
        (fits, empty, "the test split has 0 images; allowed: at least 1"),
    ):
        with pytest.raises(InputError, match=message):
            experiment.check(train, held_out)
    message = r"outputs of shape \(4,\) for each image; allowed: \(5,\), which Classification asks of these data"
    with pytest.raises(InputError, match=message):
        arms(Experiment(Synthetic(num_classes=5), Flat(), Supervised(batch_size=2)))


def test_images_of_another_shape_than_promised_are_refused_where_they_are_read() -> None:
    held_out = Experiment(OtherTestImages(), Flat()).held_out_items()
    message = r"images are float32 of shape \(2, 8, 7, 1\); allowed: floating point of shape \(2, 8, 8, 1\)"
    with pytest.raises(InputError, match=message):
        held_out[np.arange(2)]
