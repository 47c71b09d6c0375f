"""The networks of a run on the items that they are evaluated on, from checkpoints."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from qconv.errors import RunError
from qconv.experiment.arms import Arm, arms
from qconv.experiment.precision import precision
from qconv.runs.checkpoints import Checkpoints
from qconv.runs.evaluation import Evaluation, NotFiniteError
from qconv.runs.loop import Loop, LoopState
from qconv.runs.mesh import device_mesh
from qconv.runs.run_directory import read_run


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
        RunError: no run is there, it has no checkpoint yet or none that can be read, the code of its classes is another
            one by now, or a loss is not finite.
    """
    results = []
    for arm, loop, state in restored_arms(folder):
        with precision(loop.experiment.dtype):
            try:
                results.append(EvaluatedArm(arm.name, int(state.step), loop.evaluate(state)))
            except NotFiniteError as error:
                raise RunError(f"{arm.name}: {error}") from error
    if not results:
        raise RunError(f"no checkpoint in {folder} yet")
    return results


def restored_arms(folder: Path) -> Iterator[tuple[Arm, Loop, LoopState]]:
    """Each network of a run that has a checkpoint, with what it is evaluated on and its state.

    Raises:
        RunError: no run is there, a checkpoint cannot be read, or the code of its classes is another one by now.
    """
    _, experiment = read_run(folder)
    with precision(experiment.dtype):
        held_out = experiment.held_out_items()
    for arm in arms(experiment):
        place = folder / arm.folder / "checkpoints"
        if not place.is_dir():
            continue
        with precision(experiment.dtype):
            loop = Loop(experiment, arm.network, None, held_out, device_mesh())
            with Checkpoints(place, loop.frozen, read_only=True) as checkpoints:
                restored = checkpoints.restore(loop.first)
                if checkpoints.frozen is not loop.frozen:
                    loop = replace(loop, stored=checkpoints.frozen)
        if restored:
            yield arm, loop, restored[0]
