"""Why a trained network says what it says of an image."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from qconv.diagnostics.attribution import gradient, integrated_gradients, occlusion
from qconv.diagnostics.channels import mean_outputs, outputs_without_channels
from qconv.errors import DataUnavailableError
from qconv.experiment.precision import precision
from qconv.models.quantum_calls import QuantumCall
from qconv.runs.load import TrainedNetwork
from qconv.tasks.answer import Answer, Subject

_IMAGES = 256
"""Training images whose mean takes the place of a channel."""

Image = Float[np.ndarray, "height width channels"]
Map = Float[np.ndarray, "height width"]


@dataclass(frozen=True, eq=False)
class LayerEffect:
    """What each channel of a quantum layer does for a network's answer."""

    name: str
    """Of the layer: where it is."""
    falls: Float[np.ndarray, " channels"]
    """How much the number that is explained falls without each of them."""
    answers: list[Answer]
    """What the network says then."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a network says what it says of an image."""

    network: str
    """Name of the network."""
    answer: Answer
    """What it says."""
    subject: str
    """What of the outputs is explained, such as the output of class cat."""
    value: float
    """How large that is."""
    maps: dict[str, Map]
    """What pixels do for it, by the way in which that is found: of the image as the network takes it, or, where it is
    covered, of the picture."""
    layers: list[LayerEffect]


def explain(
    network: TrainedNetwork, picture: Image, calls: list[QuantumCall], target: str, window: int, replace: str
) -> Explanation:
    """Why a network says what it says of an image.

    Args:
        network: by `load`.
        picture: in [0, 1], before it is prepared.
        calls: the quantum layers of the run's own network; a twin has others in their place.
        target: what is asked for, such as a class; empty for what the network says.
        window: pixels that are covered at a time.
        replace: "mean" or "zero": what takes the place of a channel.

    Raises:
        InputError: the task does not say what its outputs mean, or there is no such target.
        DataUnavailableError: the training images, of which means are to be taken, are not there.
    """
    task, classes = network.task, network.classes
    with precision(network.experiment.dtype):
        dtype = network.experiment.dtype
        image = network.data.prepared(picture[None])[0].astype(dtype)
        outputs = np.asarray(network(image[None]))
        subject = task.subject(outputs, classes, target)

        @jax.jit
        def values(images: Array) -> Array:
            return subject.value(images, network(images))

        @jax.jit
        @jax.grad
        def gradients(images: Array) -> Array:
            return jnp.sum(values(images))

        def of_pictures(pictures: Float[np.ndarray, "batch height width channels"]) -> Float[np.ndarray, " batch"]:
            return np.asarray(values(network.data.prepared(pictures).astype(dtype)))

        maps = {
            "gradient": gradient(lambda images: np.asarray(gradients(images)), image),
            "integrated gradients": integrated_gradients(lambda images: np.asarray(gradients(images)), image),
            f"covered by {window} x {window}": occlusion(of_pictures, picture, window),
        }
        whole = _number(subject, image, outputs[0])
        layers = [
            LayerEffect(
                name,
                np.array([whole - _number(subject, image, each) for each in without]),
                task.answers(without, classes),
            )
            for name, without in _without_channels(network, image, calls, replace)
        ]
    return Explanation(network.arm.name, task.answers(outputs, classes)[0], subject.name, whole, maps, layers)


def _number(subject: Subject, image: Image, outputs: Float[np.ndarray, "..."]) -> float:
    return float(subject.value(jnp.asarray(image)[None], jnp.asarray(outputs)[None])[0])


def _without_channels(
    network: TrainedNetwork, image: Image, calls: list[QuantumCall], replace: str
) -> list[tuple[str, Float[np.ndarray, "left_out ..."]]]:
    """The outputs of a network without each channel of its layers, by the layer's name."""
    if not calls:
        return []
    module, variables, paths = network.arm.network, network.variables, [call.path for call in calls]
    images = [image[None]] if replace == "zero" else _training_images(network)
    found = mean_outputs(module, variables, images, paths)
    scale = 0 if replace == "zero" else 1
    return [
        ("/".join(path), outputs_without_channels(module, variables, image, path, scale * mean))
        for path, mean in found.items()
    ]


def _training_images(network: TrainedNetwork) -> list[Float[np.ndarray, "_ height width channels"]]:
    experiment = network.experiment
    try:
        source = experiment.training_items()
    except DataUnavailableError as error:
        raise DataUnavailableError(
            f"the training images, whose mean takes the place of a channel, are not there ({error}); --replace zero "
            "needs none"
        ) from error
    chosen = np.random.default_rng(0).permutation(len(source))[:_IMAGES]
    return [source[rows].inputs.astype(experiment.dtype) for rows in np.split(chosen, range(64, len(chosen), 64))]
