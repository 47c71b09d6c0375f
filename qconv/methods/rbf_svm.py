"""Support vector machines."""

from dataclasses import dataclass
from typing import Any, ClassVar

from qconv.methods.classifier import TunedClassifier


@dataclass(frozen=True)
class TunedRbfSvm(TunedClassifier):
    """The best support vector machine of a cross-validation, with the kernel exp(-gamma |x - y|^2).

    scikit-learn's `SVC` with gamma = 1 / (numbers * their variance). Its scores are no logits of probabilities: the
    loss that stands beside its accuracy says little.
    """

    name: ClassVar[str] = "RBF-SVM"
    folder: ClassVar[str] = "svm"

    C: tuple[float, ...] = (0.1, 1.0, 10.0, 100.0)
    """Prices of an item on the wrong side that are tried."""

    def estimator(self, C: float, seed: int) -> Any:
        """A support vector machine, whose fit is deterministic; its class is the one with the largest score."""
        from sklearn.svm import SVC

        return SVC(C=C, break_ties=True)
