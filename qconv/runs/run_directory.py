"""The directory of a run: `runs/<experiment>/<run id>/seed<k>/`, for a cell of a table `runs/<table>/...`.

It holds `spec.json` from the start, `data.json` once its data are known, and `summary.json` from the end of the run,
and one process at a time. What other numerics have begun is neither gone on with nor overwritten: where that is asked
for, it is set aside.
"""

import shutil
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Generic, TypeVar

import jax
from filelock import FileLock, Timeout

from qconv.errors import InputError, RunError
from qconv.experiment.experiment import Experiment
from qconv.experiment.spec import code_of, contents_of, from_json, run_id, to_json
from qconv.measurements.base import Measurement
from qconv.runs.json_files import read_json, write_json, writing
from qconv.runs.mesh import any_process, as_one
from qconv.runs.provenance import Provenance, of_run, with_another
from qconv.runs.summary import MeasuredSummary, Summary, read_summary, summary_json

_BEFORE_CHECKPOINTS = (
    "spec.json",
    "data.json",
    "metrics.jsonl",
    "tensorboard",
    "checkpoints",
    "frozen",
    "work",
    ".lock",
)
"""What a run has written before its first checkpoint, at most; the lock is the last to go."""

Spec = TypeVar("Spec", bound=Experiment | Measurement)


def run_folder(name: str, spec: Experiment | Measurement, runs: Path) -> Path:
    """Where the run of a spec lies."""
    return runs / name / run_id(spec) / f"seed{spec.seed}"


