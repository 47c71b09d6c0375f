"""What a frozen network makes of each image, in place of the image."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int, Shaped
from rich.console import Console

import qconv
from qconv.cache import cache_folder
from qconv.console import text_console
from qconv.data.checked import load_checked
from qconv.data.dataset import ArraySource, Dataset, Element, Source, Split, chunks
from qconv.data.derived import Derived, refuse_drawn
from qconv.data.feature_store import FeatureStore
from qconv.data.onnx_network import OnnxNetwork, Runner
from qconv.data.remembered import remembered
from qconv.progress import LiveProgress


@dataclass(frozen=True)
class OnnxFeatures(Derived):
    """The features of a network that is not trained, as an image of shape (1, 1, features).

    They are computed once for each image, with progress, and kept in a folder, by default `~/.cache/qconv`, which the
    environment variable `QCONV_CACHE` names. There they are known by a digest of the graph, its weights, the
    pre-processing and the pixels: so they are found again in other splits and other data too, and those of a changed
    image are computed anew. A process that is killed leaves what it has computed. Of all images only the features are
    in memory. `Scaled(OnnxFeatures(...))` standardises them as the training images say.

    ONNX Runtime computes them on the CPU; `pip install 'qconv[onnx]'` installs it.
    """

    network: OnnxNetwork
    """What makes them: an `OnnxFile`, or `EfficientNetLite0`."""

    @property
    def element(self) -> Element:
        """The features, with the same targets; neither network nor images are read to know it."""
        return self.data.element._replace(inputs=(1, 1, self.network.num_features))

    @property
    def drawn_element(self) -> None:
        """None: features are computed once for each image.

        Raises:
            InputError: training would draw other images each time.
        """
        refuse_drawn(self)

    def load(self, split: Split) -> ArraySource:
        """The features of a split.

        Raises:
            InputError: the network does not fit the images; see `OnnxNetwork.cut`.
            DataUnavailableError: the network, or what runs it, is not installed.
            RunError: the folder where features are kept cannot be used.
        """
        features, targets = _features(self.data, self.network, split)
        infinite = float(np.inf)
        return ArraySource(features[:, None, None], targets, self.element.num_classes, -infinite, infinite)

    def change(self, images: Float[np.ndarray, "batch height width channels"]) -> Float[np.ndarray, "batch 1 1 _"]:
        """The features of new images; they are not kept.

        Raises:
            InputError: the network does not fit the images; see `OnnxNetwork.cut`.
            DataUnavailableError: the network, or what runs it, is not installed.
        """
        runner = _runner(self.network)
        parts = [images[start : start + runner.batch_size] for start in range(0, len(images), runner.batch_size)]
        return np.concatenate([runner(part) for part in parts])[:, None, None]


@lru_cache(maxsize=2)  # each split wants it, and new images come a few at a time
def _runner(network: OnnxNetwork) -> Runner:
    return Runner(network)


@remembered(maxsize=8)  # networks, rivals and seeds want the same
def _features(
    data: Dataset, network: OnnxNetwork, split: Split
) -> tuple[Float[np.ndarray, "images features"], Shaped[np.ndarray, "images ..."]]:
    runner, source = _runner(network), load_checked(data, split)
    key = hashlib.sha256(f"{runner.digest} {qconv.NUMERICS}".encode()).hexdigest()[:16]
    name = type(network).__name__
    store = FeatureStore(cache_folder() / "features" / f"{name}-{key}.sqlite", network.num_features)
    every = chunks(source, data.element)
    images = [image for rows in every for image in source.digests(rows)]
    if len(found := store.read(images)) < len(set(images)):
        console = text_console(stderr=True)
        with store.alone(f"another process computes features of {name}: waiting", console.print):
            found = store.read(images)
            missing = np.array([number for number, image in enumerate(images) if image not in found], int)
            for rows, features in _computed(runner, source, missing, f"features of {name}", console):
                store.write([images[row] for row in rows], features)
                found |= {images[row]: own for row, own in zip(rows, features, strict=True)}
    return np.stack([found[image] for image in images]), np.concatenate([source.read_targets(rows) for rows in every])


def _computed(
    runner: Runner, source: Source, rows: Int[np.ndarray, " images"], what: str, console: Console
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The features of some images, a batch at a time, with progress."""
    started = time.perf_counter()
    with LiveProgress(console, "image", what, len(rows)) as progress:
        for start in range(0, len(rows), runner.batch_size):
            some = rows[start : start + runner.batch_size]
            yield some, runner(source[some].inputs)
            done = start + len(some)
            rate = done / (time.perf_counter() - started)
            progress.step(done)
            progress.say(what, done, rate, f"{rate:,.1f} images/s")
