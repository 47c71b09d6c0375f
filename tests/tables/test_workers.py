"""`qconv table` in processes of its own: kills, failures, parts, and what it writes."""

import json
import multiprocessing
import signal
import time
from collections import deque
from typing import Any

import pytest

from qconv.measurements.svm import RbfSvm
from qconv.tables.workers import Task, _give, _Worker
from tests.processes import Workshop, finish

COUNTED = '''"""A table of measurements that obey.

Notes of the table.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from qconv.errors import DataUnavailableError
from qconv.measurements.base import Measured, Measurement
from qconv.tables.rows import Control, Published, Row, Table, seeds


@dataclass(frozen=True)
class Counted(Measurement):
    """Adds a line to a file; gives a figure, or what `action` says while the file `broken` is there."""

    value: float = 0.5
    """The figure of seed 0; each seed has 0.01 more."""
    action: str = ""
    """What goes wrong: raise, die, or missing data."""

    def measure(self):
        with open("measured", "a") as file:
            print(self.value, self.seed, file=file)
        if Path("broken").exists():
            if self.action == "raise":
                raise ValueError("this cell | has a mistake")
            if self.action == "die":
                os._exit(7)
        if self.action == "data":
            raise DataUnavailableError("no prepared data in there")
        while self.action == "wait" and not Path("go").exists():
            time.sleep(0.02)
        return Measured(self.value + 0.01 * self.seed, 1234)


HAND = Published(0.9, "another", tolerance=0.01, reason="made up")
table = Table(
    rows=(
        Row("good", seeds(Counted(), range(3)), Published(0.52, "a paper, table 1", std=0.02, runs=16)),
        Row("raises", seeds(Counted(value=0.6, action="raise"), range(2)), HAND),
        Row("dies", (Counted(value=0.7, action="die"),), controls=(Control("line", (Counted(value=0.4),)),)),
        Row("no data", (Counted(value=0.8, action="data"),), analogue="made up"),
        Row("slow", (Counted(value=0.99),), slow=True),
    )
)
'''

WAITING = '''"""Two cells, the second of which waits.

Notes.
"""

from experiments.counted import Counted
from qconv.tables.rows import Published, Row, Table

table = Table(
    rows=(
        Row("first", (Counted(value=0.1),), Published(0.1, "a", tolerance=0.01, reason="made up")),
        Row("second", (Counted(value=0.2, action="wait"),)),
    )
)
'''


@pytest.fixture
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    place = Workshop.make(tmp_path_factory)
    (place.folder / "experiments" / "counted.py").write_text(COUNTED)
    (place.folder / "experiments" / "waiting.py").write_text(WAITING)
    return place


def measured(workshop: Workshop) -> list[str]:
    return sorted((workshop.folder / "measured").read_text().splitlines())


def test_cells_that_fail_are_shown_and_the_others_run(workshop: Workshop) -> None:
    (workshop.folder / "broken").touch()
    process = workshop.run("table", "counted", "--jobs", "2")
    assert process.returncode == 2
    assert process.stderr == "qconv: 3 of 8 cells failed, see above; the same command tries them again\n"
    assert len(measured(workshop)) == 8  # each once
    page = (workshop.folder / "tables" / "counted.md").read_text()
    assert page in process.stdout
    assert "| good | 0.520 ± 0.020 [1] | 0.510 ± 0.010 (1,234 p) | - | - | yes, ±0.015 |" in page
    assert "| raises | 0.900 [2] | failed [!1] | - | - | - | - |" in page
    assert "- [!1] ValueError: this cell | has a mistake\n- [!2] its process ended with code 7" in page
    assert "| dies | - | 1 of 2 cells: failed [!2] |" in page
    assert "| line 0.400 (1,234 p) |" in page
    assert "| no data [a] | - | no data [!3] | - | - | - | - |" in page and "- [!3] no prepared data in there" in page
    assert "- In tolerance: 1 of 1 rows with a published value.\n- Figures are missing in 3 of 4 rows." in page
    assert "slow" not in page and "Notes of the table." in page

    (workshop.folder / "broken").unlink()
    process = workshop.run("table", "counted", "--slow")
    assert process.returncode == 0, process.stderr
    # Only what was missing ran again: two that raised, the one that died, the one without data, and the slow one.
    assert len(measured(workshop)) == 8 + 2 + 1 + 1 + 1
    rows = json.loads((workshop.folder / "tables" / "counted.json").read_text())["rows"]
    assert [row["row"] for row in rows] == ["good", "raises", "dies", "no data", "slow"]
    assert rows[1]["ours"]["values"] == [0.6, 0.61] and rows[1]["in_tolerance"] is False
    assert rows[2]["classical"]["line"] == {"mean": 0.4, "std": None, "values": [0.4], "num_parameters": 1234}
    assert rows[3]["ours"] is None and rows[3]["problem"]


