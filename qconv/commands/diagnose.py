"""`qconv diagnose`."""

import numpy as np

from qconv.commands.options import DiagnoseOptions
from qconv.console import text_console
from qconv.diagnostics.diagnosis import diagnose_circuit
from qconv.diagnostics.patches import layer_inputs, layer_patches
from qconv.diagnostics.signal import signal
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.experiment.precision import precision
from qconv.figure import check_picture
from qconv.layers.quantum_tree import QuantumTree
from qconv.models.quantum_calls import trace
from qconv.report.diagnostics import diagnosis_figure, diagnosis_table, signal_table
from qconv.runs.json_files import writing

_IMAGES = 256
"""Training images whose patches are drawn from."""


def diagnose(experiment: Experiment, options: DiagnoseOptions) -> None:
    """Prints four diagnostics of each quantum layer's circuit and writes them as a picture.

    Of a quantum tree, these are for a block of its first level; what is left of the image at each level comes beside.

    Args:
        experiment: its spec; its seed fixes what is drawn.
        options: how much is drawn, and where the picture goes.

    Raises:
        InputError: the network has no quantum layer, or it would take too long; see also `check_picture`.
        DataUnavailableError: the training images are not there; nothing else takes their place.
        RunError: the picture cannot be written.
    """
    check_picture(options.output)  # rather now than after half a minute
    with precision(experiment.dtype):
        if not trace(experiment.network, experiment.element.inputs).calls:
            raise InputError("the experiment's network has no quantum layer to diagnose")
        source = experiment.training_items()
        chosen = np.random.default_rng(experiment.seed).permutation(len(source))[:_IMAGES]
        images = source[chosen].inputs.astype(experiment.dtype)
        data_count = len(source) if options.data_count is None else options.data_count
        console, diagnoses, signals = text_console(), {}, {}
        for number, (layer, inputs) in enumerate(layer_inputs(experiment.network, images, experiment.seed)):
            title = f"layer {number}: {layer.title(layer.in_features(inputs.shape))}"
            patches = layer_patches(layer, inputs)
            diagnoses[title] = diagnose_circuit(layer.circuit, patches, data_count, options, experiment.seed)
            console.print(diagnosis_table(diagnoses[title], title))
            if isinstance(layer, QuantumTree):
                signals[title] = signal(layer, inputs, experiment.seed)
                console.print(signal_table(signals[title]))
    with writing(options.output):
        diagnosis_figure(diagnoses, signals).savefig(options.output, dpi=120)
    console.print(f"picture in {options.output}", soft_wrap=True)
