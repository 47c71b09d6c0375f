"""`qconv evaluate`."""

from pathlib import Path

from qconv.console import text_console
from qconv.report.table import evaluation_table
from qconv.training.evaluate import evaluate_run
from qconv.training.messages import show_messages


def evaluate(folder: Path) -> None:
    """Prints loss and accuracy of the networks of a run on their test images.

    Raises:
        RunError: no run is there, or it has no checkpoint yet.
    """
    show_messages()
    text_console().print(evaluation_table(evaluate_run(folder)))
