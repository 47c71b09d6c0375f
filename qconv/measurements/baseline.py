"""Classical baselines: an estimator of scikit-learn on the images of a dataset."""

import warnings
from abc import abstractmethod
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from qconv.bounds import require_choices
from qconv.data.checked import load_checked
from qconv.data.dataset import Dataset, Split
from qconv.data.digits import Digits
from qconv.data.validation import with_validation
from qconv.measurements.base import Measured, Measurement


@dataclass(frozen=True)
class Baseline(Measurement):
    """Accuracy of a classical estimator that sees each image as a row of numbers.

    A subclass gives the estimator. So the baseline of a reduced dataset sees what the circuit sees.
    """

    data: Dataset = field(default_factory=Digits)
    """Where images come from."""
    split: Literal["test", "validation"] = "test"
    """Which images are classified, as of an `Experiment`: the training images are those of the networks beside it."""

    @property
    def divided_data(self) -> Dataset:
        """The data with the split that the estimator is judged on.

        Raises:
            InputError: `split` is none that is not trained on.
        """
        require_choices(self)
        return with_validation(self.data) if self.split == "validation" else self.data

    @abstractmethod
    def estimator(self) -> Any:
        """An estimator of scikit-learn, not fitted, with `seed` as its random state where it has one."""

    def num_parameters(self, estimator: Any) -> int | None:
        """Fitted numbers of the estimator; None where they cannot be counted."""
        return None

    def measure(self) -> Measured:
        """Fits the training images and counts the images of `split` that it classifies rightly."""
        from sklearn.exceptions import ConvergenceWarning

        estimator = self.estimator()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the budget is part of the spec
            estimator.fit(*self._rows("train"))
        images, labels = self._rows(self.split)
        right = (estimator.predict(images) == labels).astype(float)
        return Measured(float(right.mean()), self.num_parameters(estimator), right)

    def _rows(self, split: Split) -> tuple[np.ndarray, np.ndarray]:
        source = load_checked(self.divided_data, split)
        images, labels = source[np.arange(len(source))]
        return images.reshape(len(images), -1), labels
