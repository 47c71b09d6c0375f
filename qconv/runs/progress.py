"""Live progress of training."""

import time
from collections.abc import Sequence

from rich.console import Console

from qconv.progress import LiveProgress


class TrainingProgress(LiveProgress):
    """Shows step, loss, headline metric, images per second and remaining time of one network. A context manager.

    Args:
        console: where to; a quiet one shows nothing.
        name: what is trained.
        start: steps done before.
        total: steps of the run.
        batch_size: images of a step.
        shown: names of the metrics that are shown.
    """

    def __init__(
        self, console: Console, name: str, start: int, total: int, batch_size: int, shown: Sequence[str]
    ) -> None:
        super().__init__(console, "step", name, total, start)
        self._name, self._batch_size, self._shown = name, batch_size, shown
        self._since = (start, time.perf_counter())

    def metrics(self, step: int, values: dict[str, float]) -> None:
        """The metrics since the last call; call it when they have been computed, so that the rate is right."""
        now = time.perf_counter()
        rate = (step - self._since[0]) / (now - self._since[1])
        self._since = (step, now)
        shown = "  ".join(f"{name} {values[name]:.4f}" for name in self._shown if name in values)
        self.say(self._name, step, rate, f"{shown}  {rate * self._batch_size:,.0f} images/s")
