"""Live progress of many cells: a bar on a terminal, a line every few seconds elsewhere."""

import time
from types import TracebackType

from rich.console import Console

from qconv.runs.progress import SECONDS_BETWEEN_LINES, bar
from qconv.tables.workers import Outcome


class CellProgress:
    """Shows cells done, the table at work, cells per minute and remaining time; failures at once. A context manager.

    A message that many cells have in common, such as that their data are missing, is shown once.

    Args:
        console: where to.
        total: cells to run.
    """

    def __init__(self, console: Console, total: int) -> None:
        self._console, self._total, self._done = console, total, 0
        self._bar = bar(console)
        self._task = self._bar.add_task("cells", total=total, text="starting")
        self._started = self._last_line = time.perf_counter()
        self._said: set[str] = set()

    def __enter__(self) -> "CellProgress":
        self._bar.start()
        return self

    def __exit__(self, kind: type | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def done(self, outcome: Outcome) -> None:
        """A cell has been run, or could not be."""
        self._done += 1
        now = time.perf_counter()
        rate = self._done / (now - self._started)
        text = f"{60 * rate:.0f} cells/min"
        self._bar.update(self._task, completed=self._done, description=outcome.table, text=text)
        line = f"{outcome.table}: {outcome.status}: {outcome.message}"
        if outcome.status != "done" and line not in self._said:
            self._said.add(line)
            self._console.print(line, soft_wrap=True)
        if not self._console.is_terminal and (
            now - self._last_line > SECONDS_BETWEEN_LINES or self._done in (1, self._total)
        ):
            self._last_line = now
            left = (self._total - self._done) / rate
            line = f"{outcome.table}  cell {self._done}/{self._total}  {text}  {left:.0f} s left"
            self._console.print(line, soft_wrap=True)
