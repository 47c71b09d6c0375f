"""`qconv draw`."""

from pathlib import Path

from qconv.console import text_console
from qconv.data.checked import load_checked
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.layers.quantum_tree import QuantumTree
from qconv.models.base import called_quantum_layers
from qconv.report.drawing import circuit_figure, circuit_text, layer_drawing
from qconv.report.engines import engines_table
from qconv.training.run_directory import writing


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
    shape = load_checked(experiment.data, "test").image_shape
    layers = called_quantum_layers(experiment.model, shape)
    if not layers:
        raise InputError("the experiment's network has no quantum layer to draw")
    console = text_console()
    drawings = [layer_drawing(layer, channels) for layer, channels in layers]
    for drawing in drawings:
        console.print(circuit_text(drawing), no_wrap=True, overflow="ignore", crop=False)
    for layer, channels in layers if engines else []:
        if isinstance(layer, QuantumTree):
            console.print(f"QuantumTree has one engine: {layer.chosen_engine(channels)}")
        else:
            console.print(engines_table(layer, channels))
    try:
        with writing(output):
            circuit_figure(drawings).savefig(output, dpi=150)
    except ValueError as error:  # no such format
        raise InputError(f"cannot write {output}: {error}") from error
    console.print(f"picture in {output}", soft_wrap=True)
