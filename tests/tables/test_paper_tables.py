"""The tables that come with qconv: each loads, names its sources, and runs."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from qconv.data.synthetic import Synthetic
from qconv.errors import DataUnavailableError
from qconv.experiment.discovery import available
from qconv.experiment.experiment import Experiment
from qconv.experiment.spec import from_json, to_json
from qconv.tables.cells import cells_of, run_cell
from qconv.tables.loading import load_table

NAMES = list(available("table"))


@pytest.mark.parametrize("name", NAMES)
def test_a_table_says_what_it_is(name: str) -> None:
    table, docstring = load_table(name)
    title, _, notes = docstring.strip().partition("\n")
    assert title.endswith(".") and notes.strip()
    assert all(row.published.source for row in table.rows if row.published)


@pytest.mark.parametrize("name", NAMES)
def test_cells_are_specs(name: str) -> None:
    table, _ = load_table(name)
    for row in table.rows:
        cell = row.cells[0]
        assert from_json(to_json(cell)) == cell


QUICK = ("filter_zoo", "mnist_3v5_bowles", "sim2019")
MARKED = [pytest.param(name, marks=[pytest.mark.slow] * (name not in QUICK)) for name in NAMES]


@pytest.mark.usefixtures("quick_compilation")
@pytest.mark.parametrize("name", MARKED)
def test_a_shrunken_cell_runs(name: str, tmp_path: Path) -> None:
    table, _ = load_table(name)
    cell = next((cell for cell in cells_of(table.rows) if isinstance(cell, Experiment)), None)
    if cell is None:  # measurements alone
        measurement = cells_of(table.rows)[0]
        summary = run_cell(name, measurement, tmp_path, Console(quiet=True))
        assert np.isfinite(summary["value"]) and summary["num_parameters"] > 0
        return
    try:
        shape = cell.data.load("test").image_shape
    except DataUnavailableError as error:
        assert "is not prepared in" in str(error)
        shape = (28, 28, 1)
    num_classes = cell.data.num_classes
    small = dataclasses.replace(cell, data=Synthetic(8, *shape, num_classes), num_steps=1, batch_size=2)
    summary = run_cell(name, small, tmp_path, Console(quiet=True))
    assert summary["steps"] == 1 and 0 <= summary["test_accuracy"] <= 1
    assert run_cell(name, small, tmp_path, Console(quiet=True)) == summary
