"""The command line: `qconv list | train | evaluate | predict | explain | draw | diagnose | table | tables`.

Arguments are parsed in this module only. What the commands need is imported when one of them runs, so that
`qconv --help` answers at once.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, make_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro
from tyro import MISSING
from tyro.conf import Positional, arg, subcommand

from qconv.commands.options import (
    DiagnoseOptions,
    DrawOptions,
    EvaluateOptions,
    ExplainOptions,
    PredictOptions,
    TableOptions,
    TrainOptions,
)
from qconv.errors import NotDownloadedError, QconvError
from qconv.letters import replace_missing_letters

if TYPE_CHECKING:
    from qconv.data.dataset import Dataset
    from qconv.experiment.experiment import Experiment

_WITH_OPTIONS = (["train"], ["evaluate"], ["draw"], ["diagnose"])


@dataclass(frozen=True)
class List:
    """The experiments there are."""


@dataclass(frozen=True)
class OfExperiment:
    """A command whose options are those of an experiment, too."""

    experiment: Positional[str]
    """Name of the experiment; `qconv list` shows them."""


@dataclass(frozen=True)
class Train(OfExperiment):
    """Train an experiment's network and its classical twin; the same command goes on where it was stopped.

    Fields of the experiment are options after its name: see `qconv train EXPERIMENT --help`.
    """


@dataclass(frozen=True)
class Evaluate:
    """Print loss and metrics of a run's networks on the images that they are evaluated on, from checkpoints.

    Fields of the run's data are options after its directory, for other data: see `qconv evaluate RUN --help`.
    """

    run: Positional[Path]
    """Directory of the run: runs/<experiment>/<run id>/seed<k>."""


@dataclass(frozen=True)
class Predict(PredictOptions):
    """Print what a network of a run says of images of one's own, as a table; and write it to a file or as images."""

    run: Positional[Path] = MISSING
    """Directory of the run: runs/<experiment>/<run id>/seed<k>."""
    images: Positional[tuple[Path, ...]] = MISSING
    """Files of images, and folders of them."""


@dataclass(frozen=True)
class Explain(ExplainOptions):
    """Draw which pixels and which channels of quantum layers decide what the networks of a run say of an image."""

    run: Positional[Path] = MISSING
    """Directory of the run: runs/<experiment>/<run id>/seed<k>."""
    image: Positional[Path] = MISSING
    """File of the image."""


@dataclass(frozen=True)
class Draw(OfExperiment):
    """Draw an experiment's quantum circuits, as text and as a picture.

    Fields of the experiment are options after its name: see `qconv draw EXPERIMENT --help`.
    """


@dataclass(frozen=True)
class Diagnose(OfExperiment):
    """Measure what an experiment's quantum circuits can do before they are trained, as a table and as a picture.

    Expressibility, entangling capability, variance of gradients, and effective dimension, with patches of the training
    images. Fields of the experiment are options after its name, its seed too: see `qconv diagnose EXPERIMENT --help`.
    """


@dataclass(frozen=True)
class OneTable(TableOptions):
    """Run what is missing of the table of a published paper, print it, and write it as Markdown and JSON."""

    table: Positional[str] = MISSING
    """Name of the table; `qconv list` shows them."""


@dataclass(frozen=True)
class AllTables(TableOptions):
    """Run what is missing of all tables, print them, and write them as Markdown and JSON."""


