"""The pictures of a run."""

import logging
from pathlib import Path

import numpy as np

from qconv.experiment.precision import precision
from qconv.report.curves import learning_curves
from qconv.report.drawing import circuit_figure, layer_drawing
from qconv.report.filters import filters_figure
from qconv.runs.json_files import writing
from qconv.runs.run import RunResult
from qconv.tasks.evidence import Evaluated

logger = logging.getLogger(__name__)

_IMAGES = 5


def write_pictures(folder: Path, result: RunResult) -> None:
    """Writes `curves.png`, a picture of each kind of evidence, and of quantum layers `circuit.png` and `filters.png`.

    Args:
        folder: of the run.
        result: of the run.

    Raises:
        RunError: the disk is full, or the folder cannot be written.
    """
    experiment = result.experiment
    task, (arm, own) = experiment.task, result.arms[0]
    folders = {other.name: folder / other.folder for other, _ in result.arms}
    figures = {"curves": learning_curves(folders, (task.loss, *task.metrics), experiment.split)}
    evaluated = Evaluated(experiment.divided_data, experiment.split, result.held_out, result.outputs)
    for kind in task.evidence:
        found = {other.name: fitted.evaluation.evidence[kind.name] for other, fitted in result.arms}
        found |= {each.method.name: each.evaluation.evidence[kind.name] for each in result.methods}
        try:
            figure = kind.figure(found, evaluated)
        except Exception as error:  # of a user's own: a picture that fails must not cost the results
            logger.warning("%s cannot be drawn: %s: %s", type(kind).__name__, type(error).__name__, error)
            continue
        figures |= {kind.name: figure} if figure else {}
    if calls := arm.traced.calls:
        figures["circuit"] = circuit_figure([layer_drawing(call, experiment.procedure.batch_size) for call in calls])
        images = result.held_out[np.arange(min(_IMAGES, len(result.held_out)))].inputs.astype(experiment.dtype)
        with precision(experiment.dtype):
            before, after = map(own.loop.variables, (own.loop.first, own.state))
            filters = filters_figure(arm.network, before, after, images)
        figures |= {"filters": filters} if filters else {}
    for name, figure in figures.items():
        path = folder / f"{name}.png"
        with writing(path):
            figure.savefig(path, dpi=120)
