"""`qconv table` and `qconv tables`."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from qconv.commands.options import TableOptions
from qconv.console import text_console
from qconv.errors import InputError, QconvError, RunError
from qconv.report.table_page import as_json, markdown, overview
from qconv.report.table_picture import table_picture
from qconv.runs.backbones import finished_runs
from qconv.runs.json_files import read_json, write_json, writing
from qconv.runs.messages import show_messages
from qconv.runs.trained_features import backbones_of
from qconv.tables.cells import cells_of, groups, is_current, stored
from qconv.tables.progress import CellProgress
from qconv.tables.results import RowResult, collect
from qconv.tables.rows import Cell, Row, Table, load_table
from qconv.tables.workers import Outcome, Task, require_devices, run_tasks


@dataclass(frozen=True)
class _Loaded:
    """A table that is asked for."""

    name: str
    table: Table
    docstring: str
    rows: tuple[Row, ...]
    """Those that are asked for."""


def run_tables(names: list[str], options: TableOptions) -> None:
    """Runs the cells of tables that have not been run, prints the tables, and writes them as Markdown and JSON.

    Args:
        names: of the tables.
        options: which cells, how, and the folder for NAME.md and NAME.json, NAME.png of a table with an axis, and
            overview.md with a line for each table there.

    Raises:
        InputError: no such table, a mistake in its module, numbers that make no sense, or no device; nothing has
            been run.
        RunError: the folder cannot be made; or some cells failed or are damaged, and all others have been run and
            written.
        KeyboardInterrupt: stopped; the same call goes on.
    """
    runs, output, jobs, part, parts = options.runs, options.output, options.jobs, options.part, options.parts
    if jobs < 1:
        raise InputError(f"--jobs {jobs}; allowed: at least 1")
    if parts < 1:
        raise InputError(f"--parts {parts}; allowed: at least 1")
    if not 0 <= part < parts:
        raise InputError(f"--part {part} of --parts {parts}; allowed: 0 to {parts - 1}")
    require_devices()
    show_messages()
    loaded = [_load(name, options.slow) for name in names]
    if parts == 1:
        with writing(output):  # rather now than after half an hour
            output.mkdir(parents=True, exist_ok=True)
    # Shared out before it is asked what is missing: all calls must agree on who has which cells.
    everything = [Task(each.name, group) for each in loaded for group in groups(cells_of(each.rows))][part::parts]
    missing = (
        Task(name, [cell for cell in cells if not _is_done(name, cell, runs, options.renew)])
        for name, cells in everything
    )
    tasks = [task for task in missing if task.cells]
    console = text_console()
    outcomes: dict[str, dict[Cell, Outcome]] = {name: {} for name in names}
    total = sum(len(task.cells) for task in tasks)
    before = sum(len(task.cells) for task in everything) - total
    console.print(f"{total} cells to run, {before} have been run before")
    with suppress(QconvError):  # the cells that lack one say so
        finished_runs(backbones_of(tuple(cell for task in tasks for cell in task.cells)))
    with CellProgress(console, total) as progress:
        for outcome in run_tasks(tasks, runs, jobs, options.renew):
            outcomes[outcome.table][outcome.cell] = outcome
            progress.done(outcome)
    if parts == 1:
        results = {each.name: collect(each.name, each.rows, runs, outcomes[each.name]) for each in loaded}
        _write(loaded, results, output, console)
        rows = [row for own in results.values() for row in own]
        if damaged := sum(row.is_damaged for row in rows):
            raise RunError(
                f"{damaged} of {len(rows)} rows are damaged, see above; remove the folders of their cells, and the "
                "same command runs them again"
            )
    failed = sum(outcome.status == "failed" for own in outcomes.values() for outcome in own.values())
    if failed:
        raise RunError(f"{failed} of {total} cells failed, see above; the same command tries them again")


def _load(name: str, slow: bool) -> _Loaded:
    table, docstring = load_table(name)
    return _Loaded(name, table, docstring, tuple(row for row in table.rows if slow or not row.slow))


def _is_done(table: str, cell: Cell, runs: Path, renew: bool) -> bool:
    try:
        summary = stored(table, cell, runs)
        return summary is not None and (is_current(summary) or not renew)
    except RunError:  # damaged, as its row will say
        return True


def _write(loaded: list[_Loaded], results: dict[str, list[RowResult]], output: Path, console: Console) -> None:
    for each in loaded:
        page = markdown(each.name, each.docstring, each.table, results[each.name])
        path = output / f"{each.name}.md"
        with writing(path):
            path.write_text(page, encoding="utf-8")
        if each.table.axis:
            with writing(path.with_suffix(".png")):
                table_picture(each.table.axis, results[each.name]).savefig(path.with_suffix(".png"), dpi=120)
        write_json(path.with_suffix(".json"), as_json(each.name, each.docstring, each.table, results[each.name]))
        console.out(page)
        console.print(f"written to {path}", soft_wrap=True)
    # Of all pages that are there: where one is written anew, the overview says so, too.
    page = f"# Tables\n\n{overview(_pages(output))}"
    with writing(output / "overview.md"):
        (output / "overview.md").write_text(page, encoding="utf-8")
    if len(loaded) > 1:
        console.out(page)


def _pages(output: Path) -> list[dict[str, Any]]:
    """The tables that have been written to a folder, as JSON; whatever else lies there is left out."""
    found = []
    for path in sorted(output.glob("*.json")):
        with suppress(RunError):
            value = read_json(path)
            found += [value] if value.get("table") == path.stem and {"title", "rows"} <= set(value) else []
    return found
