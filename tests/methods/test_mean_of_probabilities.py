"""The mean of what the machines of all views say: probabilities, better than one view, and what is refused."""

import numpy as np
import pytest

from qconv.data.digits import Digits
from qconv.data.few_labels import FewLabels
from qconv.data.held_out import HeldOut
from qconv.data.reduced_views import ReducedViews
from qconv.errors import InputError
from qconv.methods.mean_of_probabilities import MeanOfProbabilities
from qconv.tasks.classification import Classification

FEW = FewLabels(HeldOut(Digits(test_fraction=0.5), test=200), labels=6)
DATA = ReducedViews(FEW, (32, 32), 4)


def accuracy(data: ReducedViews, method: MeanOfProbabilities) -> float:
    fitted = method.fitted(data.load("train"), Classification(), 0)
    items, labels = data.load("test")[np.arange(200)]
    outputs = fitted.outputs(items)
    np.testing.assert_allclose(np.exp(outputs).sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(fitted.outputs(items[:3]), outputs[:3], atol=1e-6)
    return float((outputs.argmax(1) == labels).mean())


def test_two_views_say_more_than_one() -> None:
    both = accuracy(DATA, MeanOfProbabilities((4, 4), (10.0,), (0.5, 1.0)))
    one = accuracy(ReducedViews(FEW, (64,), 4), MeanOfProbabilities((4,), (10.0,), (0.5, 1.0)))
    assert both > one > 0.4


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match=r"^widths = \(4, 5\); allowed: views of 8 numbers in all$"):
        MeanOfProbabilities((4, 5)).fitted(DATA.load("train"), Classification(), 0)
    for field, value in (("C", ()), ("scales", (0.0,)), ("folds", 1)):
        with pytest.raises(InputError, match=f"^{field} = "):
            MeanOfProbabilities((4, 4), **{field: value})  # ty: ignore[invalid-argument-type]
