"""Some of the classes of a dataset."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from qconv.data.dataset import ArraySource, Dataset, Element, Split
from qconv.data.derived import Derived
from qconv.errors import InputError


@dataclass(frozen=True)
class OnlyClasses(Derived):
    """The images of some classes, held in memory; the first of `classes` gets label 0, and so on."""

    classes: tuple[int, ...] = (0, 1)
    """Their labels there."""

    def __post_init__(self) -> None:
        num_classes = self.data.element.num_classes
        if num_classes is None:
            raise InputError(f"data = {type(self.data).__name__}, which has no classes; allowed: data with labels")
        known = range(num_classes)
        if len(self.classes) < 2 or len(set(self.classes)) < len(self.classes) or not set(self.classes) <= set(known):
            raise InputError(f"classes = {self.classes}; allowed: two or more different ones of 0 .. {known[-1]}")

    @property
    def element(self) -> Element:
        """As before, with as many classes as are kept."""
        return self.data.element._replace(num_classes=len(self.classes))

    def items(self, split: Split) -> Dataset:
        """The images of the source that are of these classes."""
        return dataclasses.replace(self, data=self.data.items(split))

    def plane(self, split: Split) -> None:
        """No plane: some of its points are missing; see `Dataset.plane`."""

    def load(self, split: Split) -> ArraySource:
        """The images of a split, in their order."""
        images, labels = self.everything(split)
        rows = np.flatnonzero(np.isin(labels, self.classes))
        renamed = np.array([self.classes.index(label) for label in labels[rows]], int)
        return ArraySource(images[rows], renamed, self.element.num_classes, lowest=-np.inf, highest=np.inf)
