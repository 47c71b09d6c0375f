"""The networks of a run, from checkpoints."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from qconv.data.dataset import Source
from qconv.experiment.arms import Arm, arms
from qconv.experiment.experiment import Experiment
from qconv.experiment.precision import precision
from qconv.runs.checkpoints import Checkpoints
from qconv.runs.loop import Loop, LoopState
from qconv.runs.mesh import device_mesh


class RestoredArm(NamedTuple):
    """A network of a run, as its newest checkpoint has it."""

    arm: Arm
    loop: Loop
    """The network, and the items that it is evaluated on."""
    state: LoopState


def restored_arms(folder: Path, experiment: Experiment, held_out: Source | None) -> Iterator[RestoredArm]:
    """Each network of a run that has a checkpoint; see `restored_arm`."""
    for arm in arms(experiment):
        if restored := restored_arm(folder, experiment, arm, held_out):
            yield restored


def restored_arm(folder: Path, experiment: Experiment, arm: Arm, held_out: Source | None) -> RestoredArm | None:
    """A network of a run, from its newest checkpoint; None where it has none.

    Args:
        folder: of the run.
        experiment: its spec; see also `knowing_its_data`.
        arm: which network.
        held_out: what it is to be evaluated on; None if it is not.

    Raises:
        RunError: a checkpoint cannot be read.
    """
    if not has_checkpoints(folder, arm):
        return None
    with precision(experiment.dtype):
        loop = Loop(experiment, arm.network, None, held_out, device_mesh())
        with Checkpoints(_place(folder, arm), loop.frozen, read_only=True) as checkpoints:
            restored = checkpoints.restore(loop.first)
            if checkpoints.frozen is not loop.frozen:
                loop = replace(loop, stored=checkpoints.frozen)
    return RestoredArm(arm, loop, restored[0]) if restored else None


def has_checkpoints(folder: Path, arm: Arm) -> bool:
    """Whether the training of a network of a run has begun."""
    return _place(folder, arm).is_dir()


def _place(folder: Path, arm: Arm) -> Path:
    return folder / arm.folder / "checkpoints"
