"""Training data of which a part is kept to choose settings on."""

import dataclasses
from dataclasses import dataclass
from typing import get_args

import numpy as np

from qconv.bounds import require, require_at_least
from qconv.data.checked import load_checked
from qconv.data.dataset import Dataset, Plane, Source, Split
from qconv.data.derived import Derived, Selection, ViewSource
from qconv.data.split import stratified_split
from qconv.data.subset import Subset
from qconv.errors import InputError


@dataclass(frozen=True)
class WithValidation(Selection):
    """Data with a split `validation`: that which they have, or else a part of the training images.

    The other training images are `train` then; test images stay as they are.
    """

    fraction: float = 0.2
    """Part of the training images that is not trained on, where data come without a validation split.

    Of each class the same part, where the data are divided by classes; see `Dataset.is_stratified`.
    """
    validation_seed: int = 0
    """Fixes which images these are; not the run's seed, so that runs compare."""

    def __post_init__(self) -> None:
        require(self, "fraction", 0 < self.fraction < 1, "more than 0 and less than 1")
        require_at_least(self, 0, "validation_seed")

    @property
    def splits(self) -> tuple[Split, ...]:
        """All three splits."""
        return get_args(Split)

    def items(self, split: Split) -> Dataset:
        """The items of the source, divided alike; its test images stay as they are."""
        return self.data.items(split) if split == "test" else super().items(split)

    def plane(self, split: Split) -> Plane | None:
        """The plane of the source; None for parts of its training images."""
        return None if self._is_cut(split) else self.data.plane(split)

    def load(self, split: Split) -> Source:
        """The images of a split, in their order.

        Raises:
            InputError: too few images for two parts.
        """
        if not self._is_cut(split):
            return load_checked(self.data, split)
        source = load_checked(self.data, "train")
        every = np.arange(len(source))
        labels = source.read_targets(every) if self.data.is_stratified else np.zeros(len(source), int)
        half = "test" if split == "validation" else "train"  # the names of the part that is kept, and of the other
        rows = stratified_split(labels, self.fraction, self.validation_seed, half)
        if not 0 < len(rows) < len(source):
            raise InputError(f"fraction = {self.fraction} of {len(source)} training images; allowed: two parts of both")
        return ViewSource(source, rows)

    def _is_cut(self, split: Split) -> bool:
        return split != "test" and "validation" not in self.data.splits


def with_validation(data: Dataset) -> Dataset:
    """A dataset with the splits `train`, `validation` and `test`: the same if it is a `WithValidation`.

    Of a dataset that is made of another one, that one's training images are divided, so that nothing which is fitted to
    training images, such as principal components, sees the others. A `Subset` of data that are not made of others is
    divided itself: it says how many there are. Nothing is divided where the innermost data have a validation split.
    """
    if isinstance(data, WithValidation):
        return data
    if isinstance(data, Derived) and not (isinstance(data, Subset) and not isinstance(data.data, Derived)):
        return dataclasses.replace(data, data=with_validation(data.data))
    return WithValidation(data)
