"""How long a training step takes."""

import statistics
import time


class StepClock:
    """Measures training steps, without what is between them.

    Steps are counted at places where their results are there; compilation, in the first lap, is left out.

    Args:
        step: steps done before.
    """

    def __init__(self, step: int) -> None:
        self._laps: list[float] = []
        self._compiled = False
        self.restart(step)

    def restart(self, step: int) -> None:
        """Counts from here on: what came before were no steps."""
        self._step, self._time = step, time.perf_counter()

    def lap(self, step: int) -> None:
        """The steps up to this one are done."""
        if self._compiled and step > self._step:
            self._laps.append((time.perf_counter() - self._time) / (step - self._step))
        self._compiled = True
        self.restart(step)

    @property
    def step_seconds(self) -> float | None:
        """The median over laps; None if there was none."""
        return statistics.median(self._laps) if self._laps else None
