"""Multilayer perceptrons."""

from dataclasses import dataclass
from typing import Any

from qconv.bounds import require, require_at_least
from qconv.measurements.baseline import Baseline


@dataclass(frozen=True)
class Mlp(Baseline):
    """scikit-learn's `MLPClassifier` with ReLU and Adam."""

    hidden: tuple[int, ...] = (32, 32)
    """Units of each hidden layer."""
    max_epochs: int = 500
    """Passes over the training images, at most: it stops earlier where the loss no longer falls."""

    def __post_init__(self) -> None:
        require(self, "hidden", min(self.hidden, default=0) >= 1, "one or more layers of at least 1 unit")
        require_at_least(self, 1, "max_epochs")

    def estimator(self) -> Any:
        """First weights and batches by `seed`."""
        from sklearn.neural_network import MLPClassifier

        return MLPClassifier(self.hidden, max_iter=self.max_epochs, random_state=self.seed)

    def num_parameters(self, estimator: Any) -> int:
        """Weights and biases."""
        return sum(weights.size for weights in (*estimator.coefs_, *estimator.intercepts_))
