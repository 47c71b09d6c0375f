"""`qconv draw`."""

from pathlib import Path

from qconv.console import text_console
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.experiment.precision import precision
from qconv.models.quantum_calls import trace
from qconv.report.drawing import circuit_figure, circuit_text, layer_drawing
from qconv.report.engines import engines_table
from qconv.runs.json_files import writing


def draw(experiment: Experiment, output: Path, engines: bool) -> None:
    """Prints the circuits of an experiment and writes them as a picture.

    Args:
        experiment: its spec.
        engines: whether the costs of the engines are printed too.
        output: file of the picture; its ending is the format.

    Raises:
        InputError: the network has no quantum layer, or no pictures have that ending.
        RunError: the picture cannot be written.
    """
    with precision(experiment.dtype):
        calls = trace(experiment.model, experiment.element.inputs).calls
    if not calls:
        raise InputError("the experiment's network has no quantum layer to draw")
    console = text_console()
    drawings = [layer_drawing(call.layer, call.in_features) for call in calls]
    for drawing in drawings:
        console.print(circuit_text(drawing), no_wrap=True, overflow="ignore", crop=False)
    for call in calls if engines else []:
        console.print(engines_table(call.layer, call.in_features))
    try:
        with writing(output):
            circuit_figure(drawings).savefig(output, dpi=150)
    except ValueError as error:  # no such format
        raise InputError(f"cannot write {output}: {error}") from error
    console.print(f"picture in {output}", soft_wrap=True)
