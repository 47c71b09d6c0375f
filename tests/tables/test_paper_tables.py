"""The tables that come with qconv: each loads, names its sources, and runs."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from qconv.data.dataset import Dataset
from qconv.data.noisy import Noisy
from qconv.data.pasted_digits import PastedDigits
from qconv.data.synthetic import Synthetic
from qconv.errors import DataUnavailableError
from qconv.experiment.discovery import available
from qconv.experiment.experiment import Experiment
from qconv.experiment.rivals import Method
from qconv.experiment.spec import from_json, to_json
from qconv.runs.summary import MeasuredSummary, Summary
from qconv.tables.cells import cells_of, run_cell
from qconv.tables.rows import load_table
from tests.variants import changed

NAMES = list(available("table"))


PLACE = re.compile(
    r"github\.com/\w[\w-]*/\w[\w-]*, \S|\w+ et al\., .*\(\d{4}\), (abstract|table|figure|section)"
    r"|the paper as github\.com/\S+ quotes it, \S|independent replication, .+, its values of|exact, see the notes"
)
"""A repository and what in it, a paper and where in it, or what the notes explain."""


@pytest.mark.parametrize("name", NAMES)
def test_a_table_says_what_it_is_and_where_its_figures_were_read(name: str) -> None:
    table, docstring = load_table(name)
    title, _, notes = docstring.strip().partition("\n")
    assert title.endswith(".") and notes.strip()
    for figure in (row.published for row in table.rows if row.published):
        assert PLACE.match(figure.source), figure.source
        assert 0 <= figure.value <= 1 or table.quantity != "test accuracy"


@pytest.mark.parametrize("name", NAMES)
def test_all_cells_survive_the_way_to_disk_and_stay_different(name: str) -> None:
    """Else two would share a folder. Rows may share cells, but within a row none counts twice."""
    table, _ = load_table(name)
    for row in table.rows:
        for part in (row, *row.controls):
            assert len(set(part.cells)) == len(part.cells), row.name
    cells = cells_of(table.rows)
    stored = [json.dumps(to_json(cell), allow_nan=False) for cell in cells]
    for cell, text in zip(cells, stored, strict=True):
        again = from_json(json.loads(text))
        assert again == cell and hash(again) == hash(cell) and type(again) is type(cell)
    assert len(set(stored)) == len(cells)


QUICK = ("filter_zoo", "mnist_3v5_bowles", "sim2019")
MARKED = [pytest.param(name, marks=[pytest.mark.slow] * (name not in QUICK)) for name in NAMES]


@pytest.mark.parametrize("name", MARKED)
def test_a_shrunken_cell_runs(name: str, tmp_path: Path) -> None:
    table, _ = load_table(name)
    cell = next((cell for cell in cells_of(table.rows) if isinstance(cell, Experiment)), None)
    if cell is None:  # measurements alone
        measurement = cells_of(table.rows)[0]
        summary = run_cell(name, measurement, tmp_path, Console(quiet=True))
        assert isinstance(summary, MeasuredSummary) and np.isfinite(summary.value) and summary.num_parameters
        return
    try:
        shape = cell.data.load("test")[np.arange(1)].inputs.shape[1:]
        assert shape == cell.element.inputs
    except DataUnavailableError as error:
        assert re.search("is not prepared in|is not installed; pip install", str(error))
        shape = (28, 28, 1)
    shape = shape if shape[:2] != (1, 1) else (1, shape[2], 1)  # features, as pixels
    classes, headline = cell.element.num_classes, cell.task.metrics[0]
    few: Dataset = Synthetic(8, *shape, classes or 2)
    if cell.element.targets:  # masks of these, or images
        few = PastedDigits(num_train=8, num_validation=2, num_test=4) if classes else Noisy(few)
    small = changed(cell, data=few, num_steps=1, batch_size=2)
    summary = run_cell(name, small, tmp_path, Console(quiet=True))
    assert isinstance(summary, Summary) and summary.headline == headline.name
    assert 0 <= summary.value <= 1 or headline.unit == "dB"
    methods = [rival.folder for rival in cell.rivals if isinstance(rival, Method)]
    steps = small.procedure.num_steps
    assert all(arm.steps == (0 if arm.folder in methods else steps) for arm in summary.arms)
    assert run_cell(name, small, tmp_path, Console(quiet=True)) == summary
