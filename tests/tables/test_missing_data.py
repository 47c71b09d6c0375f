"""Data that are not there are looked for once, and said to be missing once."""

from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from qconv.data.synthetic import Synthetic
from qconv.errors import DataUnavailableError
from qconv.experiment.spec import to_json
from qconv.measurements.logistic_regression import LogisticRegression
from qconv.tables import workers
from qconv.tables.progress import CellProgress
from qconv.tables.workers import Outcome


def test_each_data_set_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def run_cell(table: str, cell: Any, runs: Path, console: Console, renew: bool) -> None:
        asked.append(cell)
        raise DataUnavailableError(f"{cell.data.num_images} images are not there\nmore")

    monkeypatch.setattr(workers, "run_cell", run_cell)
    cells = [LogisticRegression(data=Synthetic(num_images=n), seed=seed) for n in (10, 20) for seed in (0, 1)]
    unavailable: dict[Any, str] = {}
    found = [workers._run("t", to_json(cell), Path(), False, unavailable) for cell in cells]
    assert found == [("no data", f"{n} images are not there") for n in (10, 10, 20, 20)]
    assert asked == cells[::2]


def test_a_message_is_shown_once() -> None:
    console = Console(record=True, width=200)
    with CellProgress(console, 4) as progress:
        for seed, message in enumerate(("a is missing", "a is missing", "b is missing", "a is missing")):
            progress.done(Outcome("t", LogisticRegression(seed=seed), "no data", message))
    text = console.export_text()
    assert text.count("a is missing") == 1 and text.count("b is missing") == 1
