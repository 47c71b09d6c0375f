"""Support vector machines."""

from dataclasses import dataclass
from typing import Any

from qconv.bounds import require
from qconv.measurements.baseline import Baseline


@dataclass(frozen=True)
class RbfSvm(Baseline):
    """scikit-learn's `SVC` with the kernel exp(-gamma |x - y|^2), where gamma = 1 / (numbers * their variance)."""

    C: float = 1.0
    """Price of an image on the wrong side."""

    def __post_init__(self) -> None:
        require(self, "C", self.C > 0, "more than 0")

    def estimator(self) -> Any:
        """Deterministic."""
        from sklearn.svm import SVC

        return SVC(C=self.C)
