"""Processes that run cells side by side. One that dies is replaced, and its cell counts as failed."""

import multiprocessing
import os
import subprocess
import sys
from collections import deque
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Literal, NamedTuple

from qconv.console import text_console
from qconv.errors import DataUnavailableError, InputError, QconvError
from qconv.experiment.spec import from_json, to_json
from qconv.runs.messages import show_messages
from qconv.tables.cells import run_cell
from qconv.tables.rows import Cell

# A fresh interpreter: JAX has threads, which a forked process would not have.
_PROCESSES = multiprocessing.get_context("spawn")

Status = Literal["done", "failed", "no data"]


class Outcome(NamedTuple):
    """What became of a cell."""

    table: str
    cell: Cell
    status: Status
    message: str
    """Why it failed or which data are missing, in a line; else empty."""


class Task(NamedTuple):
    """Cells of a table that one process runs one after the other."""

    table: str
    cells: list[Cell]


@dataclass
class _Worker:
    """A process, its end of the pipe, and the cells that it has not answered for."""

    process: Any
    pipe: Connection
    table: str = ""
    waiting: deque[Cell] = field(default_factory=deque)


def require_devices() -> None:
    """Asks in a process of its own, since this one leaves the devices to those that run cells.

    Raises:
        InputError: JAX_PLATFORMS asks for devices that are not there.
    """
    if os.environ.get("JAX_PLATFORMS", "") in ("", "cpu"):
        return
    code = "import sys, qconv.runs.mesh as mesh; sys.exit(mesh.missing_devices() or None)"
    asked = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    if asked.returncode:
        raise InputError(asked.stderr.strip().rpartition("\n")[2])


def run_tasks(tasks: Sequence[Task], runs: Path, jobs: int, renew: bool = False) -> Generator[Outcome]:
    """Runs all tasks in `jobs` processes and yields what became of each cell, as soon as it is known.

    With `renew`, cells that other numerics have computed are set aside and run again.

    Ctrl-C reaches the processes too: each saves its run and ends, then KeyboardInterrupt goes on from here.
    """
    queue = deque(tasks)
    workers = [_start(slot, jobs, runs, renew) for slot in range(min(jobs, len(queue)))]
    try:
        for worker in workers:
            _give(worker, queue)
        while any(worker.waiting for worker in workers):
            ready = wait([worker.pipe for worker in workers if worker.waiting])
            for slot, worker in enumerate(workers):
                if worker.pipe not in ready:
                    continue
                cell = worker.waiting.popleft()
                try:
                    yield Outcome(worker.table, cell, *worker.pipe.recv())
                except (EOFError, ConnectionError):
                    worker.process.join()
                    message = f"its process ended with code {worker.process.exitcode}; was there enough memory?"
                    yield Outcome(worker.table, cell, "failed", message)
                    if worker.waiting:
                        queue.appendleft(Task(worker.table, list(worker.waiting)))
                    worker = workers[slot] = _start(slot, jobs, runs, renew)
                if not worker.waiting:
                    _give(worker, queue)
    finally:
        for worker in workers:
            worker.pipe.close()
        for worker in workers:
            worker.process.join()


def _start(slot: int, jobs: int, runs: Path, renew: bool) -> _Worker:
    ours, theirs = _PROCESSES.Pipe()
    process = _PROCESSES.Process(target=_work, args=(theirs, slot, jobs, str(runs), renew), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _give(worker: _Worker, queue: deque[Task]) -> None:
    if queue:
        worker.table, cells = queue.popleft()
        worker.waiting.extend(cells)
        with suppress(ConnectionError):  # it has died: whoever waits for its answer learns of it
            worker.pipe.send((worker.table, [to_json(cell) for cell in cells]))


def _work(pipe: Connection, slot: int, jobs: int, runs: str, renew: bool) -> None:
    """What a process does: cells as they come, until nobody is at the other end."""
    if jobs > 1 and hasattr(os, "sched_setaffinity"):  # else each would start as many threads as there are cores
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) >= jobs:
            os.sched_setaffinity(0, cores[slot::jobs])
    show_messages()
    unavailable: dict[Any, str] = {}
    try:
        while True:
            table, specs = pipe.recv()
            for spec in specs:
                pipe.send(_run(table, spec, Path(runs), renew, unavailable))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return


def _run(table: str, spec: Any, runs: Path, renew: bool, unavailable: dict[Any, str]) -> tuple[Status, str]:
    """Runs a cell. `unavailable` has the data that were not there for earlier cells, and what was said of them."""
    data = None
    try:
        cell = from_json(spec)
        data = getattr(cell, "data", None)
        if data in unavailable:  # looking for them again would take seconds, for each cell
            return "no data", unavailable[data]
        run_cell(table, cell, runs, text_console(quiet=True), renew)
    except DataUnavailableError as error:
        message = str(error).splitlines()[0]
        if data is not None:
            unavailable[data] = message
        return "no data", message
    except QconvError as error:
        return "failed", str(error).splitlines()[0]
    except Exception as error:  # a mistake in one cell does not stop the others
        return "failed", f"{type(error).__name__}: {error}".splitlines()[0]
    return "done", ""
