"""Classical baselines against known problems."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from qconv.data.dataset import ArraySource, Dataset, Element, Split
from qconv.data.scaled import Scaled
from qconv.data.synthetic import Synthetic
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.experiment.spec import items_id
from qconv.measurements.baseline import Baseline
from qconv.measurements.logistic_regression import LogisticRegression
from qconv.measurements.mlp import Mlp
from qconv.measurements.svm import RbfSvm
from qconv.models.heads import LinearHead
from qconv.models.networks import QuanvNet
from qconv.runs.scores import read_scores
from qconv.tables.cells import run_cell
from qconv.tables.rows import Control, Row


@dataclass(frozen=True)
class Circles(Dataset):
    """Points within a circle and around it: no line tells them apart."""

    @property
    def element(self) -> Element:
        return Element((1, 2, 1), num_classes=2)

    def load(self, split: Split) -> ArraySource:
        rng = np.random.default_rng(split == "test")
        points = rng.uniform(size=(400, 2))
        inside = np.hypot(*(points - 0.5).T) < 0.4  # half of the square
        return ArraySource(points[:, None, :, None], inside.astype(int), 2)


@pytest.mark.parametrize(
    ("baseline", "low", "high", "parameters"),
    [
        (LogisticRegression(data=Circles()), 0.3, 0.65, 3),
        (RbfSvm(data=Circles()), 0.9, 1.0, None),
        (Mlp(data=Circles(), hidden=(32, 16), max_epochs=1000), 0.9, 1.0, 2 * 32 + 32 + 32 * 16 + 16 + 16 + 1),
    ],
)
def test_circles(baseline: Baseline, low: float, high: float, parameters: int | None) -> None:
    measured = baseline.measure()
    assert low <= measured.value <= high and measured.num_parameters == parameters
    again = baseline.measure()
    assert again[:2] == measured[:2] and measured.per_item is not None
    np.testing.assert_array_equal(again.per_item, measured.per_item)
    assert measured.per_item.mean() == measured.value


def test_logistic_regression_counts_every_class() -> None:
    assert LogisticRegression(data=Synthetic(64, 4, 4, 1, 4)).measure().num_parameters == 4 * 16 + 4


def test_a_baseline_is_fitted_and_judged_on_the_parts_that_networks_are() -> None:
    from sklearn.svm import SVC

    data = Scaled(Circles())
    baseline = RbfSvm(data=data, split="validation")
    network = Experiment(data, QuanvNet(LinearHead(2), LinearHead(2)), split="validation")
    train, held_out = network.training_items(), network.held_out_items()
    (images, labels), (others, right) = train[np.arange(320)], held_out[np.arange(80)]
    expected = SVC().fit(images.reshape(320, -1), labels).predict(others.reshape(80, -1)) == right
    measured = baseline.measure()
    assert measured.per_item is not None and len(held_out) == 80 and len(train) == 320
    np.testing.assert_array_equal(measured.per_item, expected)
    assert measured.value != RbfSvm(data=data).measure().value
    assert baseline.divided_data == network.divided_data and RbfSvm(data=data).divided_data == data


def test_a_baseline_is_compared_with_networks_on_the_same_images_only(tmp_path: Path) -> None:
    network = Experiment(Circles(), QuanvNet(LinearHead(2), LinearHead(2)), split="validation")
    control = LogisticRegression(data=Scaled(Circles()), split="validation")
    row = Row("network", (network,), controls=(Control("lines", (control,)),))
    run_cell("circles", control, tmp_path, Console(quiet=True))
    (folder,) = tmp_path.glob("circles/*/seed0")
    assert read_scores(folder, 0).items == items_id(network.divided_data, "validation", 80)
    with pytest.raises(InputError, match="of test accuracy, validation accuracy"):
        Row(row.name, row.cells, controls=(Control("lines", (LogisticRegression(data=Circles()),)),))


def test_images_that_it_is_fitted_to_are_not_classified(unchecked: None) -> None:
    train: Any = "train"
    with pytest.raises(InputError, match=r"^split = 'train'; allowed: 'test', 'validation'$"):
        RbfSvm(data=Circles(), split=train).measure()


@pytest.mark.parametrize(
    ("cls", "fields", "message"),
    [
        (LogisticRegression, {"C": 0.0}, "C = 0.0; allowed: more than 0"),
        (RbfSvm, {"C": -1.0}, "C = -1.0; allowed: more than 0"),
        (Mlp, {"hidden": ()}, r"hidden = \(\); allowed"),
        (Mlp, {"max_epochs": 0}, "max_epochs = 0; allowed: at least 1"),
    ],
)
def test_bad_fields(cls: type[Baseline], fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        cls(**fields)
