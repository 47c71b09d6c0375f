"""Datasets that are made of another one."""

from dataclasses import dataclass

import numpy as np

from qconv.data.checked import load_checked
from qconv.data.dataset import Batch, Dataset, Split


@dataclass(frozen=True)
class Derived(Dataset):
    """Other images with the same labels, one for each and in the same order.

    A subclass says in `load` what becomes of the images; one that leaves some out has `items` of its own.
    """

    data: Dataset
    """Where the images come from."""

    @property
    def num_classes(self) -> int:
        """As before; of some a class may have no image."""
        return self.data.num_classes

    @property
    def items(self) -> Dataset:
        """The images of the source: each one here stands for one there."""
        return self.data.items

    def everything(self, split: Split) -> Batch:
        """All images and labels of a split, before."""
        source = load_checked(self.data, split)
        return source[np.arange(len(source))]
