"""Classification: what is reported, what is drawn, and which data and metrics it can be used with."""

from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
import pytest

from qconv.data.dataset import Element
from qconv.data.synthetic import Synthetic
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.models.heads import LinearHead
from qconv.models.networks import ClassicalNet
from qconv.procedures.supervised import Supervised
from qconv.tasks.classification import Accuracy, Classification
from qconv.tasks.confusion import Confusion
from qconv.tasks.losses import CrossEntropy, SquaredError
from qconv.tasks.metric import Metric
from qconv.tasks.mistakes import Mistakes
from qconv.tasks.plane_scores import PlaneScores

RNG = np.random.default_rng(0)
OUTPUTS = jnp.asarray(RNG.normal(size=(6, 3)), jnp.float32)
LABELS = jnp.asarray(RNG.integers(0, 3, 6), jnp.int32)
WEIGHTS = jnp.asarray([1, 1, 1, 1, 0, 0], jnp.float32)
GUESS = np.asarray(OUTPUTS).argmax(1)


def test_an_image_is_right_where_the_output_of_its_label_is_the_largest() -> None:
    right = Accuracy().per_item(OUTPUTS, LABELS)
    np.testing.assert_array_equal(right, np.asarray(LABELS) == GUESS)
    assert right.dtype == OUTPUTS.dtype and (Accuracy.name, Accuracy.higher_is_better) == ("accuracy", True)


def test_a_mask_is_right_by_the_share_of_its_pixels() -> None:
    labels = jnp.asarray([[0, 1], [1, 1], [2, 2]], jnp.int32)
    outputs = jnp.asarray(np.eye(3)[[[0, 1], [1, 2], [0, 1]]], jnp.float32)
    np.testing.assert_array_equal(Accuracy().per_item(outputs, labels), [1, 0.5, 0])


def test_a_metric_is_by_default_the_mean_over_the_items_that_count() -> None:
    sums = Accuracy().sums(OUTPUTS, LABELS, WEIGHTS)
    assert float(sums) == (np.asarray(LABELS) == GUESS)[:4].sum()
    assert Accuracy().value(sums, 4.0) == (np.asarray(LABELS) == GUESS)[:4].mean()


def test_the_confusion_matrix_has_a_row_for_each_class_and_counts_no_filled_rows() -> None:
    expected = np.zeros((3, 3))
    for label, guess in zip(np.asarray(LABELS)[:4], GUESS[:4], strict=True):
        expected[label, guess] += 1
    np.testing.assert_array_equal(Confusion().of_batch(OUTPUTS, LABELS, WEIGHTS), expected)
    assert Confusion.is_sum and not PlaneScores.is_sum


def test_a_plane_shows_the_score_of_class_1_as_the_loss_understands_outputs() -> None:
    for loss in (CrossEntropy(), SquaredError()):
        found = PlaneScores(loss).of_batch(OUTPUTS, LABELS, WEIGHTS)
        np.testing.assert_array_equal(found, loss.scores(OUTPUTS)[:, 1])
    single = PlaneScores(SquaredError()).of_batch(OUTPUTS[:, :1], LABELS, WEIGHTS)
    np.testing.assert_array_equal(single, OUTPUTS[:, 0])


def test_the_loss_is_what_the_plane_is_drawn_by() -> None:
    assert Classification().loss == CrossEntropy()
    assert Classification(SquaredError()).evidence == (
        Confusion(),
        Mistakes(SquaredError()),
        PlaneScores(SquaredError()),
    )
    assert Classification().metrics == (Accuracy(),)


def test_one_output_for_each_class_is_asked_for() -> None:
    assert Classification().output_shape(Element((8, 8, 1), num_classes=4)) == (4,)


@pytest.mark.parametrize(
    ("element", "message"),
    [
        (Element((8, 8, 1), (8, 8), 4), r"^the targets have shape \(8, 8\) and num_classes = 4; allowed for Classif"),
        (Element((8, 8, 1), (2,)), r"^the targets have shape \(2,\) and num_classes = None; allowed for Classif"),
    ],
)
def test_targets_that_are_no_labels_are_refused(element: Element, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Classification().output_shape(element)


@dataclass(frozen=True)
class OfAll(Metric):
    """One number for all images."""

    name: ClassVar[str] = "of all"

    def per_item(self, outputs: Any, targets: Any) -> Any:
        return outputs.mean()


@dataclass(frozen=True)
class Lost(Metric):
    """Asks for what is not there."""

    name: ClassVar[str] = "lost"

    def per_item(self, outputs: Any, targets: Any) -> Any:
        return outputs[:, 7, 7]


@dataclass(frozen=True)
class With(Classification):
    """Classification with a metric more."""

    metric: Metric = Accuracy()  # noqa: RUF009 - a frozen dataclass

    @property
    def metrics(self) -> tuple[Metric, ...]:
        return (Accuracy(), self.metric)


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (OfAll(), r"^OfAll returns shape \(\) for 2 images; allowed: \(2,\)$"),
        (Lost(), r"^Lost cannot be computed: IndexError: "),
    ],
)
def test_a_metric_that_is_not_one_number_for_each_image_is_refused_before_training(
    metric: Metric, message: str
) -> None:
    data = Synthetic()
    experiment = Experiment(data, ClassicalNet(LinearHead(4)), Supervised(batch_size=8), With(metric=metric))
    with pytest.raises(InputError, match=message):
        experiment.check(data.load("train"), data.load("test"))
