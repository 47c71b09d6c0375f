"""Some of the classes of a dataset."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from qconv.data.checked import load_checked
from qconv.data.dataset import ArraySource, Dataset, Split
from qconv.errors import InputError


@dataclass(frozen=True)
class OnlyClasses(Dataset):
    """The images of some classes, held in memory; the first of `classes` gets label 0, and so on."""

    data: Dataset
    """Where the images come from."""
    classes: tuple[int, ...] = (0, 1)
    """Their labels there."""

    def __post_init__(self) -> None:
        known = range(self.data.num_classes)
        if len(self.classes) < 2 or len(set(self.classes)) < len(self.classes) or not set(self.classes) <= set(known):
            raise InputError(f"classes = {self.classes}; allowed: two or more different ones of 0 .. {known[-1]}")

    @property
    def num_classes(self) -> int:
        """As many as are kept."""
        return len(self.classes)

    @property
    def items(self) -> Dataset:
        """The images of the source that are of these classes."""
        return dataclasses.replace(self, data=self.data.items)

    def load(self, split: Split) -> ArraySource:
        """The images of a split, in their order."""
        source = load_checked(self.data, split)
        images, labels = source[np.arange(len(source))]
        rows = np.flatnonzero(np.isin(labels, self.classes))
        renamed = np.array([self.classes.index(label) for label in labels[rows]], int)
        return ArraySource(images[rows], renamed, self.num_classes, lowest=-np.inf, highest=np.inf)
