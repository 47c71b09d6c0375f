"""The directory of a run: `runs/<experiment>/<run id>/seed<k>/`, for a cell of a table `runs/<table>/...`.

It holds `spec.json` from the start and `summary.json` from the end of the run, and one process at a time.
"""

import importlib.metadata
import json
import os
import subprocess
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, TypeVar

import jax
from filelock import FileLock, Timeout

import qconv
from qconv.errors import InputError, RunError
from qconv.experiment.experiment import Experiment
from qconv.experiment.spec import from_json, run_id, to_json
from qconv.measurements.base import Measurement
from qconv.training.mesh import any_process

_PACKAGES = ("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "tensorcircuit-ng", "numpy")


Spec = TypeVar("Spec", bound=Experiment | Measurement)


def run_folder(name: str, spec: Experiment | Measurement, runs: Path) -> Path:
    """Where the run of a spec lies."""
    return runs / name / run_id(spec) / f"seed{spec.seed}"


class RunDirectory(Generic[Spec]):
    """The directory of one spec and seed, locked while it is open. A context manager.

    Raises:
        RunError: another process has it open, or it cannot be written.
    """

    def __init__(self, name: str, spec: Spec, runs: Path) -> None:
        self.name = name
        self.spec = spec
        self.folder = run_folder(name, spec, runs)
        self.run_id = self.folder.parent.name
        self._exit = ExitStack()

    def __enter__(self) -> "RunDirectory[Spec]":
        problem = ""
        if jax.process_index() == 0:  # the only one that writes
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                self._exit.enter_context(FileLock(self.folder / ".lock", timeout=0))
                self._write_spec()
            except Timeout:
                problem = (
                    f"{self.folder} is in use by another process; wait for it, or use another seed or --runs folder"
                )
            except OSError as error:
                problem = f"cannot write to {self.folder}: {error.strerror or error}"
            except RunError as error:
                problem = str(error)
        if any_process(bool(problem)):
            self._exit.close()
            raise RunError(problem or f"the first process cannot use {self.folder}")
        return self

    def __exit__(self, kind: type | None, value: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(value, InputError) and not (self.folder / "checkpoints").exists():
            self._remove()  # nothing has been done: no trace of it stays
        self._exit.close()

    @property
    def summary(self) -> dict[str, Any] | None:
        """`summary.json` of a finished run, else None; the same in every process."""
        path = self.folder / "summary.json"
        return read_json(path) if any_process(path.exists()) else None

    def write_summary(self, summary: dict[str, Any]) -> None:
        """Marks the run as finished."""
        if jax.process_index() == 0:
            write_json(self.folder / "summary.json", summary)

    def _remove(self) -> None:
        if jax.process_index() == 0:
            for name in ("spec.json", ".lock"):
                (self.folder / name).unlink(missing_ok=True)
            with suppress(OSError):  # other seeds, runs or experiments are there
                for folder in (self.folder, *self.folder.parents[:2]):
                    folder.rmdir()

    def _write_spec(self) -> None:
        path = self.folder / "spec.json"
        if not path.exists():
            spec = {
                "experiment": self.name,
                "run_id": self.run_id,
                "spec": to_json(self.spec),
                "commit": source_commit(),
                "versions": {"qconv": qconv.__version__}
                | {package: importlib.metadata.version(package) for package in _PACKAGES},
            }
            write_json(path, spec)


def read_run(folder: Path) -> tuple[str, Experiment]:
    """Name and spec of the run in a directory.

    Raises:
        RunError: no run is there, or its `spec.json` is damaged.
        InputError: its spec names classes that are gone.
    """
    path = folder / "spec.json"
    if not path.is_file():
        raise RunError(f"no run in {folder}: it has no spec.json; allowed: runs/<experiment>/<run id>/seed<k>")
    stored = read_json(path)
    try:
        name, spec = stored["experiment"], from_json(stored["spec"])
    except (KeyError, TypeError) as error:
        raise RunError(f"cannot read {path}: it is not the spec of a run") from error
    if not isinstance(spec, Experiment):
        raise RunError(f"{folder} holds a measurement ({type(spec).__name__}); allowed: a run that trains a network")
    return name, spec


def finished_seeds(folder: Path) -> list[dict[str, Any]]:
    """Summaries of all finished seeds of the run that `folder` is a seed of, in order of the seeds."""
    summaries = [read_json(path) for path in folder.parent.glob("seed*/summary.json")]
    return sorted(summaries, key=lambda summary: summary["seed"])


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object.

    Raises:
        RunError: the file cannot be read, or holds something else.
    """
    try:
        value = parse_json(path.read_text())
    except (OSError, ValueError) as error:
        raise RunError(f"cannot read {path}: {error}") from error
    if not isinstance(value, dict):
        raise RunError(f"cannot read {path}: it holds no JSON object")
    return value


def parse_json(text: str) -> Any:
    """A JSON value.

    Raises:
        json.JSONDecodeError: the text is none.
        ValueError: it holds NaN or an infinity, which JSON has not, but Python reads.
    """

    def refuse(name: str) -> None:
        raise ValueError(f"it holds {name}, which is not JSON")

    return json.loads(text, parse_constant=refuse)


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Writes all or nothing.

    Raises:
        RunError: the disk is full, the folder cannot be written, or a number is not finite, which JSON cannot say.
    """
    scratch = path.with_suffix(".tmp")
    text = json_text(path, value, indent=2)
    with writing(path):
        scratch.write_text(text + "\n")
        os.replace(scratch, path)


def json_text(path: Path, value: Any, indent: int | None = None) -> str:
    """A JSON value as it is written to `path`.

    Raises:
        RunError: a number is not finite, which JSON cannot say.
    """
    try:
        return json.dumps(value, indent=indent, allow_nan=False)
    except ValueError as error:
        raise RunError(f"cannot write {path}: a number is not finite") from error


@contextmanager
def writing(path: Path) -> Generator[None]:
    """What is written inside is `path`, or a part of it.

    Raises:
        RunError: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror or error}") from error


def source_commit() -> str | None:
    """The commit of the checkout that qconv runs from, marked if files differ from it; None if it is installed."""
    command = ["git", "-C", str(Path(qconv.__file__).parent), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def describe_devices() -> str:
    """For example "1 x cpu", over all processes."""
    return f"{jax.device_count()} x {jax.devices()[0].device_kind}"
