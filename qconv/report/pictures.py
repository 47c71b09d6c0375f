"""The pictures of a run."""

from pathlib import Path

import numpy as np

from qconv.models.base import called_quantum_layers
from qconv.report.confusion import confusion_figure
from qconv.report.curves import learning_curves
from qconv.report.drawing import circuit_figure, layer_drawing
from qconv.report.filters import filters_figure
from qconv.training.run import RunResult, precision
from qconv.training.run_directory import writing

_IMAGES = 5


def write_pictures(folder: Path, result: RunResult) -> None:
    """Writes `curves.png`, `confusion.png`, and of a network with quantum layers `circuit.png` and `filters.png`.

    Raises:
        RunError: the disk is full, or the folder cannot be written.
    """
    networks = {"quantum" if result.twin else "network": (result.network, folder)}
    if result.twin:
        networks["classical twin"] = (result.twin, folder / "twin")
    figures = {
        "curves": learning_curves({label: place for label, (_, place) in networks.items()}),
        "confusion": confusion_figure({label: fitted.confusion for label, (fitted, _) in networks.items()}),
    }
    with precision(result.experiment.dtype):
        images = result.test[np.arange(min(_IMAGES, len(result.test)))].images.astype(result.experiment.dtype)
        if layers := called_quantum_layers(result.model, images.shape[1:]):
            figures["circuit"] = circuit_figure([layer_drawing(layer, channels) for layer, channels in layers])
            figures["filters"] = filters_figure(
                result.model, result.network.initial_state, result.network.state, images
            )
    for name, figure in figures.items():
        path = folder / f"{name}.png"
        with writing(path):
            figure.savefig(path, dpi=120)
