"""Logistic regression."""

from dataclasses import dataclass
from typing import Any

from qconv.bounds import require
from qconv.measurements.baseline import Baseline


@dataclass(frozen=True)
class LogisticRegression(Baseline):
    """A linear classifier on standardised numbers: `StandardScaler` and `LogisticRegression` of scikit-learn."""

    C: float = 1.0
    """Inverse strength of the L2 penalty."""
    standardised: bool = True
    """Whether each number is brought to mean 0 and variance 1 of the training images first."""

    def __post_init__(self) -> None:
        require(self, "C", self.C > 0, "more than 0")

    def estimator(self) -> Any:
        """Fitted by L-BFGS, at most 1,000 iterations."""
        from sklearn.linear_model import LogisticRegression as Estimator
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        linear = Estimator(C=self.C, max_iter=1000, random_state=self.seed)
        return make_pipeline(*([StandardScaler()] if self.standardised else []), linear)

    def num_parameters(self, estimator: Any) -> int:
        """Coefficients and intercepts."""
        return estimator[-1].coef_.size + estimator[-1].intercept_.size
