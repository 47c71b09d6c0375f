"""The networks of a run: the experiment's own, then its rivals. This is the only list of them."""

from typing import NamedTuple

import flax.linen as nn

from qconv.experiment.experiment import Experiment
from qconv.experiment.precision import precision
from qconv.models.quantum_calls import Traced, trace


class Arm(NamedTuple):
    """A network that a run trains."""

    name: str
    """In tables and pictures: quantum, or network where it has no quantum layer, or that of the rival."""
    folder: str
    """In the run directory; empty of the experiment's own network, which has the directory itself."""
    network: nn.Module
    traced: Traced
    """What a pass of it shows."""


def arms(experiment: Experiment) -> tuple[Arm, ...]:
    """The networks of an experiment.

    Raises:
        InputError: one of them cannot take the images.
    """
    shape = experiment.element.inputs
    with precision(experiment.dtype):  # layers of float64 are traced
        own = trace(experiment.model, shape)
        found = [Arm("quantum" if own.calls else "network", "", experiment.model, own)]
        for rival in experiment.rivals:
            if (network := rival.network(experiment.model, own)) is not None:
                found.append(Arm(rival.name, rival.folder, network, trace(network, shape)))
    return tuple(found)
