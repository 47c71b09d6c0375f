"""What a trained network says of pictures."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from qconv.data.checked import checked_element
from qconv.data.dataset import chunks, unit_range
from qconv.data.image_files import own_form, read_image
from qconv.data.new_images import NewImages, Picture
from qconv.errors import InputError, refusing
from qconv.runs.batches import all_batches
from qconv.runs.load import TrainedNetwork
from qconv.runs.mesh import device_mesh
from qconv.tasks.answer import Answer


class Prediction(NamedTuple):
    """A picture, and what is said of it."""

    picture: Picture
    answer: Answer | None
    """None of a file that cannot be read, or that the network cannot take."""
    problem: InputError | None
    """Why there is no answer."""


def predictions(network: TrainedNetwork, pictures: Sequence[Picture], own_size: bool = False) -> Iterator[Prediction]:
    """What a network says of pictures, one after the other; only a few batches of them are in memory.

    Args:
        network: by `load`.
        pictures: at least one.
        own_size: whether each is taken in its own size, one at a time, and not brought to that of the run's images.

    Raises:
        InputError: the images of the run are no pictures, or its task does not say what outputs mean. A file that
            cannot be read is no such error: it is among the predictions.
        RunError: see `TrainedNetwork.check_preparation`.
    """
    network.check_preparation()
    return _of_own_size(network, pictures) if own_size else _in_batches(network, pictures)


def _in_batches(network: TrainedNetwork, pictures: Sequence[Picture]) -> Iterator[Prediction]:
    source = NewImages(network.data, pictures)
    # As in evaluation, if not too many pixels are read for it.
    size = min(4 * network.experiment.procedure.batch_size, len(chunks(source, checked_element(network.data))[0]))
    start = 0
    for batch in all_batches(source, size, device_mesh(), np.dtype(network.experiment.dtype)):
        outputs = np.asarray(network(batch.inputs))[np.asarray(batch.weights) > 0]
        answers = network.task.answers(outputs, network.classes)
        for number, answer in enumerate(answers, start):
            problem = source.damaged.pop(number, None)
            yield Prediction(pictures[number], None if problem else answer, problem)
        start += len(answers)


def _of_own_size(network: TrainedNetwork, pictures: Sequence[Picture]) -> Iterator[Prediction]:
    data = network.data
    for picture in pictures:
        try:
            pixels = read_image(picture.path, own_form(picture.path, data.form))
            with refusing(f"{picture.path} cannot be prepared in its own size"):
                images = data.prepared(unit_range(pixels[None]))
            outputs = np.asarray(network.of_any_size(images))
        except InputError as error:
            yield Prediction(picture, None, error)
            continue
        (answer,) = network.task.answers(outputs, network.classes)
        yield Prediction(picture, answer, None)
