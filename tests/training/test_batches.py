"""Which images a step sees, and sums that count each image once."""

from dataclasses import dataclass, field

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from qconv.data.dataset import ArraySource, Batch
from qconv.data.synthetic import Synthetic
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.losses import CrossEntropy
from qconv.models.base import ImageModel
from qconv.models.heads import LinearHead
from qconv.training.batches import all_batches, load_batch, training_indices
from qconv.training.fit import evaluator, first_state
from qconv.training.mesh import device_mesh
from qconv.training.steps import Sums, train_step


class Known(ImageModel):
    """Logits are the image's pixels; one parameter, so that it can be trained."""

    @nn.compact
    def classify(self, features: jax.Array, *, train: bool = False) -> jax.Array:
        scale = self.param("scale", nn.initializers.ones, (1, 1))
        return scale * features.reshape(features.shape[0], -1)


def known_source(count: int, classes: int = 5) -> ArraySource:
    rng = np.random.default_rng(count)
    images = rng.random((count, 1, classes, 1), np.float32)
    return ArraySource(images, rng.integers(0, classes, count), classes)


def known_sums(source: ArraySource, rows: np.ndarray) -> tuple[float, int]:
    """Sum of the cross-entropies, and images classified rightly, in float64."""
    images, labels = source[rows]
    logits = images.reshape(len(rows), -1).astype(np.float64)
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(rows)), labels]
    return losses.sum(), int((logits.argmax(axis=1) == labels).sum())


@dataclass
class Asked:
    """A source of which `indices` were asked."""

    source: ArraySource
    indices: list[int] = field(default_factory=list)

    @property
    def image_shape(self) -> tuple[int, ...]:
        return self.source.image_shape

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, indices: np.ndarray) -> Batch:
        self.indices += indices.tolist()
        return self.source[indices]


def test_each_epoch_has_every_image_once_in_an_order_of_its_own() -> None:
    epochs = [np.concatenate([training_indices(3, 6 * e + s, 4, 24) for s in range(6)]) for e in range(3)]
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch), np.arange(24))
    assert len({tuple(epoch) for epoch in epochs}) == 3


def test_the_ragged_rest_of_an_epoch_is_left_out() -> None:
    epoch = np.concatenate([training_indices(0, step, 5, 23) for step in range(4)])
    assert len(set(epoch)) == 20
    assert set(training_indices(0, 4, 5, 23)) != set(epoch[:5])  # the second epoch starts at step 4


def test_a_step_sees_the_same_images_whatever_was_asked_before() -> None:
    steps = [17, 3, 40, 3, 17]
    seen = [training_indices(1, step, 4, 24).tolist() for step in steps]
    assert seen[0] == seen[4] and seen[1] == seen[3]
    assert training_indices(2, 17, 4, 24).tolist() != seen[0]


def test_a_batch_is_filled_up_with_rows_that_do_not_count() -> None:
    source = known_source(10)
    batch = load_batch(source, np.array([7, 2, 5]), 4, device_mesh(), np.dtype(np.float32))
    np.testing.assert_array_equal(batch.weights, [1, 1, 1, 0])
    np.testing.assert_array_equal(batch.inputs, source[np.array([7, 2, 5, 5])].images)
    np.testing.assert_array_equal(batch.labels, source.labels[[7, 2, 5, 5]])
    assert batch.inputs.dtype == batch.weights.dtype == np.float32


@pytest.mark.parametrize("count", [1, 7, 8, 9, 23])
def test_all_batches_have_each_image_once_in_order(count: int) -> None:
    batches = list(all_batches(Asked(known_source(count)), 8, device_mesh(), np.dtype(np.float32)))
    assert {batch.weights.shape for batch in batches} == {(8,)}  # one shape, one program
    labels = np.concatenate([np.asarray(batch.labels)[np.asarray(batch.weights) > 0] for batch in batches])
    np.testing.assert_array_equal(labels, known_source(count).labels)


@pytest.mark.parametrize("count", [1, 31, 32, 33, 100])
def test_means_over_a_ragged_set_are_those_of_numpy(count: int) -> None:
    source, mesh = known_source(count), device_mesh()
    experiment = Experiment(Synthetic(num_classes=5), Known(), batch_size=8)  # evaluates 32 images at once
    state = first_state(experiment, Known(), source, mesh)
    means, confusion, right = evaluator(experiment, source, mesh, model=Known(), inputs_are_features=False)(state)
    loss, correct = known_sums(source, np.arange(count))
    assert means["accuracy"] == correct / count
    assert means["loss"] == pytest.approx(loss / count, rel=1e-6)
    assert confusion.sum() == count and np.trace(confusion) == correct
    one_by_one = [known_sums(source, np.array([row]))[1] for row in range(count)]
    np.testing.assert_array_equal(right, np.array(one_by_one, bool))  # in order, and no row that fills a batch up
    np.testing.assert_array_equal(confusion.sum(axis=1), np.bincount(source.labels, minlength=5))


