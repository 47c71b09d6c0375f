"""What the cells of a table gave, row by row."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import qconv
from qconv.comparison import Comparison, Scores, Verdict, compare, verdict_of_all
from qconv.errors import RunError
from qconv.runs.provenance import Provenance
from qconv.runs.run_directory import run_folder
from qconv.runs.scores import has_scores, read_scores
from qconv.runs.summary import MeasuredSummary, Summary
from qconv.tables.cells import is_current, stored
from qconv.tables.rows import Cell, Row
from qconv.tables.workers import Outcome

_DAMAGED = "damaged"


@dataclass(frozen=True)
class Figures:
    """One figure for each seed."""

    values: tuple[float, ...] = ()
    """The figures in the order of the cells; those that are not there are left out."""
    num_parameters: int | None = None
    """Trained numbers."""
    scores: tuple[Scores, ...] = ()
    """What each seed makes of each item, where they are compared item by item."""

    @property
    def mean(self) -> float:
        """Mean over seeds."""
        return float(np.mean(self.values))

    @property
    def std(self) -> float | None:
        """Standard deviation over seeds, with n - 1; None of a single one."""
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
    """Time of all cells of the row, one after the other; controls that rows share count in each."""
    problem: str
    """How many figures are missing, such as "no data"; empty if none is."""
    reason: str = ""
    """Why."""
    higher_is_better: bool = True
    """Whether a larger figure is a better one."""
    computed: Counter[tuple[Provenance, ...]] = field(default_factory=Counter)
    """What computed the cells, one after the other, and how many of them."""

    @property
    def is_damaged(self) -> bool:
        """Whether something that is stored of it cannot be read."""
        return self.problem == _DAMAGED

    @property
    def is_complete(self) -> bool:
        """Whether all of our own cells have been run."""
        return len(self.ours.values) == len(self.row.cells)

    @property
    def tolerance(self) -> float | None:
        """How far our mean may be from the published value; see `Published`. None if that cannot be said.

        A mean of some of the seeds says nothing: those that are missing may be the ones that failed.
        """
        published = self.row.published
        if published is None or not self.is_complete:
            return None
        if published.tolerance is not None:
            return published.tolerance
        assert published.error is not None  # `Published` and `Row` refuse to be without
        return 2 * math.hypot(published.error, self.ours.error)

    @property
    def in_tolerance(self) -> bool | None:
        """Whether our mean is as near to the published value as `tolerance` says; None if that cannot be said."""
        if self.row.published is None or (tolerance := self.tolerance) is None:
            return None
        # Decimal fractions such as 0.95 - 0.93 are a rounding away from 0.02.
        return abs(self.ours.mean - self.row.published.value) <= tolerance + 1e-9

    @cached_property
    def comparisons(self) -> tuple[tuple[str, Comparison], ...]:
        """Ours against each of the classical figures, paired over images; none if some are missing."""
        if self.problem or not self.ours.scores:
            return ()
        return tuple(
            (name, compare(self.ours.scores, figures.scores, self.higher_is_better))
            for name, figures in self.classical
            if figures.scores
        )

    @property
    def verdict(self) -> Verdict | None:
        """What the row says of a quantum network: ahead of all that is classical in it, behind some of it, or neither.

        None of a row without a quantum network, or where something is missing: it may be the best classical one.
        """
        comparisons = [comparison for _, comparison in self.comparisons]
        return verdict_of_all(comparisons) if self.is_quantum and comparisons else None


def collect(table: str, rows: Sequence[Row], runs: Path, outcomes: Mapping[Cell, Outcome]) -> list[RowResult]:
    """What is stored of each row.

    Args:
        table: name of the table.
        rows: its rows that are asked for.
        runs: folder of the runs.
        outcomes: what became of the cells that were run just now; they say why a figure is missing.
    """

    def result(row: Row) -> RowResult:
        try:
            return _result(table, row, runs, outcomes)
        except RunError as error:  # a damaged file costs its own row
            return RowResult(row, Figures(), False, (), 0.0, _DAMAGED, _for_others(str(error)))

    return [result(row) for row in rows]


class _Stored(NamedTuple):
    """What is stored of a network or a measurement with one seed."""

    seed: int
    folder: Path
    value: float
    num_parameters: int | None
    wall_seconds: float


def _read(summary: Summary | MeasuredSummary, folder: Path) -> dict[str, _Stored]:
    """What is stored of a cell: of rivals by their folder, such as twin, and of its own by the empty one."""
    if isinstance(summary, MeasuredSummary):
        return {"": _Stored(summary.seed, folder, summary.value, summary.num_parameters, summary.wall_seconds)}
    seed, name = summary.seed, summary.headline
    return {
        arm.folder: _Stored(seed, folder / arm.folder, arm.metrics[name], arm.num_parameters, arm.wall_seconds)
        for arm in summary.arms
    }


def _result(table: str, row: Row, runs: Path, outcomes: Mapping[Cell, Outcome]) -> RowResult:
    parts = (row, *row.controls)
    asked = dict.fromkeys(cell for part in parts for cell in part.cells)
    found = {cell: summary for cell in asked if (summary := stored(table, cell, runs))}
    current = {
        cell: _read(summary, run_folder(table, cell, runs)) for cell, summary in found.items() if is_current(summary)
    }
    own, *others = ([current[cell] for cell in part.cells if cell in current] for part in parts)
    rivals = dict.fromkeys(name for cell in own for name in cell if name)
    beside = [(name, [cell[name] for cell in own if name in cell]) for name in rivals]
    beside += [
        (control.name, [cell[""] for cell in other]) for control, other in zip(row.controls, others, strict=True)
    ]
    ours = [cell[""] for cell in own]
    problem, reason = _missing(list(asked), current, found, outcomes)
    return RowResult(
        row,
        _figures(ours),
        is_quantum=any(getattr(found[cell], "engines", ()) for cell in row.cells if cell in current) and bool(rivals),
        classical=tuple((name, _figures(part)) for name, part in beside if part),
        seconds=math.fsum(each.wall_seconds for part in (ours, *(part for _, part in beside)) for each in part),
        problem=problem,
        reason=reason,
        higher_is_better=all(getattr(found[cell], "higher_is_better", True) for cell in row.cells if cell in current),
        computed=Counter(found[cell].provenance for cell in current),
    )


def _missing(
    asked: Sequence[Cell], current: Mapping[Cell, Any], found: Mapping[Cell, Any], outcomes: Mapping[Cell, Outcome]
) -> tuple[str, str]:
    """How many figures are missing and why, each empty if it cannot be said."""
    missing = [cell for cell in asked if cell not in current]
    if not missing:
        return "", ""
    share = f"{len(missing)} of {len(asked)} cells"
    if reasons := [outcomes[cell] for cell in missing if cell in outcomes]:
        status = reasons[0].status
        share = "" if len(reasons) == len(asked) else f"{len(reasons)} of {len(asked)} cells: "
        return f"{share}{status}", _for_others(reasons[0].message)
    if outdated := [found[cell].provenance[-1].numerics for cell in missing if cell in found]:
        reason = f"computed with numerics {outdated[0]}, and these are {qconv.NUMERICS}; --renew runs them again"
        return f"{len(outdated)} of {len(asked)} cells: other numerics", reason
    return f"{share} not run", ""


def _for_others(message: str) -> str:
    """A message without the user's name: tables are shown to others."""
    return message.replace(str(Path.home()), "~")


def _figures(part: Sequence[_Stored]) -> Figures:
    if not part:
        return Figures()
    compared = all(has_scores(each.folder) for each in part)
    scores = tuple(read_scores(each.folder, each.seed) for each in part) if compared else ()
    return Figures(tuple(each.value for each in part), part[0].num_parameters, scores)
