"""Optimisers as specs: frozen dataclasses that build Optax transformations."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import optax

from qconv.bounds import require, require_choices


class Optimizer(ABC):
    """How parameters are updated. Subclasses are frozen dataclasses."""

    @abstractmethod
    def transformation(self, num_steps: int) -> optax.GradientTransformation:
        """The Optax transformation for a run of `num_steps` steps."""


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam with decoupled weight decay and a learning-rate schedule (`optax.adamw`)."""

    learning_rate: float = 1e-3
    """Highest learning rate."""
    weight_decay: float = 0.0
    """Part of each parameter taken off at each step, times the learning rate; quantum angles too."""
    schedule: Literal["constant", "cosine", "thirds"] = "constant"
    """Constant, falling to 0 along a half cosine over the run, or a tenth as much after each third of the run."""
    b2: float = 0.999
    """Part of the mean of squared gradients that is kept at each step."""

    def __post_init__(self) -> None:
        require(self, "learning_rate", self.learning_rate > 0, "more than 0")
        require(self, "weight_decay", self.weight_decay >= 0, "0 or more")
        require_choices(self)
        require(self, "b2", 0 < self.b2 < 1, "more than 0 and less than 1")

    def transformation(self, num_steps: int) -> optax.GradientTransformation:
        """`optax.adamw` with the schedule of a run of `num_steps` steps."""
        rate: optax.ScalarOrSchedule = self.learning_rate
        if self.schedule == "cosine":
            rate = optax.cosine_decay_schedule(self.learning_rate, num_steps)
        elif self.schedule == "thirds":
            drops = {num_steps // 3: 0.1, 2 * num_steps // 3: 0.1}
            rate = optax.piecewise_constant_schedule(self.learning_rate, drops)
        return optax.adamw(rate, b2=self.b2, weight_decay=self.weight_decay)


@dataclass(frozen=True)
class Sgd(Optimizer):
    """Stochastic gradient descent with momentum (`optax.sgd`)."""

    learning_rate: float = 1e-2
    """Step along the gradient of the mean loss; for a published sum over a batch, its rate times the batch size."""
    momentum: float = 0.9
    """Part of the last step that is taken again; 0 is plain gradient descent."""
    nesterov: bool = False
    """Whether the gradient is that of the point which the momentum leads to."""

    def __post_init__(self) -> None:
        require(self, "learning_rate", self.learning_rate > 0, "more than 0")
        require(self, "momentum", 0 <= self.momentum < 1, "0 to less than 1")

    def transformation(self, num_steps: int) -> optax.GradientTransformation:
        """`optax.sgd`, whatever the number of steps."""
        return optax.sgd(self.learning_rate, self.momentum, self.nesterov)
