"""`qconv diagnose`."""

import numpy as np
from jaxtyping import Float
from rich.console import Console

from qconv.commands.options import DiagnoseOptions
from qconv.console import text_console
from qconv.data.dataset import Batch
from qconv.diagnostics.diagnosis import diagnose_circuit
from qconv.diagnostics.kernel_diagnosis import diagnose_kernel
from qconv.diagnostics.kernel_points import kernel_machine, machine_points
from qconv.diagnostics.patches import layer_inputs, layer_patches
from qconv.diagnostics.signal import signal
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.experiment.precision import precision
from qconv.figure import Figure, check_picture
from qconv.layers.quantum_tree import QuantumTree
from qconv.models.kernel_machine import KernelMachine
from qconv.models.quantum_calls import trace
from qconv.report.diagnostics import diagnosis_figure, diagnosis_table, signal_table
from qconv.report.kernel_diagnosis import kernel_figure, kernel_table
from qconv.runs.json_files import writing

_IMAGES = 256
"""Training images whose patches are drawn from."""
_POINTS = 500
"""Training items that a kernel compares."""


def diagnose(experiment: Experiment, options: DiagnoseOptions) -> None:
    """Prints four diagnostics of each quantum layer's circuit and writes them as a picture.

    Of a quantum tree, these are for a block of its first level; what is left of the image at each level comes beside.
    Of a kernel machine, its kernel is diagnosed before any training; if there are quantum layers before it, its picture
    has a name of its own.

    Args:
        experiment: its spec; its seed fixes what is drawn.
        options: how much is drawn, and where the picture goes.

    Raises:
        InputError: the network has neither a quantum layer nor a kernel machine, or it would take too long; see also
            `check_picture`.
        DataUnavailableError: the training images are not there; nothing else takes their place.
        RunError: the picture cannot be written.
    """
    check_picture(options.output)  # rather now than after half a minute
    console, pictures = text_console(), {}
    with precision(experiment.dtype):
        has_layers = bool(trace(experiment.network, experiment.element.inputs).calls)
        machine = kernel_machine(experiment.network)
        if not has_layers and machine is None:
            raise InputError("the experiment's network has neither a quantum layer nor a kernel machine to diagnose")
        source = experiment.training_items()
        order = np.random.default_rng(experiment.seed).permutation(len(source))
        if has_layers:
            images = source[order[:_IMAGES]].inputs.astype(experiment.dtype)
            pictures[options.output] = _circuits(experiment, images, len(source), options, console)
        if machine is not None:
            output = options.output
            output = output.with_stem(f"{output.stem}-kernel") if has_layers else output
            pictures[output] = _kernel(experiment, machine, source[order[:_POINTS]], console)
    for output, figure in pictures.items():
        with writing(output):
            figure.savefig(output, dpi=120)
        console.print(f"picture in {output}", soft_wrap=True)


def _circuits(
    experiment: Experiment,
    images: Float[np.ndarray, "batch height width channels"],
    count: int,
    options: DiagnoseOptions,
    console: Console,
) -> Figure:
    """Prints what is found of each quantum layer, and draws it."""
    data_count = count if options.data_count is None else options.data_count
    diagnoses, signals = {}, {}
    for number, (layer, inputs) in enumerate(layer_inputs(experiment.network, images, experiment.seed)):
        title = f"layer {number}: {layer.title(layer.in_features(inputs.shape))}"
        patches = layer_patches(layer, inputs)
        diagnoses[title] = diagnose_circuit(layer.circuit, patches, data_count, options, experiment.seed)
        console.print(diagnosis_table(diagnoses[title], title))
        if isinstance(layer, QuantumTree):
            signals[title] = signal(layer, inputs, experiment.seed)
            console.print(signal_table(signals[title]))
    return diagnosis_figure(diagnoses, signals)


def _kernel(experiment: Experiment, machine: KernelMachine, items: Batch, console: Console) -> Figure:
    """Prints what is found of a machine's kernel, and draws it."""
    points = machine_points(experiment.network, items.inputs.astype(experiment.dtype), experiment.seed)
    params = machine.kernel.init(points.shape[1], machine.kernel_seed)
    found = diagnose_kernel(machine.kernel, points, items.targets, params, most=_POINTS, seed=experiment.seed)
    title = f"kernel: {type(machine.kernel).__name__} of {points.shape[1]:,} numbers"
    console.print(kernel_table(found, title))
    return kernel_figure({title: found})