class RunDirectory(Generic[Spec]):
    """The directory of one spec and seed, locked while it is open. A context manager.

    Args:
        name: of the experiment or table.
        spec: what is run.
        runs: folder for run directories.
        renew: whether a run that other numerics have computed is set aside, and this one begins anew.

    Raises:
        RunError: another process has it open, it cannot be written, or it was begun, and not finished, with other
            numerics.
    """

    def __init__(self, name: str, spec: Spec, runs: Path, *, renew: bool = False) -> None:
        self.name = name
        self.spec = spec
        self._renew = renew
        self._is_new = False
        self._aside: Path | None = None
        self.folder = run_folder(name, spec, runs)
        self.run_id = self.folder.parent.name
        self._exit = ExitStack()

    def __enter__(self) -> "RunDirectory[Spec]":
        try:
            with as_one(f"cannot use {self.folder}"):
                if jax.process_index() == 0:  # the only one that writes
                    with writing(self.folder):
                        self._lock()
                        self._begin()
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(self, kind: type | None, value: BaseException | None, trace: TracebackType | None) -> None:
        refused = isinstance(value, InputError) and not any(self.folder.glob("**/checkpoints/[0-9]*"))
        if refused and self._is_new:
            self._remove()  # this process began it, and nothing has been saved: no trace of it stays
        self._exit.close()
        if refused and self._aside:
            self._aside.rename(self.folder)
            with suppress(OSError):  # other seeds are there
                self._aside.parent.rmdir()

    @property
    def summary(self) -> Summary | MeasuredSummary | None:
        """The summary of a finished run, else None; the same in every process."""
        return read_summary(self.folder) if any_process((self.folder / "summary.json").exists()) else None

    def write_summary(self, summary: Summary | MeasuredSummary) -> None:
        """Marks the run as finished."""
        if jax.process_index() == 0:
            write_json(self.folder / "summary.json", summary_json(summary))

    def _remove(self) -> None:
        if jax.process_index() == 0:
            rivals = [rival.folder for rival in getattr(self.spec, "rivals", ())]
            for name in (*rivals, *_BEFORE_CHECKPOINTS):
                path = self.folder / name
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            with suppress(OSError):  # other seeds, runs or experiments are there
                for folder in (self.folder, *self.folder.parents[:2]):
                    folder.rmdir()

    @property
    def provenance(self) -> tuple[Provenance, ...]:
        """All that has worked on the run, for its summary."""
        return of_run(read_json(self.folder / "spec.json"))

    def _lock(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self._exit.enter_context(FileLock(self.folder / ".lock", timeout=0))
        except Timeout as error:
            raise RunError(
                f"{self.folder} is in use by another process; wait for it, or use another seed or --runs folder"
            ) from error

    def _begin(self) -> None:
        """Writes the spec of a new run, or that this process goes on with one."""
        path, summary, now = self.folder / "spec.json", self.folder / "summary.json", Provenance.now()
        then: tuple[Provenance, ...] = ()
        if written := [each for each in (path, summary) if each.exists()]:
            then = of_run(read_json(written[0]))
            if then[-1].numerics != now.numerics:
                then = self._other_numerics(then[-1], now)
            if summary.exists():
                return
        self._is_new = not path.exists()
        if (entries := with_another(then, now)) != then:
            spec = {
                "experiment": self.name,
                "run_id": self.run_id,
                "spec": to_json(self.spec),
                "code": code_of(self.spec),
                "contents": contents_of(self.spec),
                "provenance": [entry.to_json() for entry in entries],
            }
            write_json(path, spec)

    def _other_numerics(self, then: Provenance, now: Provenance) -> tuple[Provenance, ...]:
        """What to do with a run of other numerics: it stays as it is, or is set aside where that is asked for."""
        if not self._renew:
            if (self.folder / "summary.json").exists():
                return (then,)
            raise RunError(
                f"{self.folder} was begun with numerics {then.numerics}, and these are {now.numerics}: going on would "
                "mix the two; --renew sets it aside and begins anew"
            )
        aside = self.folder.parent / f"numerics-{then.numerics}" / self.folder.name
        if aside.exists():
            raise RunError(f"cannot set {self.folder} aside: {aside} is there already; remove one of them")
        aside.parent.mkdir(exist_ok=True)
        self.folder.rename(aside)
        self._aside = aside
        self._exit.close()
        (aside / ".lock").unlink(missing_ok=True)
        self._lock()
        return ()


def read_run(folder: Path) -> tuple[str, Experiment]:
    """Name and spec of the run in a directory.

    Raises:
        RunError: no run is there, its `spec.json` is damaged, or the code of its classes is another one by now.
        InputError: its spec names classes that are gone.
    """
    path = folder / "spec.json"
    if not path.is_file():
        raise RunError(f"no run in {folder}: it has no spec.json; allowed: runs/<experiment>/<run id>/seed<k>")
    stored = read_json(path)
    try:
        name, spec, code = stored["experiment"], from_json(stored["spec"]), stored.get("code", {})
    except (KeyError, TypeError) as error:
        raise RunError(f"cannot read {path}: it is not the spec of a run") from error
    if not isinstance(spec, Experiment):
        raise RunError(f"{folder} holds a measurement ({type(spec).__name__}); allowed: a run that trains a network")
    now = code_of(spec)
    if changed := sorted(cls for cls in {*code, *now} if code.get(cls) != now.get(cls)):
        raise RunError(
            f"{folder} was trained with other code of {', '.join(changed)} than there is now: its parameters mean "
            "nothing in it; bring that code back, or train again"
        )
    return name, spec


def check_contents(folder: Path, experiment: Experiment) -> None:
    """Refuses to go on with a run whose images have changed since it was trained.

    Args:
        folder: of the run.
        experiment: its spec.

    Raises:
        RunError: the files of its data are others by now, so that some which it was trained on may be for testing.
        InputError: they cannot be read.
    """
    then, now = read_json(folder / "spec.json").get("contents", []), contents_of(experiment)
    if now and then != now:
        raise RunError(f"{folder} was trained on other files than there are now where its data lie; train again")


def finished_seeds(folder: Path) -> list[Path]:
    """The directories of all finished seeds of the run in `folder`, computed with the same numerics; by seed."""

    def numerics(seed: Path) -> int | None:
        return read_summary(seed).provenance[-1].numerics

    seeds = [path.parent for path in folder.parent.glob("seed*/summary.json")]
    own = [seed for seed in seeds if seed.name.removeprefix("seed").isdecimal()]  # not a copy that somebody has made
    alike = [seed for seed in own if numerics(seed) == numerics(folder)]
    return sorted(alike, key=lambda seed: int(seed.name.removeprefix("seed")))