def test_a_killed_table_goes_on_where_it_stopped(workshop: Workshop) -> None:
    process = workshop.start("table", "waiting")
    deadline = time.monotonic() + 120
    while not (workshop.folder / "measured").exists() or len(measured(workshop)) < 2:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    (workshop.folder / "go").touch()
    finish(process)  # also waits for its worker, which ends by itself since nobody listens any more
    process = workshop.run("table", "waiting")
    assert process.returncode == 0, process.stderr
    assert measured(workshop).count("0.1 0") == 1  # the first cell did not run again
    page = (workshop.folder / "tables" / "waiting.md").read_text()
    assert "| second | - | 0.200 (1,234 p) | - | - | - |" in page
    overview = workshop.folder / "tables" / "overview.md"
    assert "| [Two cells, the second of which waits.](waiting.md) | 2 | 1 of 1 | - |" in overview.read_text()
    (overview.parent / "older.json").write_text(json.dumps({"table": "older", "title": "Older.", "rows": []}))
    process = workshop.run("table", "waiting")
    assert process.returncode == 0, process.stderr
    names = [line.partition("]")[0] for line in overview.read_text().splitlines()[4:]]
    assert names == ["| [Older.", "| [Two cells, the second of which waits."]

    summaries = (workshop.folder / "runs" / "waiting").glob("*/seed0/summary.json")
    next(path for path in summaries if json.loads(path.read_text())["value"] == 0.2).write_text("{")
    (overview.parent / "broken.json").write_text("[")
    before = measured(workshop)
    process = workshop.run("table", "waiting")
    assert process.returncode == 2
    assert process.stderr == (
        "qconv: 1 of 2 rows are damaged, see above; remove the folders of their cells, and the same command runs them "
        "again\n"
    )
    page = (workshop.folder / "tables" / "waiting.md").read_text()
    assert "| second | - | damaged [!1] |" in page and "- [!1] cannot read runs/waiting/" in page
    assert "| first | 0.100 [1] | 0.100 (1,234 p) |" in page and measured(workshop) == before


@pytest.mark.slow
def test_parts_of_an_array_job(workshop: Workshop) -> None:
    for part in ("0", "1"):
        process = workshop.run("table", "counted", "--part", part, "--parts", "2")
        assert process.returncode == 0, process.stderr
        assert not (workshop.folder / "tables").exists()
    before = measured(workshop)
    assert len(before) == 8
    process = workshop.run("table", "counted")
    assert process.returncode == 0, process.stderr
    assert len(measured(workshop)) == 9  # what has no data is asked for again
    assert (workshop.folder / "tables" / "counted.md").exists()


def test_what_is_given_to_a_process_that_has_died_is_waited_for() -> None:
    """Its end of the pipe is closed: the answer that does not come is the cell's failure, not the table's."""
    ours, theirs = multiprocessing.Pipe()
    theirs.close()
    process: Any = None
    worker = _Worker(process, ours)
    _give(worker, deque([Task("table", [RbfSvm()])]))
    assert list(worker.waiting) == [RbfSvm()]
    with pytest.raises(EOFError):
        ours.recv()
