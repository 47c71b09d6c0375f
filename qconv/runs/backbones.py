"""Networks that others are built on: each trained on its own data, side by side, before anybody asks for its features.

Their runs lie in the cache, in directories like all others: one that was killed goes on where it was, and one that is
finished is found by its spec.
"""

import json
import os
import queue
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from filelock import FileLock
from rich.console import Console

import qconv
from qconv.cache import cache_folder
from qconv.console import text_console
from qconv.errors import DataUnavailableError, QconvError, RunError
from qconv.experiment.experiment import Experiment
from qconv.experiment.spec import from_json, to_json
from qconv.runs.messages import show_messages
from qconv.runs.run import execute
from qconv.runs.run_directory import RunDirectory, run_folder
from qconv.runs.summary import read_summary

_NAME = "backbones"
"""Folder of their runs in the cache."""
_NO_DATA = 3
"""Exit code of a process whose data are not there."""
_CHILD = "from qconv.runs.backbones import train_given; train_given()"
_ASK = "import jax; print(jax.default_backend(), jax.local_device_count())"


def finished_runs(backbones: Sequence[Experiment]) -> tuple[Path, ...]:
    """The run directories of experiments, all of them finished: those that are not are trained now, side by side.

    Each has a process of its own, as many at once as there are cores; where there are several devices, each process
    has one of them. Progress is on standard error. Who asks for the same meanwhile waits for them.

    Args:
        backbones: the experiments; their rivals are trained, too.

    Raises:
        DataUnavailableError: the data of one are not there.
        RunError: one of them could not be trained; the others have been.
        KeyboardInterrupt: stopped; the same call goes on.
    """
    folders = [run_folder(_NAME, own, cache_folder()) for own in backbones]
    missing = {folder: own for folder, own in zip(folders, backbones, strict=True) if not _is_finished(folder)}
    if missing:
        _train(missing, text_console(stderr=True))
    return tuple(folders)


def train_given() -> None:
    """Trains the experiment on standard input: what each of the processes does."""
    experiment = from_json(json.load(sys.stdin))
    show_messages()
    console = text_console()
    folder = run_folder(_NAME, experiment, cache_folder())
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f"{folder.name}.lock"):
            if not _is_finished(folder):
                with RunDirectory(_NAME, experiment, cache_folder(), renew=True) as run:
                    run.write_summary(execute(run, console).summary(run))
    except KeyboardInterrupt:
        sys.exit(130)
    except (QconvError, OSError) as error:
        console.print(str(error), soft_wrap=True)
        sys.exit(_NO_DATA if isinstance(error, DataUnavailableError) else 2)


def _is_finished(folder: Path) -> bool:
    """Whether a run has been finished with today's numerics."""
    if not (folder / "summary.json").exists():
        return False
    return read_summary(folder).provenance[-1].numerics == qconv.NUMERICS


def _train(missing: Mapping[Path, Experiment], console: Console) -> None:
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    at_once = min(len(missing), len(cores))
    console.print(f"training {len(missing)} backbones, {at_once} at once, in {cache_folder() / _NAME}", soft_wrap=True)
    devices = _devices()
    free: queue.SimpleQueue[int] = queue.SimpleQueue()
    for slot in range(at_once):
        free.put(slot)

    def train(number: int, own: Experiment) -> tuple[int, str]:
        slot = free.get()
        surroundings = dict(os.environ, XLA_PYTHON_CLIENT_PREALLOCATE="false")  # memory is for several processes
        if devices:
            surroundings["CUDA_VISIBLE_DEVICES"] = devices[slot % len(devices)]
        try:
            return _in_a_process(f"backbone {number}", own, cores[slot::at_once], surroundings, console)
        finally:
            free.put(slot)

    with ThreadPoolExecutor(at_once) as pool:
        try:
            outcomes = list(pool.map(train, range(1, len(missing) + 1), missing.values()))
        except BaseException:  # Ctrl-C, which those at work are told of, too: they save what they have
            pool.shutdown(cancel_futures=True)
            raise
    for number, (code, message) in enumerate(outcomes, 1):
        if code:
            kind = DataUnavailableError if code == _NO_DATA else RunError
            raise kind(f"backbone {number} cannot be trained: {message}")


def _in_a_process(
    name: str, own: Experiment, cores: Sequence[int], surroundings: Mapping[str, str], console: Console
) -> tuple[int, str]:
    """Trains one, and shows what its process says; its exit code and its last line."""
    pinned = f"import os; os.sched_setaffinity(0, {cores!r}); {_CHILD}" if hasattr(os, "sched_getaffinity") else _CHILD
    command = [sys.executable, "-c", pinned]
    last = ""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=surroundings
    ) as child:
        assert child.stdin is not None and child.stdout is not None
        with child.stdin:
            json.dump(to_json(own), child.stdin)
        for line in child.stdout:
            last = line.strip()
            console.print(f"{name}: {last}", soft_wrap=True)
    return child.returncode, last


def _devices() -> list[str]:
    """The accelerators by which processes can be told apart; none on CPUs, or of a single one.

    Asked in a process of its own: this one may leave the devices to others.
    """
    asked = subprocess.run([sys.executable, "-c", _ASK], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    platform, _, count = asked.stdout.strip().rpartition("\n")[2].partition(" ")
    if platform not in ("gpu", "cuda") or count == "1":
        return []
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return visible.split(",") if visible else [str(number) for number in range(int(count))]
