"""Training data of which a part is kept to choose settings on."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from qconv.data.checked import load_checked
from qconv.data.dataset import Dataset, Plane, Source, Split
from qconv.data.derived import Derived
from qconv.data.subset import Subset, SubsetSource
from qconv.errors import InputError


@dataclass(frozen=True)
class WithValidation(Derived):
    """A part of the training images as the split `validation`, the others as `train`; test images stay as they are."""

    fraction: float = 0.2
    """Part of the training images that is not trained on."""
    validation_seed: int = 0
    """Fixes which images these are; not the run's seed, so that runs compare."""

    def __post_init__(self) -> None:
        if not 0 < self.fraction < 1:
            raise InputError(f"fraction = {self.fraction}; allowed: more than 0 and less than 1")

    def items(self, split: Split) -> Dataset:
        """The items of the source, divided alike; its test images stay as they are."""
        items = self.data.items(split)
        return items if split == "test" else dataclasses.replace(self, data=items)

    def plane(self, split: Split) -> Plane | None:
        """The plane of the source, for its test images; None for parts of its training images."""
        return self.data.plane(split) if split == "test" else None

    def load(self, split: Split) -> Source:
        """The images of a split, in their order.

        Raises:
            InputError: too few images for two parts.
        """
        if split == "test":
            return load_checked(self.data, "test")
        source = load_checked(self.data, "train")
        kept = round(self.fraction * len(source))
        if not 0 < kept < len(source):
            raise InputError(f"fraction = {self.fraction} of {len(source)} training images; allowed: two parts of both")
        order = np.random.default_rng(self.validation_seed).permutation(len(source))
        return SubsetSource(source, np.sort(order[:kept] if split == "validation" else order[kept:]))


def with_validation(data: Dataset) -> Dataset:
    """A dataset with the splits `train`, `validation` and `test`: the same if it is a `WithValidation`.

    Of a dataset that is made of another one, that one's training images are divided, so that nothing which is fitted to
    training images, such as principal components, sees the others. A `Subset` of data that are not made of others is
    divided itself: it says how many there are.
    """
    if isinstance(data, WithValidation):
        return data
    if isinstance(data, Derived) and not (isinstance(data, Subset) and not isinstance(data.data, Derived)):
        return dataclasses.replace(data, data=with_validation(data.data))
    return WithValidation(data)
