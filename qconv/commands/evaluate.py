"""`qconv evaluate`."""

from pathlib import Path

from qconv.console import text_console
from qconv.report.run_summary import evaluation_table
from qconv.runs.evaluate import evaluate_run
from qconv.runs.json_files import read_json
from qconv.runs.messages import show_messages
from qconv.runs.provenance import Provenance, differences, of_run
from qconv.runs.run_directory import read_run


def evaluate(folder: Path) -> None:
    """Prints loss and metrics of the networks of a run on the images that they are evaluated on.

    Where another version evaluates the run than trained it, that is said.

    Raises:
        RunError: no run is there, it has no checkpoint yet, or the code of its classes is another one by now.
    """
    show_messages()
    console = text_console()
    _, experiment = read_run(folder)
    console.print(evaluation_table(evaluate_run(folder), experiment.split, experiment.task.metrics[0].name))
    if changed := differences(of_run(read_json(folder / "spec.json"))[-1], Provenance.now()):
        console.print(f"what evaluates the run is not what trained it: {changed}")
