"""`qconv evaluate`."""

from pathlib import Path

from qconv.commands.options import EvaluateOptions
from qconv.console import text_console
from qconv.data.dataset import Dataset
from qconv.report.run_summary import evaluation_table
from qconv.runs.evaluate import evaluate_run
from qconv.runs.json_files import read_json
from qconv.runs.messages import show_messages
from qconv.runs.provenance import Provenance, differences, of_run
from qconv.runs.run_directory import read_run


def evaluate(folder: Path, data: Dataset, options: EvaluateOptions) -> None:
    """Prints loss and metrics of the networks of a run on the images that they are evaluated on, or on others.

    Where another version evaluates the run than trained it, that is said.

    Args:
        folder: of the run.
        data: those of the run, or others of the same shape and classes.
        options: which of the images.

    Raises:
        RunError: no run is there, it has no checkpoint yet, or the code of its classes is another one by now.
        InputError: the data have other shapes or classes, or no such split.
        DataUnavailableError: the data are not there.
    """
    show_messages()
    console = text_console()
    _, experiment = read_run(folder)
    split, headline = options.split or experiment.split, experiment.task.metrics[0].name
    console.print(evaluation_table(evaluate_run(folder, data, options.split), split, headline))
    if changed := differences(of_run(read_json(folder / "spec.json"))[-1], Provenance.now()):
        console.print(f"what evaluates the run is not what trained it: {changed}")
