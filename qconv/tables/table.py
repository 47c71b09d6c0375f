"""What a table is: rows of cells, with what has been published and what is classical beside them."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.experiment.parts import check_parts
from qconv.measurements.base import Measurement

Cell = Experiment | Measurement
"""One seed of one row: a run that is trained, or a measurement."""


def seeds(cell: Cell, numbers: Iterable[int]) -> tuple[Cell, ...]:
    """The same cell with each seed."""
    return tuple(dataclasses.replace(cell, seed=number) for number in numbers)


@dataclass(frozen=True)
class Published:
    """A published figure. Only figures that somebody has opened and read belong here."""

    value: float
    """In the unit of the table, such as accuracy in [0, 1]."""
    source: str
    """Where it was read: paper and table, or repository and file; "as transcribed by ..." if not in the original."""
    tolerance: float
    """How far our mean may be away, as the set-up allows."""
    std: float | None = None
    """Published spread over seeds."""

    def __post_init__(self) -> None:
        if not self.source:
            raise InputError(f"published value {self.value} has no source; allowed: where it was read")
        if not self.tolerance >= 0:
            raise InputError(f"tolerance = {self.tolerance}; allowed: 0 or more")


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
    """None where nothing has been published, or nobody could read it."""
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
    """In the order in which they are shown and run."""
    quantity: str = "test accuracy"
    """What the figures are."""
    axis: Axis | None = None
    """If there is one, rows are drawn too."""

    def __post_init__(self) -> None:
        names = [(row.section, row.name) for row in self.rows]
        twice = {name for name in names if names.count(name) > 1}
        if not self.rows or twice:
            raise InputError(f"rows twice: {sorted(twice)}; allowed: at least one row, each name once in its section")
