"""Images with noise, of which the clean ones are to be found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

import numpy as np
from jaxtyping import Float, Int

from qconv.bounds import require, require_at_least
from qconv.data.checked import CheckedSource, load_checked
from qconv.data.dataset import ArraySource, Batch, Element, Generators, Source, Split
from qconv.data.derived import Derived


@dataclass(frozen=True)
class Noisy(Derived):
    """Images with Gaussian noise; what is to be found is the image without, whatever the targets were before.

    The noise is neither rounded to grey levels nor cut off at black and white, so pixels lie beyond [0, 1], too. It is
    drawn anew each time training sees an image. Images that are read, and those of the other splits, have the same
    noise each time, whatever the seed of the run.

    Source: Zhang, Zuo, Chen, Meng and Zhang, "Beyond a Gaussian denoiser: residual learning of deep CNN for image
    denoising", IEEE Transactions on Image Processing 26, 3142 (2017), section IV A.
    """

    sigma: float = 25 / 255
    """Standard deviation of the noise of each number, where white is 1."""
    noise_seed: int = 0
    """Fixes the noise of images that are read; not the run's seed, so that runs compare."""

    def __post_init__(self) -> None:
        require(self, "sigma", self.sigma > 0, "more than 0")
        require_at_least(self, 0, "noise_seed")

    @property
    def element(self) -> Element:
        """An image, and the same one without noise."""
        inputs = self.data.element.inputs
        return Element(inputs, targets=inputs)

    @property
    def drawn_element(self) -> Element:
        """As before, or a crop of that."""
        inputs = (self.data.drawn_element or self.data.element).inputs
        return Element(inputs, targets=inputs)

    def change(self, images: Float[np.ndarray, "batch ..."]) -> Float[np.ndarray, "batch ..."]:
        """Nothing: a picture is taken to have its noise already."""
        return images

    def load(self, split: Split) -> Source:
        """The images of a split; those to train on can be drawn."""
        source = NoisySource(load_checked(self.data, split), self.sigma, self._rng(split))
        if split != "train" and source.source.in_memory:
            return ArraySource(*source[np.arange(len(source))], lowest=-np.inf, highest=np.inf)
        return source

    def _rng(self, split: Split) -> Callable[[int], np.random.Generator]:
        place = get_args(Split).index(split)
        return lambda index: np.random.default_rng(np.random.SeedSequence(self.noise_seed, spawn_key=(place, index)))


@dataclass(frozen=True, eq=False)
class NoisySource:
    """The images of a source with noise, and without."""

    source: ArraySource | CheckedSource
    sigma: float
    rng: Callable[[int], np.random.Generator]
    """What the noise of an item comes from where it is read, by its index."""

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, indices: Int[np.ndarray, " batch"]) -> Batch:
        return self._with_noise(self.source[indices].inputs, [self.rng(int(index)) for index in indices])

    def read_targets(self, indices: Int[np.ndarray, " batch"]) -> Float[np.ndarray, "batch height width channels"]:
        """The images at `indices` without noise."""
        return self.source[indices].inputs

    def drawn(self, indices: Int[np.ndarray, " batch"], rngs: Generators) -> Batch:
        """The images at `indices` as training sees them, with new noise."""
        return self._with_noise(self.source.drawn(indices, rngs).inputs, rngs)

    def _with_noise(self, clean: Float[np.ndarray, "batch height width channels"], rngs: Generators) -> Batch:
        noise = np.stack([rng.standard_normal(image.shape, np.float32) for image, rng in zip(clean, rngs, strict=True)])
        return Batch(clean + np.float32(self.sigma) * noise, clean)
