"""Cells: how one is run, and which share what is compiled."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from qconv.experiment.experiment import Experiment
from qconv.measurements.base import Measurement
from qconv.models.base import fields
from qconv.tables.table import Cell, Row
from qconv.training.run import execute
from qconv.training.run_directory import RunDirectory, describe_devices, read_json, run_folder


def run_cell(table: str, cell: Cell, runs: Path, console: Console) -> dict[str, Any]:
    """The summary of a cell: a run like any other, in `runs/<table>/<run id>/seed<k>/`, that goes on where it stopped.

    Raises:
        InputError: the cell's data, network and budget do not fit together.
        DataUnavailableError: its data are not there.
        RunError: see `RunDirectory` and `fit`.
        Interrupted: it was asked to stop.
    """
    with RunDirectory[Any](table, cell, runs) as run:
        summary = run.summary
        if summary is None:
            summary = execute(run, console).summary(run) if isinstance(cell, Experiment) else _measured(run, cell)
            run.write_summary(summary)
        return summary


def _measured(run: RunDirectory[Any], measurement: Measurement) -> dict[str, Any]:
    started = time.perf_counter()
    measured = measurement.measure()
    return {
        "experiment": run.name,
        "run_id": run.run_id,
        "seed": measurement.seed,
        **measured._asdict(),
        "device": describe_devices(),
        "wall_seconds": round(time.perf_counter() - started, 2),
    }


def stored(table: str, cell: Cell, runs: Path) -> dict[str, Any] | None:
    """The summary of a cell that has been run.

    Raises:
        RunError: it is damaged.
    """
    path = run_folder(table, cell, runs) / "summary.json"
    return read_json(path) if path.exists() else None


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
