"""Several sources, one after the other."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from qconv.data.dataset import Batch, Source


@dataclass(frozen=True, eq=False)
class JoinedSource:
    """The items of several sources with items of one kind: those of the first, then those of the second, and so on."""

    sources: tuple[Source, ...]
    """At least one, none of them empty."""

    @property
    def in_memory(self) -> bool:
        """Whether all of them are."""
        return all(getattr(source, "in_memory", False) for source in self.sources)

    def __len__(self) -> int:
        return sum(map(len, self.sources))

    def __getitem__(self, indices: Int[np.ndarray, " batch"]) -> Batch:
        ends = np.cumsum([len(source) for source in self.sources])
        owners = np.searchsorted(ends, indices, side="right")
        places, parts = [], []
        for number, source in enumerate(self.sources):
            mine = np.flatnonzero(owners == number)
            if mine.size:
                places.append(mine)
                parts.append(source[indices[mine] - (ends[number] - len(source))])
        back = np.argsort(np.concatenate(places))
        inputs, targets = (np.concatenate(arrays)[back] for arrays in zip(*parts, strict=True))
        return Batch(inputs, targets)
