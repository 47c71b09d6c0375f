"""Training on parts of images."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from qconv.bounds import require
from qconv.data.checked import load_checked
from qconv.data.dataset import Element, Source, Split
from qconv.data.derived import Derived, View, ViewedSource


@dataclass(frozen=True)
class RandomCrops(Derived):
    """Images of which training sees a square at a random place, another one each time; they are evaluated whole.

    Masks, and other targets of an image's height and width, are cut alike. The network must take images of both sizes.
    """

    size: int = 32
    """Height and width of a crop."""

    def __post_init__(self) -> None:
        height, width, _ = (self.data.drawn_element or self.data.element).inputs
        require(
            self, "size", 1 <= self.size <= min(height, width), f"1 to {min(height, width)}, as large as the images"
        )

    @property
    def drawn_element(self) -> Element:
        """A crop."""
        inputs, targets, num_classes = self.data.drawn_element or self.data.element
        square = (self.size, self.size)
        if targets[:2] == inputs[:2]:
            targets = (*square, *targets[2:])
        return Element((*square, inputs[2]), targets, num_classes)

    def change(self, images: Float[np.ndarray, "batch ..."]) -> Float[np.ndarray, "batch ..."]:
        """Nothing: a picture is seen whole."""
        return images

    def load(self, split: Split) -> Source:
        """The images of a split; those to train on can be drawn."""
        source = load_checked(self.data, split)
        return ViewedSource(source, self._crop) if split == "train" else source

    def _crop(self, rng: np.random.Generator, size: tuple[int, int]) -> View:
        top, left = (int(rng.integers(side - self.size + 1)) for side in size)
        return lambda image: image[top : top + self.size, left : left + self.size]
