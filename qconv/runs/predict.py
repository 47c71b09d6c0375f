"""What a trained network says of pictures."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from qconv.data.new_images import NewImages, Picture
from qconv.errors import InputError
from qconv.runs.batches import all_batches
from qconv.runs.load import TrainedNetwork
from qconv.runs.mesh import device_mesh
from qconv.tasks.answer import Answer


class Prediction(NamedTuple):
    """A picture, and what is said of it."""

    picture: Picture
    answer: Answer | None
    """None of a file that cannot be read."""
    problem: InputError | None
    """Why it cannot be read."""


def predictions(network: TrainedNetwork, pictures: Sequence[Picture]) -> Iterator[Prediction]:
    """What a network says of pictures, one after the other; only a few batches of them are in memory.

    Args:
        network: by `load`.
        pictures: at least one.

    Raises:
        InputError: the images of the run are no pictures, or its task does not say what outputs mean. A file that
            cannot be read is no such error: it is among the predictions.
        RunError: see `TrainedNetwork.check_preparation`.
    """
    network.check_preparation()
    source = NewImages(network.data, pictures)
    size = min(len(pictures), 4 * network.experiment.procedure.batch_size)  # as in evaluation
    start = 0
    for batch in all_batches(source, size, device_mesh(), np.dtype(network.experiment.dtype)):
        outputs = np.asarray(network(batch.inputs))[np.asarray(batch.weights) > 0]
        answers = network.task.answers(outputs, network.classes)
        for number, answer in enumerate(answers, start):
            problem = source.damaged.pop(number, None)
            yield Prediction(pictures[number], None if problem else answer, problem)
        start += len(answers)