def test_training_sums_add_up_over_steps_and_leave_out_filled_rows() -> None:
    source, mesh = known_source(20), device_mesh()
    experiment = Experiment(Synthetic(), Known(), batch_size=4)
    state = first_state(experiment, Known(), source, mesh)
    tx = experiment.optimizer.transformation(10)
    expected_loss, expected_correct = 0.0, 0
    for rows in (np.array([3, 1, 4, 15]), np.array([9, 2, 6])):  # the second is filled up
        unchanged = state.replace(params={"scale": jnp.ones((1, 1))})
        batch = jax.tree.map(jnp.asarray, load_batch(source, rows, 4, mesh, np.dtype(np.float32)))
        options = {"model": Known(), "tx": tx, "loss": CrossEntropy(), "key": jax.random.key(0)}
        state = train_step(unchanged, batch, inputs_are_features=False, **options)
        loss, correct = known_sums(source, rows)
        expected_loss, expected_correct = expected_loss + loss, expected_correct + correct
    assert float(state.sums.count) == 7 and float(state.sums.correct) == expected_correct
    assert float(state.sums.loss) == pytest.approx(expected_loss, rel=1e-6)
    assert state.sums.means()["accuracy"] == expected_correct / 7
    assert int(state.step) == 2 and int(state.bad_step) == 0


def test_batches_with_replacement_are_a_function_of_seed_and_step() -> None:
    batches = [training_indices(3, step, 32, 10, "replacement") for step in range(100)]
    counts = np.bincount(np.concatenate(batches), minlength=10)
    assert len(counts) == 10 and np.abs(counts - 320).max() < 5 * np.sqrt(320)
    assert len({tuple(batch) for batch in batches}) == 100
    np.testing.assert_array_equal(batches[7], training_indices(3, 7, 32, 10, "replacement"))
    assert (batches[7] != training_indices(4, 7, 32, 10, "replacement")).any()


def test_filled_rows_do_not_change_the_gradient() -> None:
    source, mesh = known_source(20), device_mesh()
    experiment = Experiment(Synthetic(), Known(), batch_size=4)
    tx = experiment.optimizer.transformation(10)
    options = {"model": Known(), "tx": tx, "loss": CrossEntropy(), "key": jax.random.key(0)}
    moments = []
    for size in (3, 8):
        state = first_state(experiment, Known(), source, mesh)
        batch = jax.tree.map(jnp.asarray, load_batch(source, np.array([9, 2, 6]), size, mesh, np.dtype(np.float32)))
        moments.append(train_step(state, batch, inputs_are_features=False, **options).opt_state[0].mu["scale"])
    np.testing.assert_allclose(moments[0], moments[1], rtol=1e-6)
    assert float(moments[0][0, 0]) != 0


def test_sums_are_sums() -> None:
    one, two = (Sums(*map(jnp.float32, values)) for values in ((1.5, 2, 4), (0.25, 1, 2)))
    assert (one + two).means() == {"loss": 1.75 / 6, "accuracy": 0.5}
    assert (Sums.zero(np.dtype(np.float32)) + two).means() == two.means()


def test_what_does_not_fit_together_is_refused_before_any_work() -> None:
    train, other = Synthetic(num_images=12).load("train"), Synthetic(width=7).load("test")
    empty = Asked(ArraySource(np.ones((1, 8, 8, 1), np.float32), np.array([0]), 4))
    empty.source = train.__class__.__new__(ArraySource)
    object.__setattr__(empty.source, "images", np.ones((0, 8, 8, 1), np.float32))

    class Flat(ImageModel):
        @nn.compact
        def classify(self, features: jax.Array, *, train: bool = False) -> jax.Array:
            return LinearHead(4)(features)

    fits = Experiment(Synthetic(), Flat(), batch_size=12)
    fits.check(train, train)
    for experiment, sources, message in (
        (Experiment(Synthetic(), Flat(), batch_size=13), (train, train), "batch_size = 13; allowed: at most the 12 tr"),
        (fits, (train, empty), "the test split has 0 images; allowed: at least 1"),
        (fits, (train, other), r"training images have shape \(8, 8, 1\), test images \(8, 7, 1\)"),
        (
            Experiment(Synthetic(num_classes=5), Flat(), batch_size=2),
            (train, train),
            r"logits of shape \(4,\), but the",
        ),
    ):
        with pytest.raises(InputError, match=message):
            experiment.check(*sources)
