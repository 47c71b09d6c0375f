"""Items of other data, as a network that was trained on some data is to see them."""

import dataclasses
from dataclasses import dataclass

import numpy as np
from jaxtyping import Shaped

from qconv.data.dataset import Dataset, Element, Source, Split
from qconv.data.derived import Derived


@dataclass(frozen=True)
class OtherItems(Derived):
    """Images of other data, changed as those of `like` are, which is fitted to training images.

    Such as scales or principal components: they stay what they were. Fitted to the other images, they would give a
    network numbers that mean something else.
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
        return self.changed(split, self.like.fitted(), lowest=-np.inf, highest=np.inf)


def as_trained(chosen: Dataset, trained: Dataset) -> Dataset:
    """Data of other items, in which whatever is fitted to training images is fitted to those of `trained`.

    Args:
        chosen: the data with other settings, such as another folder in the innermost of them.
        trained: the data of a run: of the same classes, from the outermost to the innermost.
    """
    if chosen == trained or not (isinstance(chosen, Derived) and isinstance(trained, Derived)):
        return chosen
    inner = as_trained(chosen.data, trained.data)
    if not chosen.is_fitted:
        return dataclasses.replace(chosen, data=inner)
    return OtherItems(inner, like=dataclasses.replace(chosen, data=trained.data))


def is_fitted(data: Dataset) -> bool:
    """Whether what becomes of images, however deep in the data, has been found by looking at training images."""
    return isinstance(data, Derived) and (data.is_fitted or is_fitted(data.data))
