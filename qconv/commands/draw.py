"""`qconv draw`."""

from qconv.commands.options import DrawOptions
from qconv.console import text_console
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.experiment.precision import precision
from qconv.figure import check_picture
from qconv.models.quantum_calls import trace
from qconv.report.drawing import circuit_figure, circuit_text, layer_drawing
from qconv.report.engines import engines_table
from qconv.runs.json_files import writing


def draw(experiment: Experiment, options: DrawOptions) -> None:
    """Prints the circuits of an experiment and writes them as a picture.

    Args:
        experiment: its spec.
        options: what is printed, and where the picture goes.

    Raises:
        InputError: the network has no quantum layer; see also `check_picture`.
        RunError: the picture cannot be written.
    """
    check_picture(options.output)
    with precision(experiment.dtype):
        calls = trace(experiment.network, experiment.element.inputs).calls
    if not calls:
        raise InputError("the experiment's network has no quantum layer to draw")
    console = text_console()
    drawings = [layer_drawing(call, experiment.procedure.batch_size) for call in calls]
    for drawing in drawings:
        console.print(circuit_text(drawing), no_wrap=True, overflow="ignore", crop=False)
    for call in calls if options.engines else []:
        console.print(engines_table(call, experiment.procedure.batch_size))
    with writing(options.output):
        circuit_figure(drawings).savefig(options.output, dpi=150)
    console.print(f"picture in {options.output}", soft_wrap=True)
