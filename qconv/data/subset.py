"""Fewer images of a dataset."""

import dataclasses
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from qconv.data.checked import load_checked
from qconv.data.dataset import Batch, Dataset, Source, Split
from qconv.data.derived import Derived
from qconv.errors import InputError


@dataclass(frozen=True)
class Subset(Derived):
    """So many images of each split, drawn at random without replacement; only those are read."""

    train: int
    """Training images."""
    test: int
    """Test images."""
    subset_seed: int = 0
    """Fixes which images are drawn; not the run's seed, so that runs compare."""

    def __post_init__(self) -> None:
        for name, least in (("train", 1), ("test", 1), ("subset_seed", 0)):
            if getattr(self, name) < least:
                raise InputError(f"{name} = {getattr(self, name)}; allowed: at least {least}")

    def items(self, split: Split) -> Dataset:
        """A number of the images of the source."""
        return dataclasses.replace(self, data=self.data.items(split))

    def plane(self, split: Split) -> None:
        """No plane: some of its points are missing; see `Dataset.plane`."""

    def load(self, split: Split) -> "SubsetSource":
        """The images of a split, in their order.

        Raises:
            InputError: it has fewer images.
        """
        source = load_checked(self.data, split)
        count = self.train if split == "train" else self.test
        if count > len(source):
            raise InputError(f"{split} = {count}; allowed: at most the {len(source)} images of the split")
        rows = np.random.default_rng([self.subset_seed, split == "test"]).permutation(len(source))[:count]
        return SubsetSource(source, np.sort(rows))


@dataclass(frozen=True, eq=False)
class SubsetSource:
    """Some rows of a source."""

    source: Source
    rows: Int[np.ndarray, " images"]

    @property
    def in_memory(self) -> bool:
        """Whether the source is in memory, so that nothing is gained by reading its rows beforehand."""
        return getattr(self.source, "in_memory", False)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, indices: Int[np.ndarray, " batch"]) -> Batch:
        return self.source[self.rows[indices]]
