"""Live progress of many cells."""

import time

from rich.console import Console

from qconv.progress import LiveProgress
from qconv.tables.workers import Outcome


class CellProgress(LiveProgress):
    """Shows cells done, the table at work, cells per minute and remaining time; failures at once. A context manager.

    A message that many cells have in common, such as that their data are missing, is shown once.

    Args:
        console: where to.
        total: cells to run.
    """

    def __init__(self, console: Console, total: int) -> None:
        super().__init__(console, "cell", "cells", total)
        self._done, self._started = 0, time.perf_counter()
        self._said: set[str] = set()

    def done(self, outcome: Outcome) -> None:
        """A cell has been run, or could not be."""
        self._done += 1
        line = f"{outcome.table}: {outcome.status}: {outcome.message}"
        if outcome.status != "done" and line not in self._said:
            self._said.add(line)
            self._console.print(line, soft_wrap=True)
        rate = self._done / (time.perf_counter() - self._started)
        self.say(outcome.table, self._done, rate, f"{60 * rate:.0f} cells/min")
