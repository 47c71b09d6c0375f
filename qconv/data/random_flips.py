"""Training on mirrored and turned images."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from qconv.bounds import require
from qconv.data.checked import load_checked
from qconv.data.dataset import Element, Source, Split
from qconv.data.derived import Derived, View, ViewedSource


@dataclass(frozen=True)
class RandomFlips(Derived):
    """Images of which training sees the mirror image half of the time; they are evaluated as they are.

    Masks, and other targets of an image's height and width, are mirrored alike.
    """

    turned: bool = False
    """Whether they are also turned, by any number of quarters: all eight symmetries of a square are as likely."""

    def __post_init__(self) -> None:
        height, width, _ = self.drawn_element.inputs
        require(self, "turned", not self.turned or height == width, f"False, since images are {height}x{width}")

    @property
    def drawn_element(self) -> Element:
        """As before, mirrored."""
        return self.data.drawn_element or self.data.element

    def change(self, images: Float[np.ndarray, "batch ..."]) -> Float[np.ndarray, "batch ..."]:
        """Nothing: a picture stays as it is."""
        return images

    def load(self, split: Split) -> Source:
        """The images of a split; those to train on can be drawn."""
        source = load_checked(self.data, split)
        return ViewedSource(source, self._flip) if split == "train" else source

    def _flip(self, rng: np.random.Generator, size: tuple[int, int]) -> View:
        quarters = int(rng.integers(4)) if self.turned else 0
        step = -1 if rng.integers(2) else 1
        return lambda image: np.rot90(image[:, ::step], quarters)
