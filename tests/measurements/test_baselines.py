"""Classical baselines against known problems."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from qconv.data.dataset import ArraySource, Dataset, Element, Split
from qconv.data.synthetic import Synthetic
from qconv.errors import InputError
from qconv.measurements.baseline import Baseline
from qconv.measurements.logistic_regression import LogisticRegression
from qconv.measurements.mlp import Mlp
from qconv.measurements.svm import RbfSvm


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
