"""Cells: how one is run, and which share what is compiled."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

import qconv
from qconv.experiment.experiment import Experiment
from qconv.experiment.spec import items_id
from qconv.fields import fields
from qconv.measurements.base import Measurement
from qconv.measurements.baseline import Baseline
from qconv.runs.provenance import describe_devices
from qconv.runs.run import execute
from qconv.runs.run_directory import RunDirectory, run_folder
from qconv.runs.scores import write_scores
from qconv.runs.summary import MeasuredSummary, Summary, read_summary
from qconv.tables.rows import Cell, Row


def run_cell(table: str, cell: Cell, runs: Path, console: Console, renew: bool = False) -> Summary | MeasuredSummary:
    """The summary of a cell: a run like any other, in `runs/<table>/<run id>/seed<k>/`, that goes on where it stopped.

    Args:
        table: its name.
        cell: what is run.
        runs: folder for run directories.
        console: for progress.
        renew: whether a run that other numerics have computed is set aside, and this one begins anew.

    Raises:
        InputError: the cell's data, network and budget do not fit together.
        DataUnavailableError: its data are not there.
        RunError: see `RunDirectory` and `fit`.
        Interrupted: it was asked to stop.
    """
    with RunDirectory[Any](table, cell, runs, renew=renew) as run:
        summary = run.summary
        if summary is None:
            summary = execute(run, console).summary(run) if isinstance(cell, Experiment) else _measured(run, cell)
            run.write_summary(summary)
        return summary


def _measured(run: RunDirectory[Any], measurement: Measurement) -> MeasuredSummary:
    started = time.perf_counter()
    measured = measurement.measure()
    if measured.per_item is not None and isinstance(measurement, Baseline):
        items = items_id(measurement.divided_data, measurement.split, len(measured.per_item))
        write_scores(run.folder, items, measured.per_item)
    return MeasuredSummary(
        experiment=run.name,
        run_id=run.run_id,
        seed=measurement.seed,
        value=measured.value,
        num_parameters=measured.num_parameters,
        device=describe_devices(),
        provenance=run.provenance,
        wall_seconds=round(time.perf_counter() - started, 2),
    )


def stored(table: str, cell: Cell, runs: Path) -> Summary | MeasuredSummary | None:
    """The summary of a cell that has been run.

    Raises:
        RunError: it is damaged.
    """
    folder = run_folder(table, cell, runs)
    return read_summary(folder) if (folder / "summary.json").exists() else None


def is_current(summary: Summary | MeasuredSummary) -> bool:
    """Whether a cell was computed with today's numerics; else its figures are those of another version."""
    return summary.provenance[-1].numerics == qconv.NUMERICS


def cells_of(rows: Sequence[Row]) -> list[Cell]:
    """All cells of rows, those of controls too, each once."""
    return list(dict.fromkeys(cell for row in rows for part in (row, *row.controls) for cell in part.cells))


def groups(cells: Sequence[Cell]) -> list[list[Cell]]:
    """Cells that one process should run: networks that differ in seed and data only are compiled once."""
    found: dict[str, list[Cell]] = {}
    for cell in cells:
        alike = {name: value for name, value in fields(cell).items() if name not in ("data", "seed")}
        found.setdefault(f"{type(cell)} {alike}", []).append(cell)
    return list(found.values())
