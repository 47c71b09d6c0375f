"""Classifiers of scikit-learn with a penalty that is chosen on training items."""

import warnings
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from qconv.bounds import require, require_at_least
from qconv.data.dataset import Source
from qconv.errors import InputError
from qconv.experiment.rivals import FittedMethod, Method
from qconv.tasks.task import Task


@dataclass(frozen=True)
class TunedClassifier(Method):
    """A classifier that sees each item as a row of numbers, standardised as the training items say.

    The C with the best mean accuracy in a cross-validation of the training items is taken, the smallest of equals, and
    the classifier is fitted to all of them with it. Parts have the classes in equal shares and are drawn by the run's
    seed. Held-out items are never seen. A subclass gives the classifier.
    """

    C: tuple[float, ...]
    """Values of C that are tried: the price of an item on the wrong side."""
    folds: int = 5
    """Parts of the cross-validation; as many as the smallest class has items, where that is less."""

    def __post_init__(self) -> None:
        require(self, "C", len(self.C) > 0 and min(self.C) > 0, "one or more, more than 0")
        require_at_least(self, 2, "folds")

    @abstractmethod
    def estimator(self, C: float, seed: int) -> Any:
        """A classifier of scikit-learn, not fitted, with a `decision_function` whose largest number is its class.

        Args:
            C: price of an item on the wrong side.
            seed: fixes what is random in it, if anything is.
        """

    def num_parameters(self, estimator: Any) -> int | None:
        """Fitted numbers of a classifier; None where counting them would tell nothing."""
        return None

    def fitted(self, train: Source, task: Task, seed: int) -> FittedMethod:
        """The classifier with the best C."""
        from sklearn.exceptions import ConvergenceWarning  # costs seconds, and not every run needs it
        from sklearn.model_selection import GridSearchCV, StratifiedKFold
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import StandardScaler

        items, labels = train[np.arange(len(train))]
        folds = min(self.folds, smallest_class(labels, self.name))
        steps = [("scaler", StandardScaler()), ("classifier", self.estimator(1.0, seed))]
        search = GridSearchCV(
            Pipeline(steps),
            {"classifier__C": sorted(self.C)},
            cv=StratifiedKFold(folds, shuffle=True, random_state=seed),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # as well as its iterations allow
            search.fit(items.reshape(len(items), -1), labels)
        best, chosen = search.best_estimator_, search.best_params_["classifier__C"]
        return FittedMethod(
            lambda inputs: _scores(best.decision_function(inputs.reshape(len(inputs), -1))),
            self.num_parameters(best["classifier"]),
            f"C = {chosen:g} of {min(self.C):g} to {max(self.C):g}, by cross-validation of the training items",
        )


def smallest_class(labels: Shaped[np.ndarray, "items ..."], name: str) -> int:
    """How many items the smallest class has: at least 2, one to be fitted to and one to be judged on."""
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise InputError(f"targets are {labels.dtype} of shape {labels.shape[1:]} each; allowed for {name}: labels")
    counts = np.bincount(labels)
    if len(counts) < 2 or counts.min() < 2:
        raise InputError(
            f"the classes have {', '.join(map(str, counts))} training items; allowed for {name}: at least 2 of each, "
            "and two classes"
        )
    return int(counts.min())


def _scores(found: Float[np.ndarray, "items *classes"]) -> Float[np.ndarray, "items classes"]:
    """A score for each class; of two classes scikit-learn has one score, which speaks for the second."""
    return np.stack([np.zeros_like(found), found], axis=1) if found.ndim == 1 else found
