"""Items of other data, as a network that was trained on some data is to see them."""

import dataclasses
from dataclasses import dataclass

import numpy as np
from jaxtyping import Shaped

from qconv.data.dataset import Dataset, Element, Source, Split
from qconv.data.derived import Derived, Selection


@dataclass(frozen=True)
class OtherItems(Derived):
    """Images of other data, changed as those of `like` are.

    What has been fitted to training images, such as scales or principal components, stays what it was: fitted to other
    images, it would give a network numbers that mean something else.
    """

    like: Derived
    """What says how images are changed."""

    @property
    def element(self) -> Element:
        """The changed images, with the targets of the other data."""
        return self.data.element._replace(inputs=self.like.element.inputs)

    def change(self, images: Shaped[np.ndarray, "batch ..."]) -> Shaped[np.ndarray, "batch ..."]:
        """What `like` makes of them."""
        return self.like.change(images)

    def load(self, split: Split) -> Source:
        """The items of a split of the other data."""
        return self.changed(split, lowest=-np.inf, highest=np.inf)


def as_trained(chosen: Dataset, trained: Dataset) -> Dataset:
    """Data of other items, in which whatever is fitted to training images is fitted to those of `trained`.

    Args:
        chosen: the data with other settings, such as another folder in the innermost of them.
        trained: the data of a run: of the same classes, from the outermost to the innermost.
    """
    if chosen == trained or not (isinstance(chosen, Derived) and isinstance(trained, Derived)):
        return chosen
    inner = as_trained(chosen.data, trained.data)
    if isinstance(chosen, Selection):
        return dataclasses.replace(chosen, data=inner)
    return OtherItems(inner, like=dataclasses.replace(chosen, data=trained.data))
