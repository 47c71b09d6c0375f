"""What a table is: rows of cells, with what has been published and what is classical beside them."""

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from qconv.bounds import require
from qconv.data.dataset import Dataset
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.experiment.loading import load_object
from qconv.experiment.parts import check_parts
from qconv.measurements.base import Measurement
from qconv.measurements.baseline import Baseline

Cell = Experiment | Measurement
"""One seed of one row: a run that is trained, or a measurement."""
AnyCell = TypeVar("AnyCell", bound=Cell)


def seeds(cell: AnyCell, numbers: Iterable[int]) -> tuple[AnyCell, ...]:
    """A cell with each of several seeds."""
    return tuple(dataclasses.replace(cell, seed=number) for number in numbers)


@dataclass(frozen=True)
class Published:
    """A published figure. Only figures that somebody has opened and read belong here.

    Our mean is in tolerance if it is no farther away than two standard errors of the difference of the two means, where
    the spread over seeds is known on both sides. Elsewhere a tolerance is set by hand, with the reason.
    """

    value: float
    """The figure in the unit of the table, such as accuracy in [0, 1]."""
    source: str
    """Where it was read: paper and table, or repository and file; "as transcribed by ..." if not in the original."""
    std: float | None = None
    """Published spread over seeds."""
    runs: int | None = None
    """How many seeds the figure is the mean of."""
    ddof: int = 1
    """What the squares were divided by for `std`: runs - ddof. 0 for the spread of a population."""
    tolerance: float | None = None
    """How far our mean may be away, where a spread is missing."""
    reason: str = ""
    """Why it is set by hand, and why so."""

    def __post_init__(self) -> None:
        if not self.source:
            raise InputError(f"published value {self.value} has no source; allowed: where it was read")
        for name in ("value", "std", "tolerance"):
            if (figure := getattr(self, name)) is not None and not math.isfinite(figure):
                raise InputError(f"published {name} = {figure}; allowed: finite numbers")
        require(self, "std", self.std is None or self.std >= 0, "0 or more")
        require(self, "runs", self.runs is None or self.runs >= 1, "at least 1")
        require(self, "ddof", self.ddof in (0, 1), "0, 1")
        require(self, "tolerance", self.tolerance is None or self.tolerance >= 0, "0 or more")
        if (self.tolerance is None) == bool(self.reason):
            raise InputError(
                f"tolerance = {self.tolerance} with the reason {self.reason!r}; allowed: both, or neither where the "
                "spreads say it"
            )
        if self.tolerance is None and self.error is None:
            raise InputError(
                f"published value {self.value} has std = {self.std}, runs = {self.runs}; allowed: std and at least 2 "
                "runs, or a tolerance with its reason"
            )

    @property
    def error(self) -> float | None:
        """Standard error of the published mean; None if it is not known."""
        if self.std is None or self.runs is None or self.runs < 2:
            return None
        return self.std / math.sqrt(self.runs - 1 + self.ddof)


@dataclass(frozen=True)
class Control:
    """Something classical that solves the same task."""

    name: str
    """Such as "logistic regression"."""
    cells: tuple[Cell, ...]
    """One for each seed; one is enough where nothing is random."""


@dataclass(frozen=True)
class Row:
    """One line: published | ours | classical. The twin of a quantum network is among the classical ones by itself."""

    name: str
    """Unique in its section."""
    cells: tuple[Cell, ...]
    """Ours, one for each seed (or for each random circuit)."""
    published: Published | None = None
    """What has been published; None where nothing has been published, or nobody could read it."""
    controls: tuple[Control, ...] = ()
    """Classical ones beside the twin."""
    section: str = ""
    """Rows of a section stand together, under this heading."""
    analogue: str = ""
    """How the set-up differs from the published one, such as other data; empty if it does not."""
    slow: bool = False
    """Left out unless slow rows are asked for."""
    at: float | None = None
    """Where it stands on the axis of the table's picture; None if it is not drawn."""

    def __post_init__(self) -> None:
        if not self.cells or any(not control.cells for control in self.controls):
            raise InputError(f"row {self.name!r} has no cells, or a control without; allowed: at least one each")
        for part in (self, *self.controls):
            for cell in part.cells:
                check_parts(cell, f"row {self.name!r}")
        if self.published and self.published.tolerance is None and len(self.cells) < 2:
            raise InputError(
                f"row {self.name!r} has 1 cell, whose spread is not known; allowed: several seeds, or a published "
                "figure with a tolerance and its reason"
            )
        metrics = {name for part in (self, *self.controls) for name in _metrics(part.cells)}
        if len(metrics) > 1:
            raise InputError(
                f"row {self.name!r} has figures of {', '.join(sorted(metrics))}; allowed: one metric, by which all of "
                "its cells are compared"
            )
        images = _images(self.cells)
        for control in self.controls:
            if images and (other := _images(control.cells)) and other != images:
                raise InputError(
                    f"the control {control.name!r} of row {self.name!r} is tested on other images; allowed: the same, "
                    "changed one by one at most (see Dataset.items)"
                )


def _metrics(cells: Iterable[Cell]) -> set[str]:
    """What cells are compared by, such as test accuracy; none of what is not compared item by item."""
    trained = {f"{cell.split} {cell.task.metrics[0].name}" for cell in cells if isinstance(cell, Experiment)}
    return trained | {f"{cell.split} accuracy" for cell in cells if isinstance(cell, Baseline)}


def _images(cells: Iterable[Cell]) -> set[Dataset]:
    """Which images the cells are evaluated on; none of what sees no images."""
    return {cell.divided_data.items(cell.split) for cell in cells if isinstance(cell, Experiment | Baseline)}


@dataclass(frozen=True)
class Axis:
    """What the picture of a table shows: figures of rows against their `at`, a curve for each section."""

    x: str
    """Name of what `at` is, with its unit if there is one."""
    y: str
    """Name of the figures."""
    log_x: bool = False
    """Whether `at` is on a logarithmic scale."""
    log_y: bool = False
    """Whether the figures are."""


@dataclass(frozen=True)
class Table:
    """A module in `experiments/` that ends in an object `table` of this class is a table.

    The first line of its docstring is the title; the rest says what the set-up is, and stands as notes below the rows.
    """

    rows: tuple[Row, ...]
    """The rows in the order in which they are shown and run."""
    quantity: str = ""
    """What the figures are; by default what the cells are compared by, such as test accuracy."""
    axis: Axis | None = None
    """If there is one, rows are drawn too."""

    def __post_init__(self) -> None:
        names = [(row.section, row.name) for row in self.rows]
        twice = {name for name in names if names.count(name) > 1}
        if not self.rows or twice:
            raise InputError(f"rows twice: {sorted(twice)}; allowed: at least one row, each name once in its section")
        if not self.quantity:
            compared = {name for row in self.rows for part in (row, *row.controls) for name in _metrics(part.cells)}
            object.__setattr__(self, "quantity", " or ".join(sorted(compared)) or "figures")


def load_table(name: str) -> tuple[Table, str]:
    """A table and the docstring of its module.

    Raises:
        InputError: no such table, or a mistake in its module; the message says in which line.
    """
    return load_object(name, "table", Table)
