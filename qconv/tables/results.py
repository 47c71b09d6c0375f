"""What the cells of a table gave, row by row."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from qconv.tables.cells import stored
from qconv.tables.table import Cell, Row
from qconv.tables.workers import Outcome


@dataclass(frozen=True)
class Figures:
    """One figure for each seed."""

    values: tuple[float, ...] = ()
    """In the order of the cells; those that are not there are left out."""
    num_parameters: int | None = None
    """Trained numbers."""

    @property
    def mean(self) -> float:
        """Over seeds."""
        return float(np.mean(self.values))

    @property
    def std(self) -> float | None:
        """Over seeds, with n - 1; None of a single one."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else None

    @property
    def error(self) -> float:
        """Standard error of the mean; 0 of a single figure."""
        return (self.std or 0.0) / math.sqrt(len(self.values))


@dataclass(frozen=True)
class RowResult:
    """A row and what its cells gave."""

    row: Row
    ours: Figures
    is_quantum: bool
    """Whether ours is a quantum network that has a classical twin."""
    classical: tuple[tuple[str, Figures], ...]
    """The twin, if there is one, and the controls, those without figures left out."""
    seconds: float
    """Of all cells of the row, one after the other; controls that rows share count in each."""
    problem: str
    """How many figures are missing, such as "no data"; empty if none is."""
    reason: str = ""
    """Why."""

    @property
    def is_complete(self) -> bool:
        """Whether all of our own cells have been run."""
        return len(self.ours.values) == len(self.row.cells)

    @property
    def in_tolerance(self) -> bool | None:
        """Whether our mean is as near to the published value as the row allows; None if that cannot be said.

        A mean of some of the seeds says nothing: those that are missing may be the ones that failed.
        """
        if self.row.published is None or not self.is_complete:
            return None
        # Decimal fractions such as 0.95 - 0.93 are a rounding away from 0.02.
        return abs(self.ours.mean - self.row.published.value) <= self.row.published.tolerance + 1e-9

    @property
    def best_classical(self) -> tuple[str, Figures] | None:
        """The classical figures with the highest mean."""
        return max(self.classical, key=lambda named: named[1].mean, default=None)


def collect(table: str, rows: Sequence[Row], runs: Path, outcomes: Mapping[Cell, Outcome]) -> list[RowResult]:
    """What is stored of each row.

    Args:
        table: name of the table.
        rows: its rows that are asked for.
        runs: folder of the runs.
        outcomes: what became of the cells that were run just now; they say why a figure is missing.

    Raises:
        RunError: a stored summary is damaged.
    """
    return [_result(table, row, runs, outcomes) for row in rows]


def _result(table: str, row: Row, runs: Path, outcomes: Mapping[Cell, Outcome]) -> RowResult:
    parts = (row, *row.controls)
    found = {cell: stored(table, cell, runs) for part in parts for cell in part.cells}
    own, *others = ([summary for cell in part.cells if (summary := found[cell])] for part in parts)
    twins = [summary["twin"] for summary in own if summary.get("twin")]
    names = ["twin", *(control.name for control in row.controls)]
    figures = [_figures(summaries) for summaries in (twins, *others)]
    seconds = math.fsum(summary["wall_seconds"] for summaries in (own, twins, *others) for summary in summaries)
    missing = [cell for cell, summary in found.items() if summary is None]
    reasons = [outcomes[cell] for cell in missing if cell in outcomes]
    problem = f"{len(missing)} of {len(found)} cells not run" if missing else ""
    if reasons:
        whole = len(reasons) == len(found)
        problem = reasons[0].status if whole else f"{len(reasons)} of {len(found)} cells: {reasons[0].status}"
    classical = tuple((name, figure) for name, figure in zip(names, figures, strict=True) if figure.values)
    # Without the user's name: tables are shown to others.
    reason = reasons[0].message.replace(str(Path.home()), "~") if reasons else ""
    return RowResult(row, _figures(own), bool(twins), classical, seconds, problem, reason)


def _figures(summaries: Sequence[dict[str, Any]]) -> Figures:
    values = tuple(summary["value"] if "value" in summary else summary["test_accuracy"] for summary in summaries)
    return Figures(values, summaries[0]["num_parameters"] if summaries else None)
