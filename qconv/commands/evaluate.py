"""`qconv evaluate`."""

from pathlib import Path

from qconv.console import text_console
from qconv.report.table import evaluation_table
from qconv.training.evaluate import evaluate_run
from qconv.training.messages import show_messages
from qconv.training.provenance import Provenance, differences, of_run
from qconv.training.run_directory import read_json


def evaluate(folder: Path) -> None:
    """Prints loss and accuracy of the networks of a run on their test images, and what has changed since training.

    Raises:
        RunError: no run is there, it has no checkpoint yet, or the code of its classes is another one by now.
    """
    show_messages()
    console = text_console()
    console.print(evaluation_table(evaluate_run(folder)))
    if changed := differences(of_run(read_json(folder / "spec.json"))[-1], Provenance.now()):
        console.print(f"what evaluates the run is not what trained it: {changed}")
