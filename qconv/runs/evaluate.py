"""The networks of a run on the items that they are evaluated on, from checkpoints."""

from pathlib import Path
from typing import NamedTuple

from qconv.errors import RunError
from qconv.experiment.precision import precision
from qconv.runs.evaluation import Evaluation, NotFiniteError
from qconv.runs.restore import read_known_run, restored_arms
from qconv.runs.run_directory import check_contents


class EvaluatedArm(NamedTuple):
    """One network of a run."""

    name: str
    """Its name, such as quantum, or classical twin."""
    step: int
    """Step of the checkpoint."""
    evaluation: Evaluation


def evaluate_run(folder: Path) -> list[EvaluatedArm]:
    """The network in a run directory, and its rivals if they have a checkpoint already.

    Raises:
        RunError: no run is there, it has no checkpoint yet or none that can be read, the code of its classes or the
            files of its data are others by now, or a loss is not finite.
    """
    results = []
    experiment = read_known_run(folder)
    check_contents(folder, experiment)
    with precision(experiment.dtype):
        held_out = experiment.held_out_items()
    for arm, loop, state in restored_arms(folder, experiment, held_out):
        with precision(experiment.dtype):
            try:
                results.append(EvaluatedArm(arm.name, int(state.step), loop.evaluate(state)))
            except NotFiniteError as error:
                raise RunError(f"{arm.name}: {error}") from error
    if not results:
        raise RunError(f"no checkpoint in {folder} yet")
    return results
