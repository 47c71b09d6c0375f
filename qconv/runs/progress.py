"""Live progress: a bar on a terminal, a line every few seconds elsewhere."""

import time
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 5
"""Where there is no terminal."""


def bar(console: Console) -> Progress:
    """A bar whose tasks have a field `text`; nothing where the console is no terminal."""
    return Progress(
        TextColumn("{task.description}", style="bold", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[text]}", markup=False),
        TimeRemainingColumn(compact=True),
        console=console,
        disable=not console.is_terminal,
    )


class TrainingProgress:
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
        self._console, self._name, self._total, self._batch_size = console, name, total, batch_size
        self._shown = shown
        self._bar = bar(console)
        self._task = self._bar.add_task(name, total=total, completed=start, text="compiling")
        self._since = (start, time.perf_counter())
        self._last_line = 0.0

    def __enter__(self) -> "TrainingProgress":
        self._bar.start()
        return self

    def __exit__(self, kind: type | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def step(self, step: int) -> None:
        """A step is done."""
        self._bar.update(self._task, completed=step)

    def metrics(self, step: int, values: dict[str, float]) -> None:
        """The metrics since the last call; call it when they have been computed, so that the rate is right."""
        now = time.perf_counter()
        rate = (step - self._since[0]) / (now - self._since[1])
        self._since = (step, now)
        shown = "  ".join(f"{name} {values[name]:.4f}" for name in self._shown if name in values)
        text = f"{shown}  {rate * self._batch_size:,.0f} images/s"
        self._bar.update(self._task, text=text)
        if not self._console.is_terminal and (now - self._last_line > SECONDS_BETWEEN_LINES or step == self._total):
            self._last_line = now
            left = (self._total - step) / rate
            line = f"{self._name}  step {step}/{self._total}  {text}  {left:.0f} s left"
            self._console.print(line, soft_wrap=True)
