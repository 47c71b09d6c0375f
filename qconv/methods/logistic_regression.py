"""Logistic regression."""

from dataclasses import dataclass
from typing import Any, ClassVar

from qconv.methods.classifier import TunedClassifier


@dataclass(frozen=True)
class TunedLogisticRegression(TunedClassifier):
    """The best linear classifier of a cross-validation, fitted to its optimum: scikit-learn's `LogisticRegression`.

    On features of a frozen network it says what is in them, as a linear probe does, but with no budget of steps.
    """

    name: ClassVar[str] = "logistic regression"
    folder: ClassVar[str] = "logistic"

    C: tuple[float, ...] = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
    """Inverse strengths of the L2 penalty that are tried."""

    def estimator(self, C: float, seed: int) -> Any:
        """A linear classifier, fitted by L-BFGS in at most 1,000 iterations."""
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(C=C, max_iter=1000, random_state=seed)

    def num_parameters(self, estimator: Any) -> int:
        """The number of coefficients and intercepts."""
        return estimator.coef_.size + estimator.intercept_.size
