"""What `summary.json` holds: the results of a finished run or measurement."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qconv.comparison import Comparison, compare
from qconv.errors import RunError
from qconv.runs.json_files import read_json
from qconv.runs.provenance import Provenance, of_run
from qconv.runs.scores import read_scores


@dataclass(frozen=True)
class ArmSummary:
    """One network of a run, or a classical method that stands beside it."""

    name: str
    """Its name, such as quantum, or classical twin."""
    folder: str
    """Its folder in the run directory; empty of the experiment's own network."""
    steps: int
    """Training steps done; 0 of a classical method."""
    metrics: dict[str, float]
    """The loss and the metrics of the task over all items of `Summary.split`, by name."""
    num_parameters: int | None
    """Trained or fitted numbers; None where counting them would tell nothing."""
    num_quantum_parameters: int
    """Trained numbers that belong to quantum layers."""
    wall_seconds: float
    """Training with compilation, evaluation and checkpoints."""
    step_seconds: float | None = None
    """A training step alone, the median over the last part of the run; None where that was short, and of a method."""


@dataclass(frozen=True)
class Summary:
    """A run: its own network first, then its rivals."""

    experiment: str
    """Its name, or that of the table."""
    run_id: str
    seed: int
    split: str
    """What the networks were evaluated on: test or validation."""
    num_items: int
    """How many items that is."""
    headline: str
    """The metric that networks are compared by."""
    higher_is_better: bool
    """Whether a larger headline is a better one."""
    arms: tuple[ArmSummary, ...]
    engines: tuple[str, ...]
    """The engine of each quantum layer of the experiment's own network."""
    device: str
    """Where the run ended, such as 1 x cpu."""
    provenance: tuple[Provenance, ...]
    """What worked on it, one after the other."""

    @property
    def value(self) -> float:
        """The headline of the experiment's own network."""
        return self.arms[0].metrics[self.headline]


@dataclass(frozen=True)
class MeasuredSummary:
    """A measurement: one number."""

    experiment: str
    """Name of the table."""
    run_id: str
    seed: int
    value: float
    num_parameters: int | None
    """Fitted numbers; None where counting them would tell nothing."""
    device: str
    provenance: tuple[Provenance, ...]
    wall_seconds: float


def summary_json(summary: Summary | MeasuredSummary) -> dict[str, Any]:
    """A summary as `summary.json` has it."""
    return dataclasses.asdict(summary) | {"provenance": [entry.to_json() for entry in summary.provenance]}


def read_summary(folder: Path) -> Summary | MeasuredSummary:
    """The summary of a finished run or measurement.

    Raises:
        RunError: it cannot be read, or is none.
    """
    path = folder / "summary.json"
    stored = read_json(path)
    try:
        own: dict[str, Any] = {**stored, "provenance": of_run(stored)}
        if "arms" not in own:
            return MeasuredSummary(**own)
        own |= {"arms": tuple(ArmSummary(**arm) for arm in own["arms"]), "engines": tuple(own["engines"])}
        return Summary(**own)
    except (AttributeError, KeyError, TypeError) as error:
        raise RunError(f"cannot read {path}: it is not the summary of a run of this version: {error}") from error


def read_run_summary(folder: Path) -> Summary:
    """The summary of a finished run that trained networks.

    Raises:
        RunError: it cannot be read, or is that of a measurement.
    """
    summary = read_summary(folder)
    if not isinstance(summary, Summary):
        raise RunError(f"{folder} holds a measurement; allowed: a run that trains a network")
    return summary


def compare_arms(folders: Sequence[Path], rival: str, higher_is_better: bool) -> Comparison:
    """The own network of a run against one of its rivals, over runs of the same spec with several seeds.

    Args:
        folders: of the seeds, each named seed<k>.
        rival: folder of the rival in each of them.
        higher_is_better: of the metric that they are compared by.

    Raises:
        RunError: one of them has no results of single items.
    """
    seeds = [int(folder.name.removeprefix("seed")) for folder in folders]
    ours = [read_scores(folder, seed) for folder, seed in zip(folders, seeds, strict=True)]
    theirs = [read_scores(folder / rival, seed) for folder, seed in zip(folders, seeds, strict=True)]
    return compare(ours, theirs, higher_is_better)
