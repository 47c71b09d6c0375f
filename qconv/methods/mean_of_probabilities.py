"""The plain way to join several models: each says how likely each class is, and the mean of that counts."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float

from qconv.bounds import require, require_at_least
from qconv.data.dataset import Source
from qconv.experiment.rivals import FittedMethod, Method
from qconv.methods.classifier import smallest_class
from qconv.tasks.task import Task


@dataclass(frozen=True)
class MeanOfProbabilities(Method):
    """A support vector machine for each view, with the kernel exp(-gamma |x - y|^2), and the mean of what they say.

    C and gamma of each view are those with the best accuracy in a cross-validation of the training items; scores
    become probabilities by a logistic function that is fitted to the items that were left out. Outputs are logarithms
    of the mean probabilities. Held-out items are never seen.

    Sources: Kittler, Hatef, Duin and Matas, "On combining classifiers", IEEE Transactions on Pattern Analysis and
    Machine Intelligence 20, 226 (1998), the sum rule; Platt, "Probabilistic outputs for support vector machines"
    (1999).
    """

    name: ClassVar[str] = "mean of probabilities"
    folder: ClassVar[str] = "probabilities"

    widths: tuple[int, ...]
    """Numbers of each view, one view after the other."""
    C: tuple[float, ...] = (1.0, 10.0, 100.0)
    """Prices of an item on the wrong side that are tried."""
    scales: tuple[float, ...] = (0.1, 0.2, 0.4, 0.8, 1.6)
    """Factors of the numbers of a view that are tried: gamma is scale^2 / width."""
    folds: int = 5
    """Parts of the cross-validation; as many as the smallest class has items, where that is less."""

    def __post_init__(self) -> None:
        require(self, "widths", len(self.widths) > 0 and min(self.widths) > 0, "one number for each view, 1 or more")
        for name in ("C", "scales"):
            values = getattr(self, name)
            require(self, name, len(values) > 0 and min(values) > 0, "one or more, more than 0")
        require_at_least(self, 2, "folds")

    def fitted(self, train: Source, task: Task, seed: int) -> FittedMethod:
        """The machine of each view."""
        from sklearn.calibration import CalibratedClassifierCV  # costs seconds, and not every run needs it
        from sklearn.model_selection import GridSearchCV, StratifiedKFold
        from sklearn.svm import SVC

        items, labels = train[np.arange(len(train))]
        parts = StratifiedKFold(min(self.folds, smallest_class(labels, self.name)), shuffle=True, random_state=seed)
        machines: list[Any] = []
        for view in self._views(items):
            gammas = [scale**2 / view.shape[1] for scale in sorted(self.scales)]
            search = GridSearchCV(SVC(), {"C": sorted(self.C), "gamma": gammas}, cv=parts).fit(view, labels)
            machine = CalibratedClassifierCV(SVC(**search.best_params_), cv=parts, ensemble=False)
            machines.append(machine.fit(view, labels))

        def outputs(inputs: Float[np.ndarray, "batch ..."]) -> Float[np.ndarray, "batch classes"]:
            views = zip(machines, self._views(inputs), strict=True)
            mean = np.mean([machine.predict_proba(view) for machine, view in views], axis=0)
            return np.log(np.maximum(mean, np.finfo(np.float32).tiny))

        return FittedMethod(outputs, None, "C and gamma of each view by cross-validation of the training items")

    def _views(self, items: Float[np.ndarray, "batch ..."]) -> list[Float[np.ndarray, "batch _"]]:
        rows = items.reshape(len(items), -1)
        require(self, "widths", sum(self.widths) == rows.shape[1], f"views of {rows.shape[1]} numbers in all")
        return np.split(rows, np.cumsum(self.widths)[:-1], axis=1)
