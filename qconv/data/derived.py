"""Datasets that are made of another one."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from jaxtyping import Float, Int, Shaped

from qconv.data.checked import CheckedSource, load_checked
from qconv.data.dataset import ArraySource, Batch, Dataset, Element, Generators, Plane, Source, Split, image_digests
from qconv.data.image_files import Form
from qconv.errors import InputError

Change = Callable[[Shaped[np.ndarray, "batch ..."]], Shaped[np.ndarray, "batch ..."]]


@dataclass(frozen=True)
class Derived(Dataset):
    """Other images with the same targets, one for each and in the same order.

    A subclass says in `change` what becomes of images, and gives those of a split in `load`; one that leaves some out
    is a `Selection`.
    """

    is_fitted: ClassVar[bool] = False
    """Whether what becomes of images has been found by looking at training images."""

    data: Dataset
    """Where the images come from."""

    @property
    def element(self) -> Element:
        """As before; of some classes there may be no image."""
        return self.data.element

    @property
    def drawn_element(self) -> Element | None:
        """As before, but for what `element` has changed; see `Dataset.drawn_element`."""
        if (drawn := self.data.drawn_element) is None:
            return None
        before, after = self.data.element, self.element
        return Element(
            drawn.inputs if after.inputs == before.inputs else after.inputs,
            drawn.targets if after.targets == before.targets else after.targets,
            after.num_classes,
        )

    @property
    def splits(self) -> tuple[Split, ...]:
        """As before; see `Dataset.splits`."""
        return self.data.splits

    @property
    def is_stratified(self) -> bool:
        """As before; see `Dataset.is_stratified`."""
        return self.data.is_stratified

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """As before; see `Dataset.class_names`."""
        return self.data.class_names

    def items(self, split: Split) -> Dataset:
        """The images of the source: each one here stands for one there."""
        return self.data.items(split)

    def plane(self, split: Split) -> Plane | None:
        """The plane of the source, whose images these stand for; see `Dataset.plane`."""
        return self.data.plane(split)

    def change(self, images: Shaped[np.ndarray, "batch ..."]) -> Shaped[np.ndarray, "batch ..."]:
        """What becomes of images, each one for itself.

        Raises:
            InputError: the subclass does not say.
        """
        raise InputError(
            f"data = {type(self).__name__} does not say what becomes of new images; allowed: a class with a `change`"
        )

    @property
    def form(self) -> Form:
        """What pictures are brought to, as in the source; see `Dataset.form`."""
        return self.data.form

    def prepared(
        self, images: Float[np.ndarray, "batch height width channels"]
    ) -> Float[np.ndarray, "batch rows columns numbers"]:
        """What becomes of new images: first in the source, then here; see `Dataset.prepared`."""
        return self.change(self.data.prepared(images))

    def changed(self, split: Split, change: Change | None = None, **bounds: Any) -> Source:
        """The items of a split with other images: at once if they are in memory anyway, else when they are read.

        Args:
            split: of the source.
            change: from some images to as many others; by default that of the class.
            bounds: of the new images; see `ArraySource`.
        """
        change = change or self.change
        source = load_checked(self.data, split)
        every = np.arange(len(source))
        if source.in_memory:
            images, targets = source[every]
            return ArraySource(change(images), targets, self.element.num_classes, **bounds)
        return ViewSource(source, every, change)


@dataclass(frozen=True)
class Selection(Derived):
    """Some of the images of another dataset, in their order."""

    def change(self, images: Shaped[np.ndarray, "batch ..."]) -> Shaped[np.ndarray, "batch ..."]:
        """Nothing: images stay as they are."""
        return images

    def items(self, split: Split) -> Dataset:
        """The items that are chosen of those of the source."""
        return dataclasses.replace(self, data=self.data.items(split))

    def plane(self, split: Split) -> Plane | None:
        """No plane: some of its points are missing; see `Dataset.plane`."""
        return None


def unchanged(batch: Shaped[np.ndarray, "batch ..."]) -> Shaped[np.ndarray, "batch ..."]:
    """Images or targets as they are."""
    return batch


@dataclass(frozen=True, eq=False)
class ViewSource:
    """Some items of a source, with other images or targets; what is asked for is read and changed then."""

    source: ArraySource | CheckedSource
    rows: Int[np.ndarray, " items"]
    """Which items of the source these are."""
    change: Change = unchanged
    """What becomes of images."""
    rename: Change = unchanged
    """What becomes of targets."""

    @property
    def in_memory(self) -> bool:
        """Whether the source is."""
        return self.source.in_memory

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, indices: Int[np.ndarray, " batch"]) -> Batch:
        return self._changed(self.source[self.rows[indices]])

    def drawn(self, indices: Int[np.ndarray, " batch"], rngs: Generators) -> Batch:
        """The items at `indices` as training draws them."""
        return self._changed(self.source.drawn(self.rows[indices], rngs))

    def _changed(self, batch: Batch) -> Batch:
        return Batch(self.change(batch.inputs), self.rename(batch.targets))

    def read_targets(self, indices: Int[np.ndarray, " batch"]) -> Shaped[np.ndarray, "batch ..."]:
        """The targets of the items at `indices`."""
        return self.rename(self.source.read_targets(self.rows[indices]))

    def digests(self, indices: Int[np.ndarray, " batch"]) -> list[bytes]:
        """What identifies the images at `indices`: what does in the source, where they are not changed."""
        if self.change is unchanged:
            return self.source.digests(self.rows[indices])
        return image_digests(self[indices].inputs)


View = Callable[[Shaped[np.ndarray, "height width ..."]], Shaped[np.ndarray, "rows columns ..."]]


@dataclass(frozen=True, eq=False)
class ViewedSource:
    """Items that are read as they are, and of which training sees a part or a turned form, another one each time."""

    source: ArraySource | CheckedSource
    view: Callable[[np.random.Generator, tuple[int, int]], View]
    """From a generator and the height and width of an image to what is seen of it, and of targets of that size."""

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, indices: Int[np.ndarray, " batch"]) -> Batch:
        return self.source[indices]

    def read_targets(self, indices: Int[np.ndarray, " batch"]) -> Shaped[np.ndarray, "batch ..."]:
        """The targets of the items at `indices`."""
        return self.source.read_targets(indices)

    def drawn(self, indices: Int[np.ndarray, " batch"], rngs: Generators) -> Batch:
        """What training sees of the items at `indices`."""
        images, targets = self.source.drawn(indices, rngs)
        size = images.shape[1], images.shape[2]
        views = [self.view(rng, size) for rng in rngs]
        images = np.stack([view(image) for view, image in zip(views, images, strict=True)])
        if targets.shape[1:3] == size:
            targets = np.stack([view(target) for view, target in zip(views, targets, strict=True)])
        return Batch(images, targets)
