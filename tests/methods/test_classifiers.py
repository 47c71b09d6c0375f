"""Classifiers beside networks: scikit-learn itself, fitted and judged by hand, and a run that has them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from qconv.data.dataset import ArraySource
from qconv.data.synthetic import Synthetic
from qconv.errors import InputError
from qconv.experiment.arms import arms
from qconv.experiment.experiment import Experiment
from qconv.experiment.linear_probe import LinearProbe
from qconv.experiment.rivals import Method
from qconv.methods.logistic_regression import TunedLogisticRegression
from qconv.methods.rbf_svm import TunedRbfSvm
from qconv.models.heads import LinearHead
from qconv.models.networks import ClassicalNet
from qconv.procedures.supervised import Supervised
from qconv.runs.run import execute
from qconv.runs.run_directory import RunDirectory
from qconv.runs.scores import read_scores
from qconv.runs.summary import compare_arms
from qconv.tasks.classification import Classification


def source(num_classes: int, count: int, seed: int) -> ArraySource:
    rng = np.random.default_rng(seed)
    labels = rng.integers(num_classes, size=count)
    images = rng.normal(size=(count, 1, 1, 6)) + 2 * (np.arange(6) == labels[:, None])[:, None, None]
    return ArraySource(images, labels, num_classes, -np.inf, np.inf)


@pytest.mark.parametrize("num_classes", [2, 3])
@pytest.mark.parametrize("method", [TunedLogisticRegression(), TunedRbfSvm()])
def test_the_best_penalty_is_that_of_a_cross_validation(method: Any, num_classes: int) -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    make = LogisticRegression if isinstance(method, TunedLogisticRegression) else SVC
    train, test = source(num_classes, 90, 0), source(num_classes, 40, 1)
    images, labels = train.inputs.reshape(90, 6), train.targets
    found = method.fitted(train, Classification(), 7)

    def right(C: float, fit: np.ndarray, judge: np.ndarray) -> float:
        scaler = StandardScaler().fit(images[fit])
        estimator = make(C=C).fit(scaler.transform(images[fit]), labels[fit])
        return float(estimator.score(scaler.transform(images[judge]), labels[judge]))

    parts = list(StratifiedKFold(5, shuffle=True, random_state=7).split(images, labels))
    best = max(method.C, key=lambda C: np.mean([right(C, fit, judge) for fit, judge in parts]))
    assert f"C = {best:g} " in found.settings
    scaler = StandardScaler().fit(images)
    estimator = make(C=best).fit(scaler.transform(images), labels)
    outputs = found.outputs(test.inputs.astype(np.float32))
    assert outputs.shape == (40, num_classes)
    expected = estimator.predict(scaler.transform(test.inputs.reshape(40, 6)))
    np.testing.assert_array_equal(outputs.argmax(1), expected)
    if make is LogisticRegression:
        chances = np.exp(outputs) / np.exp(outputs).sum(1, keepdims=True)
        own = estimator.predict_proba(scaler.transform(test.inputs.reshape(40, 6)))
        np.testing.assert_allclose(chances, own, atol=1e-5)
        assert found.num_parameters == (7 if num_classes == 2 else 7 * num_classes)
    else:
        assert found.num_parameters is None


def test_a_run_compares_them_item_by_item(tmp_path: Path) -> None:
    experiment = Experiment(
        data=Synthetic(120, 2, 3, 1, 2),
        model=ClassicalNet(LinearHead(2)),
        procedure=Supervised(num_steps=2, batch_size=8),
        rivals=(LinearProbe(), TunedLogisticRegression(), TunedRbfSvm()),
    )
    with RunDirectory("known", experiment, tmp_path) as run:
        summary = execute(run, Console(quiet=True)).summary(run)
    assert [arm.folder for arm in summary.arms] == ["", "linear", "logistic", "svm"]
    assert [arm.num_parameters for arm in summary.arms] == [14, 14, 7, None]
    assert summary.arms[0].metrics == summary.arms[1].metrics  # the probe is the same network here
    train, held_out = experiment.training_items(), experiment.held_out_items()
    images, labels = held_out[np.arange(len(held_out))]
    for rival in experiment.rivals:
        if isinstance(rival, Method):
            right = rival.fitted(train, experiment.task, 0).outputs(images).argmax(1) == labels
            np.testing.assert_array_equal(read_scores(run.folder / rival.folder, 0).values, right.astype(float))
            found = compare_arms([run.folder], rival.folder, higher_is_better=True)
            assert found.difference == pytest.approx(summary.value - right.mean(), abs=1e-6)


def test_the_linear_probe_has_one_dense_layer_whatever_the_network() -> None:
    experiment = Experiment(Synthetic(8, 2, 3, 1, 3), ClassicalNet(LinearHead(3)), rivals=(LinearProbe(),))
    probe = arms(experiment)[1]
    assert (probe.name, probe.folder, probe.traced.num_trained_parameters) == ("linear probe", "linear", 3 * 7)


def test_what_they_refuse() -> None:
    few = ArraySource(np.zeros((4, 1, 1, 2)), np.array([0, 0, 0, 1]), 2)
    real = ArraySource(np.zeros((4, 1, 1, 2)), np.zeros((4, 2)), None)
    for method in (TunedLogisticRegression(), TunedRbfSvm()):
        with pytest.raises(InputError, match=rf"^the classes have 3, 1 training items; allowed for {method.name}: at"):
            method.fitted(few, Classification(), 0)
        with pytest.raises(InputError, match=r"^targets are float32 of shape \(2,\) each; allowed"):
            method.fitted(real, Classification(), 0)
    with pytest.raises(InputError, match=r"^C = \(\); allowed: one or more, more than 0$"):
        TunedRbfSvm(C=())
    with pytest.raises(InputError, match=r"^folds = 1; allowed: at least 2$"):
        TunedLogisticRegression(folds=1)
