"""Masks: overlaps against scikit-learn and by hand, weights of pixels, and what is refused and drawn."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import f1_score, jaccard_score

from qconv.data.checked import load_checked
from qconv.data.dataset import ArraySource, Element
from qconv.errors import InputError
from qconv.procedures.procedure import Sums, WeightedBatch
from qconv.tasks.evidence import Evaluated
from qconv.tasks.losses import CrossEntropy, WeightedCrossEntropy
from qconv.tasks.masks import Masks, worst_and_best
from qconv.tasks.overlap import Dice, MeanIoU, PooledDice, PooledMeanIoU
from qconv.tasks.segmentation import Segmentation
from tests.variants import Made


def logits(masks: Any, classes: int) -> Any:
    """Outputs whose largest one is that of a mask."""
    return 2 * jnp.eye(classes, dtype=jnp.float32)[np.asarray(masks)] - 1


def values(predicted: np.ndarray, true: np.ndarray, classes: int, batch: int = 2) -> dict[str, float]:
    """The metrics of a task over all masks, a few at a time."""
    task, total = Segmentation(), None
    for start in range(0, len(true), batch):
        part = slice(start, start + batch)
        weights = jnp.ones(len(true[part]))
        sums = Sums.of(task, logits(predicted[part], classes), WeightedBatch(weights, jnp.asarray(true[part]), weights))
        total = sums if total is None else total + sums
    assert total is not None
    return total.values(task)


@pytest.mark.parametrize("classes", [2, 4])
def test_pooled_overlaps_are_those_of_scikit_learn(classes):
    rng = np.random.default_rng(classes)
    true = rng.integers(0, classes, (5, 6, 7))
    predicted = np.where(rng.random(true.shape) < 0.6, true, rng.integers(0, classes, true.shape))
    found = values(predicted, true, classes)
    flat, labels = (true.ravel(), predicted.ravel()), list(range(classes))
    assert found["pooled Dice"] == pytest.approx(f1_score(*flat, average="macro", labels=labels[1:]), rel=1e-6)
    assert found["pooled mIoU"] == pytest.approx(jaccard_score(*flat, average="macro", labels=labels), rel=1e-6)
    own = [
        f1_score(a.ravel(), b.ravel(), average="macro", labels=labels[1:]) for a, b in zip(true, predicted, strict=True)
    ]
    assert found["Dice"] == pytest.approx(np.mean(own), rel=1e-6)


def test_by_hand():
    """Three masks of four pixels: one half found, one empty and found so, one empty and not found so."""
    true = np.array([[[1, 1, 0, 0]], [[0, 0, 0, 0]], [[0, 0, 0, 0]]])
    predicted = np.array([[[1, 0, 0, 0]], [[0, 0, 0, 0]], [[1, 0, 0, 0]]])
    outputs, targets = logits(predicted, 2), jnp.asarray(true)
    np.testing.assert_allclose(Dice().per_item(outputs, targets), [2 / 3, 1, 0], rtol=1e-6)
    np.testing.assert_allclose(
        MeanIoU().per_item(outputs, targets), [(1 / 2 + 2 / 3) / 2, 1, (0 + 3 / 4) / 2], rtol=1e-6
    )
    found = values(predicted, true, 2)
    assert found["Dice"] == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert found["pooled Dice"] == pytest.approx(2 * 1 / (2 + 2))
    assert found["mIoU"] == pytest.approx((7 / 12 + 1 + 3 / 8) / 3)
    assert found["pooled mIoU"] == pytest.approx((1 / 3 + 9 / 11) / 2)


def test_two_empty_masks_count_1_and_a_class_that_is_in_neither_does_not_count():
    empty = np.zeros((2, 3, 3), int)
    assert {name: value for name, value in values(empty, empty, 3).items() if name != "loss"} == {
        "Dice": 1,
        "pooled Dice": 1,
        "mIoU": 1,
        "pooled mIoU": 1,
    }
    only = np.zeros((1, 2, 2), int)
    only[0, 0] = 2  # of class 1 there is nothing
    half = np.where([[True, False], [True, True]], only, 0)
    assert values(half, only, 3)["Dice"] == pytest.approx(2 / 3)
    assert values(half, only, 3)["mIoU"] == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_rows_that_fill_a_batch_up_count_nothing():
    rng = np.random.default_rng(0)
    outputs = jnp.asarray(rng.normal(size=(3, 4, 4, 2)), jnp.float32)
    targets = jnp.asarray(rng.integers(0, 2, (3, 4, 4)))
    weights = jnp.asarray([1, 1, 0], jnp.float32)
    for metric in (Dice(), PooledDice(), MeanIoU(), PooledMeanIoU()):
        filled, own = metric.sums(outputs, targets, weights), metric.sums(outputs[:2], targets[:2], weights[:2])
        assert metric.value(filled, 2.0) == pytest.approx(metric.value(own, 2.0))
        assert metric.per_item(outputs, targets).shape == (3,)


def test_weights_of_classes_and_edges():
    outputs = jnp.asarray(np.random.default_rng(0).normal(size=(1, 2, 4, 2)), jnp.float32)
    targets = jnp.asarray([[[0, 0, 0, 1], [0, 0, 0, 0]]])
    each = np.array(CrossEntropy().per_item(outputs.reshape(8, 2), targets.reshape(8))).reshape(2, 4)
    at_edges = np.array([[0, 0, 1, 1], [0, 0, 0, 1]])
    weights = np.where(targets[0] == 1, 3.0, 0.5) * np.where(at_edges, 5.0, 1.0)
    found = WeightedCrossEntropy((0.5, 3.0), 5.0).per_item(outputs, targets)
    np.testing.assert_allclose(found, [(weights * each).mean()], rtol=1e-6)
    np.testing.assert_allclose(
        WeightedCrossEntropy().per_item(outputs, targets), CrossEntropy().per_item(outputs, targets), rtol=1e-6
    )
    with pytest.raises(InputError, match=r"class_weights = \(1.0, 1.0\); allowed: one weight for each of 3 classes"):
        WeightedCrossEntropy().per_item(jnp.zeros((1, 2, 2, 3)), jnp.zeros((1, 2, 2), int))
    for wrong in (lambda: WeightedCrossEntropy((1.0, -1.0)), lambda: WeightedCrossEntropy((0.0, 0.0))):
        with pytest.raises(InputError, match=r"class_weights = .*; allowed: numbers of 0 or more, not all 0"):
            wrong()


def test_data_without_masks_are_refused():
    assert Segmentation().output_shape(Element((4, 6, 3), (4, 6), 5)) == (4, 6, 5)
    for element in (Element((4, 6, 3), (), 5), Element((4, 6, 3), (6, 4), 5), Element((4, 6, 3), (4, 6))):
        with pytest.raises(InputError, match="allowed for Segmentation: a mask of the image's height and width"):
            Segmentation().output_shape(element)


def test_masks_with_values_that_are_no_classes_are_refused():
    images, masks = np.zeros((2, 4, 4, 1), np.float32), np.zeros((2, 4, 4), int)
    masks[1, 2, 3] = 255
    with pytest.raises(InputError, match=r"^label 255 is out of range; allowed: 0 \.\. 1$"):
        ArraySource(images, masks, 2)

    class Read(Made):
        def load(self, split):
            return ArraySource(images, masks, 256)

    source = load_checked(Read((((4, 4, 1)), (4, 4), 2), 2, 2), "test")
    with pytest.raises(InputError, match=r"^label 255 is out of range; allowed: 0 \.\. 1$"):
        source[np.arange(2)]


def test_worst_and_best_masks_are_drawn_and_only_they_are_computed_again():
    data = Made(((4, 4, 3), (4, 4), 2), 8, 40)
    asked = []

    def outputs(rows):
        asked.append(rows)
        return {"quantum": np.zeros((len(rows), 4, 4, 2)), "Otsu": np.ones((len(rows), 4, 4, 2))}

    dice = np.linspace(1, 0, 40)
    there = np.ones(40)
    there[:2] = 0  # the best two are empty ones
    found = {name: np.stack([dice, there], 1) for name in ("quantum", "Otsu")}
    figure = Masks().figure(found, Evaluated(data, "test", data.load("test"), outputs))
    np.testing.assert_array_equal(asked, [[39, 38, 37, 36, 5, 4, 3, 2]])
    assert [ax.get_title() for ax in figure.axes[:4]] == [
        "image 39",
        "true mask",
        "quantum\nDice 0.00",
        "Otsu\nDice 0.00",
    ]
    assert len(figure.axes) == 8 * 4
    few = np.stack([dice[:3], there[:3]], 1)
    assert sorted(worst_and_best(few)) == [0, 1, 2]


def test_what_is_kept_of_each_mask():
    true = jnp.asarray([[[0, 1]], [[0, 0]]])
    found = Masks().of_batch(logits([[[0, 1]], [[1, 0]]], 2), true, jnp.ones(2))
    np.testing.assert_array_equal(found, [[1, 1], [0, 0]])
