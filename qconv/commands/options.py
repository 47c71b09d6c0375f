"""The options of the commands beside the fields of an experiment. Imports nothing slow: `qconv --help` reads them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from qconv.diagnostics.sampling import Sampling


@dataclass(frozen=True)
class RunOptions:
    """Where runs lie, and what becomes of those of other numerics."""

    runs: Path = Path("runs")
    """Folder for run directories."""
    renew: bool = False
    """Set runs aside that other numerics of the library have computed, and compute them anew."""


@dataclass(frozen=True)
class TrainOptions(RunOptions):
    """Where and on which processes an experiment runs."""

    distributed: bool = False
    """Work with other processes of the same command; Slurm and other cluster managers are detected."""
    coordinator: str | None = None
    """HOST:PORT of process 0, where no cluster manager tells it."""
    num_processes: int | None = None
    """Number of processes, where no cluster manager tells it."""
    process_id: int | None = None
    """Which process this is, from 0, where no cluster manager tells it."""


@dataclass(frozen=True)
class EvaluateOptions:
    """Which items networks are evaluated on, beside what the fields of the data say."""

    split: Literal["train", "validation", "test", "all"] | None = None
    """A split of the data, or all of them; by default the one that the run evaluates its networks on."""


@dataclass(frozen=True)
class PredictOptions:
    """Which network is asked, and where its answers go."""

    network: str = ""
    """Its name or its folder in the run, such as twin; by default the experiment's own network."""
    output: Path | None = None
    """FILE.csv for all values; or, where answers are masks or images, a folder for them, as PNG of the same names."""
    own_size: bool = False
    """Take each image in its own size, which networks of convolutions can, and do not bring it to that of the run's."""


@dataclass(frozen=True)
class ExplainOptions:
    """What of a network's outputs is explained, how, and where the picture goes."""

    target: str = ""
    """The class, by its name or its label; by default the one that each network says."""
    window: int | None = None
    """Pixels, in both directions, that are covered at a time; by default an eighth of the longer side, at least 2."""
    replace: Literal["mean", "zero"] = "mean"
    """What takes the place of a channel of a quantum layer: its mean over training images, or 0, which needs none."""
    output: Path = Path("explanation.png")
    """File of the picture; its ending is the format."""


@dataclass(frozen=True)
class DrawOptions:
    """What is drawn and where it goes."""

    output: Path = Path("circuit.png")
    """File of the picture; its ending is the format."""
    engines: bool = False
    """Print what each engine would cost."""


@dataclass(frozen=True)
class DiagnoseOptions(Sampling):
    """How much is sampled, and where the picture goes."""

    output: Path = Path("diagnosis.png")
    """File of the picture; its ending is the format."""


@dataclass(frozen=True)
class TableOptions(RunOptions):
    """Which cells run, how, and where the result goes."""

    jobs: int = 1
    """Processes that run cells side by side."""
    slow: bool = False
    """Run the rows too that take long."""
    output: Path = Path("tables")
    """Folder for the tables, as Markdown and JSON."""
    part: int = 0
    """Which part of the cells this call runs, from 0; tables are written by a call without parts."""
    parts: int = 1
    """Number of calls that share the cells, such as the tasks of an array job."""