Command = (
    Annotated[List, subcommand("list")]
    | Annotated[Train, subcommand("train")]
    | Annotated[Evaluate, subcommand("evaluate")]
    | Annotated[Predict, subcommand("predict")]
    | Annotated[Explain, subcommand("explain")]
    | Annotated[Draw, subcommand("draw")]
    | Annotated[Diagnose, subcommand("diagnose")]
    | Annotated[OneTable, subcommand("table")]
    | Annotated[AllTables, subcommand("tables")]
)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs one command and exits: 0 done, 2 bad input, 130 stopped by Ctrl-C."""
    replace_missing_letters()
    try:
        _run(list(sys.argv[1:] if argv is None else argv))
    except NotDownloadedError as error:
        from qconv.commands.offline import experiments_without_download

        names = ", ".join(experiments_without_download())
        _fail(f"{error}\nExperiments that need no download: {names}", 2)
    except QconvError as error:
        _fail(str(error), 2)
    except KeyboardInterrupt as stop:
        _fail(str(stop) or "stopped", 130)
    except MemoryError as error:
        _fail(f"not enough memory: {error}", 2)
    except (AssertionError, RuntimeError):  # what JAX raises where it has no device
        from qconv.runs.mesh import missing_devices

        if message := missing_devices():
            _fail(message, 2)
        raise
    except BrokenPipeError:  # `qconv list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(argv: list[str]) -> None:
    # The experiment or the run decides which options there are, so its name is read first.
    takes_options = argv[:1] in _WITH_OPTIONS and len(argv) > 1 and not argv[1].startswith("-")
    head, options = (argv[:2], argv[2:]) if takes_options else (argv, [])
    command = tyro.cli(Command, args=head, prog="qconv", description=__doc__.split("\n")[0])
    if isinstance(command, List):
        from qconv.commands.list import list_experiments

        list_experiments()
    elif isinstance(command, Evaluate):
        from qconv.commands.evaluate import evaluate

        evaluate(command.run, *_parse_evaluation(command.run, options))
    elif isinstance(command, Predict):
        from qconv.commands.predict import predict

        predict(command.run, command.images, command)
    elif isinstance(command, Explain):
        from qconv.commands.explain import explain

        explain(command.run, command.image, command)
    elif isinstance(command, Train):
        from qconv.commands.train import train

        train(command.experiment, *_parse("train", command, TrainOptions(), options))
    elif isinstance(command, Draw):
        from qconv.commands.draw import draw

        draw(*_parse("draw", command, DrawOptions(), options))
    elif isinstance(command, Diagnose):
        from qconv.commands.diagnose import diagnose

        diagnose(*_parse("diagnose", command, DiagnoseOptions(), options))
    else:
        from qconv.commands.tables import run_tables
        from qconv.experiment.discovery import available

        run_tables([command.table] if isinstance(command, OneTable) else list(available("table")), command)


def _parse(name: str, command: OfExperiment, defaults: Any, options: list[str]) -> tuple["Experiment", Any]:
    """The experiment with its fields as options say, and the options of the command of that name."""
    from qconv.experiment.experiment import Experiment
    from qconv.experiment.loading import load

    experiment, docstring = load(command.experiment)
    # One dataclass of both, whose fields are options without a prefix. Its types are known only here.
    flat = {"experiment": Experiment, "run": type(defaults)}
    fields = [(field, Annotated[kind, arg(name="")]) for field, kind in flat.items()]  # ty: ignore[invalid-type-form]
    both: Any = make_dataclass("Options", fields)
    prog, default = f"qconv {name} {command.experiment}", both(experiment, defaults)
    chosen = tyro.cli(both, default=default, args=options, prog=prog, description=docstring, registry=_registry())
    return chosen.experiment, chosen.run


def _parse_evaluation(run: Path, options: list[str]) -> tuple["Dataset", EvaluateOptions]:
    """The data of a run with their fields as options say, and the options of the command."""
    from qconv.data.dataset import Dataset
    from qconv.runs.run_directory import read_run

    _, experiment = read_run(run)
    fields: Any = [("data", Dataset), ("items", Annotated[EvaluateOptions, arg(name="")])]
    both: Any = make_dataclass("Options", fields)
    default, description = both(experiment.data, EvaluateOptions()), "Evaluate a run, also on other data like its own."
    prog = f"qconv evaluate {run}"
    chosen = tyro.cli(both, default=default, args=options, prog=prog, description=description, registry=_registry())
    return chosen.data, chosen.items


def _registry() -> Any:
    """How Flax's own layers become options: their fields that are plain values, since others have no form in text."""
    import flax.linen as nn
    from tyro.constructors import ConstructorRegistry, StructConstructorSpec, StructFieldSpec, StructTypeInfo

    from qconv.fields import fields

    registry = ConstructorRegistry()

    @registry.struct_rule
    def flax_layer(info: StructTypeInfo) -> StructConstructorSpec | None:
        layer = info.default
        if not isinstance(layer, nn.Module) or not type(layer).__module__.startswith("flax."):
            return None
        plain = {name: value for name, value in fields(layer).items() if type(value) in (bool, int, float, str)}
        options = tuple(StructFieldSpec(name, type(value), value) for name, value in plain.items())
        return StructConstructorSpec(lambda **chosen: layer.clone(**chosen), options)

    return registry


def _fail(message: str, code: int) -> None:
    print(f"qconv: {message}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
