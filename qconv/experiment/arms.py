"""The networks of a run: the experiment's own, then its rivals. This is the only list of them."""

from typing import NamedTuple

import flax.linen as nn

from qconv.errors import InputError, refusing
from qconv.experiment.experiment import Experiment
from qconv.experiment.precision import precision
from qconv.models.quantum_calls import Traced, trace


class Arm(NamedTuple):
    """A network that a run trains."""

    name: str
    """Its name in tables and pictures: quantum, network where it has no quantum layer, or that of the rival."""
    folder: str
    """Its folder in the run directory; empty of the experiment's own network, which has the directory itself."""
    network: nn.Module
    traced: Traced
    """What a pass of it shows."""


def arms(experiment: Experiment) -> tuple[Arm, ...]:
    """The networks of an experiment.

    Raises:
        InputError: one of them cannot take the images (kernel, register, memory) or has other outputs than the task
            asks for, or a rival refuses the experiment's own, such as one that runs a circuit outside of its layers.
    """
    model = experiment.network
    name = type(model).__name__
    with precision(experiment.dtype):  # layers of float64 are traced
        own = _traced(experiment, model, name, "the model")
        found = [Arm("quantum" if own.calls else "network", "", model, own)]
        for rival in experiment.rivals:
            traced = None
            if (network := rival.network(model, own)) is not None:
                traced = _traced(experiment, network, f"the {rival.name} of {name}", f"the {rival.name}")
                found.append(Arm(rival.name, rival.folder, network, traced))
            rival.check(model, own, traced)
    return tuple(found)


def _traced(experiment: Experiment, network: nn.Module, name: str, short: str) -> Traced:
    """What a pass of a network shows, if it makes of the images what the task asks for."""
    element = experiment.element
    wanted = experiment.task.output_shape(element)
    with refusing(f"{name} cannot take images of shape {element.inputs}"):
        traced = trace(network, element.inputs)
    _, *shape = getattr(traced.outputs, "shape", (1, "none"))
    if tuple(shape) != wanted:
        raise InputError(
            f"{short} gives outputs of shape {tuple(shape)} for each image; allowed: {wanted}, which "
            f"{type(experiment.task).__name__} asks of these data"
        )
    return traced
