"""The pictures of a run."""

from pathlib import Path

import jax
import numpy as np
from jaxtyping import Array, Float

from qconv.models.quantum_calls import trace
from qconv.models.twin import classical_twin
from qconv.report.confusion import confusion_figure
from qconv.report.curves import learning_curves
from qconv.report.drawing import circuit_figure, layer_drawing
from qconv.report.filters import filters_figure
from qconv.report.plane import plane_figure
from qconv.training.fit import Fitted
from qconv.training.run import RunResult, precision
from qconv.training.run_directory import writing
from qconv.training.steps import network_output

_IMAGES = 5
_BATCH = 256


def write_pictures(folder: Path, result: RunResult) -> None:
    """Writes `curves.png`, `confusion.png`, and of a network with quantum layers `circuit.png` and `filters.png`.

    Where images stand for points of a plane, `plane.png` shows what the networks say of each.

    Raises:
        RunError: the disk is full, or the folder cannot be written.
    """
    networks = {"quantum" if result.twin else "network": (result.network, folder)}
    if result.twin:
        networks["classical twin"] = (result.twin, folder / "twin")
    figures = {
        "curves": learning_curves(
            {label: place for label, (_, place) in networks.items()}, result.experiment.loss.name
        ),
        "confusion": confusion_figure({label: fitted.confusion for label, (fitted, _) in networks.items()}),
    }
    with precision(result.experiment.dtype):
        images = result.test[np.arange(min(_IMAGES, len(result.test)))].images.astype(result.experiment.dtype)
        if calls := trace(result.model, images.shape[1:]).calls:
            figures["circuit"] = circuit_figure([layer_drawing(call.layer, call.in_features) for call in calls])
            filters = filters_figure(result.model, result.network.initial_state, result.network.state, images)
            figures |= {"filters": filters} if filters else {}
        if plane := result.experiment.data.plane("test"):
            figures["plane"] = plane_figure(
                plane, {label: _second_class(result, fitted) for label, (fitted, _) in networks.items()}
            )
    for name, figure in figures.items():
        path = folder / f"{name}.png"
        with writing(path):
            figure.savefig(path, dpi=120)


def _second_class(result: RunResult, fitted: Fitted) -> Float[np.ndarray, " images"]:
    """What a network says of class 1 for each test image."""
    model = classical_twin(result.model) if fitted is result.twin else result.model

    @jax.jit
    def predict(images: Array) -> Array:
        return result.experiment.loss.scores(network_output(model, fitted.state.variables, images))[:, 1]

    rows = np.arange(len(result.test))
    batches = [result.test[rows[start : start + _BATCH]].images for start in range(0, len(rows), _BATCH)]
    return np.concatenate([predict(images.astype(result.experiment.dtype)) for images in batches])
