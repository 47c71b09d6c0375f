"""Training in memory."""

from collections.abc import Iterator

from qconv.experiment.arms import Arm, arms
from qconv.experiment.experiment import Experiment
from qconv.experiment.precision import precision
from qconv.runs.loop import Loop, LoopState, Moment
from qconv.runs.mesh import device_mesh
from qconv.runs.rehearsal import rehearse


def training(experiment: Experiment, arm: Arm | None = None) -> Iterator[Moment]:
    """Trains a network in memory: each step of the loop gives a moment, and nothing is written anywhere.

        for moment in training(experiment):
            if moment.train:
                print(moment.step, moment.train)

    The state of a moment is given to the next step: who wants to keep one copies it.

    Args:
        experiment: its spec.
        arm: which of its networks, one of `arms(experiment)`; by default its own.

    Raises:
        InputError: data, network and budget do not fit together, or the network cannot be trained.
        DataUnavailableError: the data are not there.
        RunError: a loss or the state has become infinite or NaN.
    """
    with precision(experiment.dtype):
        train, held_out = experiment.training_items(), experiment.held_out_items()
        experiment.check(train, held_out)
        network, mesh = (arm or arms(experiment)[0]).network, device_mesh()
        rehearse(experiment, network, mesh)
    yield from moments_of(Loop(experiment, network, train, held_out, mesh))


def moments_of(loop: Loop, state: LoopState | None = None) -> Iterator[Moment]:
    """The moments of a loop in its precision, which the program has only while it works and not while the caller does.

    Args:
        loop: a network and its data.
        state: where to go on; None for the first one.

    Raises:
        RunError: a loss or the state has become infinite or NaN.
    """
    moments = loop.moments(state)
    while True:
        with precision(loop.experiment.dtype):
            moment = next(moments, None)
        if moment is None:
            return
        yield moment
