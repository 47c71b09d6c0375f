"""Datasets that are made of another one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from qconv.data.checked import load_checked
from qconv.data.dataset import ArraySource, Batch, Dataset, Element, Plane, Source, Split

Change = Callable[[Float[np.ndarray, "batch ..."]], Float[np.ndarray, "batch ..."]]


@dataclass(frozen=True)
class Derived(Dataset):
    """Other images with the same targets, one for each and in the same order.

    A subclass says in `load` what becomes of the images; one that leaves some out has `items` of its own.
    """

    data: Dataset
    """Where the images come from."""

    @property
    def element(self) -> Element:
        """As before; of some classes there may be no image."""
        return self.data.element

    def items(self, split: Split) -> Dataset:
        """The images of the source: each one here stands for one there."""
        return self.data.items(split)

    def plane(self, split: Split) -> Plane | None:
        """The plane of the source, whose images these stand for; see `Dataset.plane`."""
        return self.data.plane(split)

    def everything(self, split: Split) -> Batch:
        """All items of a split, before."""
        source = load_checked(self.data, split)
        return source[np.arange(len(source))]

    def changed(self, split: Split, change: Change, **bounds: Any) -> Source:
        """The items of a split with other images: at once if they are in memory anyway, else when they are read.

        Args:
            split: of the source.
            change: from some images to as many others.
            bounds: of the new images; see `ArraySource`.
        """
        source = load_checked(self.data, split)
        if getattr(source, "in_memory", False):
            images, targets = source[np.arange(len(source))]
            return ArraySource(change(images), targets, self.element.num_classes, **bounds)
        return ChangedSource(source, change)


@dataclass(frozen=True, eq=False)
class ChangedSource:
    """A source whose images are changed when they are read."""

    source: Source
    change: Change

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, indices: Int[np.ndarray, " batch"]) -> Batch:
        batch = self.source[indices]
        return batch._replace(inputs=self.change(batch.inputs))
