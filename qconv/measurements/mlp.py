"""Multilayer perceptrons."""

from dataclasses import dataclass
from typing import Any

from qconv.errors import InputError
from qconv.measurements.baseline import Baseline


@dataclass(frozen=True)
class Mlp(Baseline):
    """scikit-learn's `MLPClassifier` with ReLU and Adam."""

    hidden: tuple[int, ...] = (32, 32)
    """Units of each hidden layer."""
    max_epochs: int = 500
    """Passes over the training images, at most: it stops earlier where the loss no longer falls."""

    def __post_init__(self) -> None:
        if not self.hidden or min(self.hidden) < 1:
            raise InputError(f"hidden = {self.hidden}; allowed: one or more layers of at least 1 unit")
        if self.max_epochs < 1:
            raise InputError(f"max_epochs = {self.max_epochs}; allowed: at least 1")

    def estimator(self) -> Any:
        """First weights and batches by `seed`."""
        from sklearn.neural_network import MLPClassifier

        return MLPClassifier(self.hidden, max_iter=self.max_epochs, random_state=self.seed)

    def num_parameters(self, estimator: Any) -> int:
        """Weights and biases."""
        return sum(weights.size for weights in (*estimator.coefs_, *estimator.intercepts_))
