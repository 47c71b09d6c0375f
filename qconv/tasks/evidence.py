"""What evidence is: something of a network's outputs that is drawn, and never compared."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
from jaxtyping import Array, Float, Int, Shaped

from qconv.data.dataset import Dataset, Source, Split
from qconv.figure import Figure


class Evaluated(NamedTuple):
    """The items that networks were evaluated on."""

    data: Dataset
    split: Split
    source: Source
    """The items themselves."""
    outputs: Callable[[Int[np.ndarray, " few"]], dict[str, Float[np.ndarray, "few ..."]]]
    """What each network and method makes of some of them, by name; computed anew, so that not all outputs are kept."""


class Evidence(ABC):
    """A picture of what networks make of the items they are evaluated on. Subclasses are frozen dataclasses."""

    name: ClassVar[str]
    """Name of the picture's file, without its ending."""
    is_sum: ClassVar[bool] = True
    """Whether what `of_batch` returns is added up over batches; else it has a row for each item, and all are kept."""

    @abstractmethod
    def of_batch(
        self, outputs: Float[Array, "batch ..."], targets: Shaped[Array, "batch ..."], weights: Float[Array, " batch"]
    ) -> Any:
        """What is kept of a batch: an array or a tree of arrays.

        Args:
            outputs: of the network.
            targets: what was to be found.
            weights: 1 for each item, 0 for rows that fill a batch up.
        """

    @abstractmethod
    def figure(self, found: Mapping[str, Any], evaluated: Evaluated) -> Figure | None:
        """The picture; None where these items have none.

        Args:
            found: by network, what `of_batch` returned, added up or row by row, in NumPy.
            evaluated: what the networks were evaluated on.
        """
