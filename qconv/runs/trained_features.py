"""What several networks, each trained on data of its own, make of the images of a task that none of them knows."""

import math
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from time import perf_counter
from typing import Annotated

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from tyro.conf import Suppress

from qconv.bounds import require
from qconv.console import text_console
from qconv.data.checked import CheckedSource, load_checked
from qconv.data.dataset import ArraySource, Element, Split, chunks
from qconv.data.derived import Derived
from qconv.data.feature_store import FeatureStore
from qconv.data.resized import resized
from qconv.errors import InputError
from qconv.experiment.experiment import Experiment
from qconv.experiment.precision import precision
from qconv.experiment.spec import parts_of
from qconv.models.first_stages import FirstStages
from qconv.models.network import Network, output_of
from qconv.models.quantum_calls import trace
from qconv.progress import LiveProgress
from qconv.runs.backbones import finished_runs
from qconv.runs.load import TrainedNetwork, load

_BATCH = 256
"""Images that a network is given at once."""


@dataclass(frozen=True)
class TrainedFeatures(Derived):
    """The features of several networks side by side, as an image of shape (1, 1, features).

    Features are what the stage before the last one gives. The networks are those of experiments, each with data of its
    own; those that have not been trained yet are trained at the first use, in parallel, and kept in the cache with what
    they make of each image (see `qconv.runs.backbones`). An image is brought to the size of those that a network was
    trained on, and a grey one is given to each of its channels. Images that one of them was trained on are refused:
    what it knows of them, it would know of no other.

    The features of network k are the `widths[k]` columns behind those of the networks before it.
    """

    backbones: Annotated[tuple[Experiment, ...], Suppress]
    """What the networks are, and what they are trained on."""

    def __post_init__(self) -> None:
        require(self, "backbones", len(self.backbones) > 0, "at least one experiment")
        channels = self.data.element.inputs[2]
        for own in self.backbones:
            if not isinstance(own.network, Network) or len(own.network.stages()) < 2:
                raise InputError(f"a backbone is {type(own.network).__name__}; allowed: a Network of several stages")
            if channels not in (1, own.element.inputs[2]):
                raise InputError(
                    f"images of {channels} channels for a backbone of {own.element.inputs[2]}; allowed: grey images, "
                    "or as many channels"
                )

    @property
    def widths(self) -> tuple[int, ...]:
        """Features of each network; nothing is trained or read to know them."""
        return tuple(map(_width, self.backbones))

    @property
    def element(self) -> Element:
        """The features, with the same targets."""
        return self.data.element._replace(inputs=(1, 1, sum(self.widths)))

    def load(self, split: Split) -> ArraySource:
        """The features of a split.

        Raises:
            InputError: a network was trained on one of these images.
            DataUnavailableError: the data of a network that is not trained yet are not there.
            RunError: a network could not be trained, or the folder where features are kept cannot be used.
        """
        source = load_checked(self.data, split)
        found = []
        for folder, own in zip(finished_runs(self.backbones), self.backbones, strict=True):
            found.append(_kept_features(folder, own, source, self.data.element))
        features = np.concatenate(found, axis=1)[:, None, None]
        every = chunks(source, self.data.element)
        targets = np.concatenate([source.read_targets(rows) for rows in every])
        return ArraySource(features, targets, self.element.num_classes, -np.inf, np.inf)

    def change(self, images: Float[np.ndarray, "batch height width channels"]) -> Float[np.ndarray, "batch 1 1 _"]:
        """The features of new images; they are not kept."""
        found = [_Features(folder)(images) for folder in finished_runs(self.backbones)]
        return np.concatenate(found, axis=1)[:, None, None]


def backbones_of(spec: object) -> list[Experiment]:
    """The experiments whose features a spec is made of, each once."""
    found = (part.backbones for part in parts_of(spec) if isinstance(part, TrainedFeatures))
    return list(dict.fromkeys(own for backbones in found for own in backbones))


@lru_cache(maxsize=64)
def _width(own: Experiment) -> int:
    network = own.network
    assert isinstance(network, Network)
    with precision(own.dtype):
        outputs = trace(FirstStages(network, network.stages()[-1]), own.element.inputs).outputs
    return math.prod(outputs.shape[1:])


class _Features:
    """The stages of a trained network before its last one, as a function of images."""

    def __init__(self, folder: Path) -> None:
        self._trained = _loaded(folder)
        network = self._trained.arm.network
        assert isinstance(network, Network)
        self._program = jax.jit(partial(output_of, network, stop=len(network.stages()) - 1))

    def __call__(self, images: Float[np.ndarray, "batch height width channels"]) -> Float[np.ndarray, "batch features"]:
        """The features of some images of any size."""
        height, width, channels = self._trained.image_shape
        if images.shape[1:3] != (height, width):
            images = resized(images, height, width)
        images = np.broadcast_to(images, (*images.shape[:3], channels))
        dtype = self._trained.experiment.dtype
        with precision(dtype):
            found = self._program(self._trained.variables, jnp.asarray(images, dtype))
        return np.asarray(found, np.float32).reshape(len(images), -1)


@lru_cache(maxsize=16)  # the splits want the same
def _loaded(folder: Path) -> TrainedNetwork:
    return load(folder)


def _kept_features(
    folder: Path, own: Experiment, source: ArraySource | CheckedSource, element: Element
) -> Float[np.ndarray, "images features"]:
    """What a network makes of the images of a source; it is kept beside its run, and gone when that is."""
    store = FeatureStore(folder / "features.sqlite", _width(own))
    images = [image for rows in chunks(source, element) for image in source.digests(rows)]
    if len(found := store.read(images)) < len(set(images)):
        name, console = f"features of {folder.parent.name}", text_console(stderr=True)
        with store.alone(f"another process computes {name}: waiting", console.print):
            found = store.read(images)
            missing = np.array([row for row, image in enumerate(images) if image not in found], int)
            _refuse_known(own, {images[row] for row in missing})
            features = _Features(folder)
            with LiveProgress(console, "image", name, len(missing)) as progress:
                done, started = 0, perf_counter()
                for rows in np.split(missing, range(_BATCH, len(missing), _BATCH)):
                    values = features(source[rows].inputs)
                    store.write([images[row] for row in rows], values)
                    found |= {images[row]: value for row, value in zip(rows, values, strict=True)}
                    done += len(rows)
                    rate = done / (perf_counter() - started)
                    progress.step(done)
                    progress.say(name, done, rate, f"{rate:,.1f} images/s")
    return np.stack([found[image] for image in images])


def _refuse_known(own: Experiment, images: set[bytes]) -> None:
    """Refuses images that a network was trained on."""
    train = load_checked(own.divided_data, "train")
    known = {image for rows in chunks(train, own.element) for image in train.digests(rows)}
    if shared := len(known & images):
        raise InputError(
            f"{shared} of {len(images)} images are among those that a backbone was trained on; allowed: others, such "
            "as HeldOut(...) of its data"
        )
