"""Data of which only what an item is must be known."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Shaped

from qconv.data.checked import load_checked
from qconv.data.dataset import Element, Source, Split
from qconv.data.derived import Derived


@dataclass(frozen=True)
class Known(Derived):
    """A dataset whose items and classes are known from elsewhere: it is asked for neither, and may be gone.

    Whoever uses a trained network needs no image that it was trained on.
    """

    known: Element
    """What one item is."""
    names: tuple[str, ...] | None
    """What the classes are called; None where they have numbers only."""

    @property
    def element(self) -> Element:
        """What is known."""
        return self.known

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """What is known."""
        return self.names

    def change(self, images: Shaped[np.ndarray, "batch ..."]) -> Shaped[np.ndarray, "batch ..."]:
        """Nothing: images stay as they are."""
        return images

    def load(self, split: Split) -> Source:
        """The items of a split, if they are there."""
        return load_checked(self.data, split)
