"""`qconv diagnose`."""

from pathlib import Path

import numpy as np

from qconv.console import text_console
from qconv.diagnostics.diagnosis import diagnose_circuit
from qconv.diagnostics.patches import layer_inputs, layer_patches
from qconv.diagnostics.sampling import Sampling
from qconv.diagnostics.signal import signal
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.experiment.precision import precision
from qconv.figure import Figure
from qconv.layers.quantum_tree import QuantumTree
from qconv.models.quantum_calls import trace
from qconv.report.diagnostics import diagnosis_figure, diagnosis_table, signal_table
from qconv.runs.json_files import writing

_IMAGES = 256
"""Training images whose patches are drawn from."""


def diagnose(experiment: Experiment, sampling: Sampling, output: Path) -> None:
    """Prints four diagnostics of each quantum layer's circuit and writes them as a picture.

    Of a quantum tree, these are for a block of its first level; what is left of the image at each level comes beside.

    Args:
        experiment: its spec; its seed fixes what is drawn.
        sampling: how much is drawn.
        output: file of the picture; its ending is the format.

    Raises:
        InputError: the network has no quantum layer, it would take too long, or no pictures have that ending.
        DataUnavailableError: the training images are not there; nothing else takes their place.
        RunError: the picture cannot be written.
    """
    _check_output(output)
    with precision(experiment.dtype):
        if not trace(experiment.model, experiment.element.inputs).calls:
            raise InputError("the experiment's network has no quantum layer to diagnose")
        source = experiment.training_items()
        chosen = np.random.default_rng(experiment.seed).permutation(len(source))[:_IMAGES]
        images = source[chosen].inputs.astype(experiment.dtype)
        data_count = len(source) if sampling.data_count is None else sampling.data_count
        console, diagnoses, signals = text_console(), {}, {}
        for number, (layer, inputs) in enumerate(layer_inputs(experiment.model, images, experiment.seed)):
            title = f"layer {number}: {layer.title(layer.in_features(inputs.shape))}"
            patches = layer_patches(layer, inputs)
            diagnoses[title] = diagnose_circuit(layer.circuit, patches, data_count, sampling, experiment.seed)
            console.print(diagnosis_table(diagnoses[title], title))
            if isinstance(layer, QuantumTree):
                signals[title] = signal(layer, inputs, experiment.seed)
                console.print(signal_table(signals[title]))
    with writing(output):
        diagnosis_figure(diagnoses, signals).savefig(output, dpi=120)
    console.print(f"picture in {output}", soft_wrap=True)


def _check_output(output: Path) -> None:
    """Before the work, and not after half a minute of it."""
    if not output.parent.is_dir():
        raise InputError(f"cannot write {output}: there is no folder {output.parent}")
    formats = Figure().canvas.get_supported_filetypes()
    if output.suffix.removeprefix(".").lower() not in formats:
        raise InputError(
            f"cannot write {output}: format {output.suffix.removeprefix('.')!r} is not supported; "
            f"allowed: {', '.join(formats)}"
        )
