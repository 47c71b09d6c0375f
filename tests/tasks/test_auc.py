"""The area under the curve against scikit-learn, and against its definition pair by pair."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from rich.console import Console
from sklearn.metrics import roc_auc_score

from qconv.experiment.experiment import Experiment
from qconv.models.heads import LinearHead
from qconv.models.networks import ClassicalNet
from qconv.procedures.supervised import Supervised
from qconv.report.pictures import write_pictures
from qconv.runs.evaluate import evaluate_run
from qconv.runs.metrics import read_metrics
from qconv.runs.run import execute
from qconv.runs.run_directory import RunDirectory
from qconv.runs.scores import read_scores
from qconv.runs.training import training
from qconv.tasks.auc import AUC, ClassificationByAUC
from qconv.tasks.classification import Accuracy
from qconv.tasks.losses import CrossEntropy, SquaredError
from tests.runs.known import Known, KnownData, known_outputs

RNG = np.random.default_rng(0)
LABELS = RNG.choice(4, 300, p=[0.1, 0.2, 0.3, 0.4]).astype(np.int32)
OUTPUTS = (RNG.normal(size=(300, 4)) + np.eye(4)[LABELS]).astype(np.float32)
TIED = OUTPUTS.round().astype(np.float32)


def by_scikit_learn(outputs: np.ndarray, labels: np.ndarray) -> float:
    scores = np.asarray(jax.nn.softmax(jnp.asarray(outputs)))
    return float(np.mean([roc_auc_score(k == labels, scores[:, k]) for k in np.unique(labels)]))


def found(outputs: np.ndarray, labels: np.ndarray, metric: AUC) -> np.ndarray:
    return np.asarray(metric.per_item(jnp.asarray(outputs), jnp.asarray(labels)), np.float64)


@pytest.mark.parametrize("outputs", [OUTPUTS, TIED])
def test_the_mean_over_items_is_the_area(outputs: np.ndarray) -> None:
    assert found(outputs, LABELS, AUC()).mean() == pytest.approx(by_scikit_learn(outputs, LABELS), abs=1e-6)


def test_it_is_what_scikit_learn_makes_of_probabilities() -> None:
    scores = np.exp(OUTPUTS.astype(np.float64))
    expected = roc_auc_score(LABELS, scores / scores.sum(1, keepdims=True), multi_class="ovr")
    assert found(OUTPUTS, LABELS, AUC()).mean() == pytest.approx(expected, abs=1e-6)


def test_scores_are_what_the_loss_makes_of_outputs() -> None:
    expected = np.mean([roc_auc_score(k == LABELS, OUTPUTS[:, k]) for k in range(4)])
    assert found(OUTPUTS, LABELS, AUC(SquaredError())).mean() == pytest.approx(expected, abs=1e-6)
    assert abs(expected - by_scikit_learn(OUTPUTS, LABELS)) > 1e-3  # a softmax mixes the classes


def test_the_spread_over_items_is_the_variance_of_delong() -> None:
    """For two classes, from the shares of pairs themselves."""
    labels = (LABELS > 1).astype(np.int32)
    outputs = TIED[:, 2:] - TIED[:, :2]
    scores = np.asarray(jax.nn.softmax(jnp.asarray(outputs)))[:, 1]
    ones, zeros = scores[labels == 1], scores[labels == 0]
    wins = (ones[:, None] > zeros) + (ones[:, None] == zeros) / 2
    expected = wins.mean(1).var() / len(ones) + wins.mean(0).var() / len(zeros)
    values = found(outputs, labels, AUC())
    assert values.mean() == pytest.approx(wins.mean(), abs=1e-6)
    assert values.var() / len(values) == pytest.approx(expected, rel=1e-4)


def test_a_class_that_no_image_has_is_left_out() -> None:
    labels = LABELS % 3
    values = found(OUTPUTS, labels, AUC())
    assert values.mean() == pytest.approx(by_scikit_learn(OUTPUTS, labels), abs=1e-6)
    assert np.isnan(found(OUTPUTS, np.zeros(300, np.int32), AUC())).all()


def test_networks_are_compared_by_it_and_the_accuracy_stands_beside() -> None:
    assert ClassificationByAUC().metrics == (AUC(CrossEntropy()), Accuracy())
    assert ClassificationByAUC(SquaredError()).metrics[0] == AUC(SquaredError())


def test_all_images_are_ranked_together_whatever_the_batches() -> None:
    """30 images in batches of 12, the last of which is filled up where there are several devices."""
    experiment = Experiment(
        KnownData(30), Known(), Supervised(num_steps=1, batch_size=3), ClassificationByAUC(), rivals=()
    )
    last = list(training(experiment))[-1]
    source = experiment.held_out_items()
    outputs, labels = known_outputs(source, np.arange(30))
    scale = np.asarray(last.variables["params"]["scale"])
    expected = by_scikit_learn((scale * outputs).astype(np.float32), np.asarray(labels))
    assert last.evaluation is not None and list(last.evaluation.metrics) == ["loss", "AUC", "accuracy"]
    assert last.evaluation.metrics["AUC"] == pytest.approx(expected, abs=1e-6)
    assert last.evaluation.per_item.mean(dtype=float) == pytest.approx(expected, abs=1e-6)
    assert len(last.evaluation.per_item) == 30


def test_a_run_says_the_area_of_what_it_is_evaluated_on_only(tmp_path: Path) -> None:
    experiment = Experiment(
        KnownData(),
        ClassicalNet(LinearHead(5)),
        Supervised(num_steps=4, batch_size=5),
        ClassificationByAUC(),
        log_every=2,
        eval_every=4,
    )
    with RunDirectory("auc", experiment, tmp_path) as run:
        result = execute(run, Console(quiet=True))
        summary = result.summary(run)
        assert (summary.headline, summary.higher_is_better) == ("AUC", True)
        write_pictures(run.folder, result)
    lines = read_metrics(run.folder)
    assert [sorted(line) for line in lines] == [
        ["step", "train_accuracy", "train_loss"],
        ["step", "train_accuracy", "train_loss"],
        ["step", "test_AUC", "test_accuracy", "test_loss"],
    ]
    (again,) = evaluate_run(run.folder)
    assert again.evaluation.metrics["AUC"] == summary.value == lines[-1]["test_AUC"]
    assert read_scores(run.folder, 0).values.mean() == pytest.approx(summary.value, abs=1e-6)
