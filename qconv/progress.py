"""Live progress: a bar on a terminal, a line every few seconds elsewhere."""

import time
from types import TracebackType
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_SECONDS_BETWEEN_LINES = 5
"""Where there is no terminal."""

Own = TypeVar("Own", bound="LiveProgress")


class LiveProgress:
    """Shows how many of something are done, how fast, and the remaining time. A context manager.

    Args:
        console: where to; a quiet one shows nothing.
        unit: what is counted, such as step.
        name: what it is part of.
        total: how many there are.
        start: how many were done before.
    """

    def __init__(self, console: Console, unit: str, name: str, total: int, start: int = 0) -> None:
        self._console, self._unit, self._total = console, unit, total
        self._bar = Progress(
            TextColumn("{task.description}", style="bold", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[text]}", markup=False),
            TimeRemainingColumn(compact=True),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(name, total=total, completed=start, text="starting")
        self._last_line = 0.0

    def __enter__(self: Own) -> Own:
        self._bar.start()
        return self

    def __exit__(self, kind: type | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def step(self, done: int) -> None:
        """Moves the bar to a number that are done."""
        self._bar.update(self._task, completed=done)

    def say(self, name: str, done: int, rate: float, text: str) -> None:
        """Shows how many are done, the rate a second, and a text beside."""
        self._bar.update(self._task, completed=done, description=name, text=text)
        now = time.perf_counter()
        is_due = now - self._last_line > _SECONDS_BETWEEN_LINES or done == self._total
        if is_due and not self._console.is_terminal:
            self._last_line = now
            left = (self._total - done) / rate
            line = f"{name}  {self._unit} {done}/{self._total}  {text}  {left:.0f} s left"
            self._console.print(line, soft_wrap=True)
