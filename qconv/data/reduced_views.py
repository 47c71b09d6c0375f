"""Several views of each item, each reduced to a few numbers by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from qconv.bounds import require, require_at_least
from qconv.data.checked import load_checked
from qconv.data.dataset import ArraySource, Element, Split
from qconv.data.derived import Derived


@dataclass(frozen=True)
class ReducedViews(Derived):
    """Items whose numbers are several views side by side, each as its principal components: (1, numbers, 1).

    Each column of a view is standardised, then come the principal components of the view, and then one factor for all
    of them, so that their mean square is 1: views have the same size, whatever their units and widths, and the
    components of a view keep theirs. All of it is found from the training items. The components of view k are the
    columns from k * components on, which `View` finds.

    Source: Pearson, "On lines and planes of closest fit to systems of points in space", Philosophical Magazine 2, 559
    (1901); scikit-learn's `PCA`, by a full singular value decomposition.
    """

    is_fitted: ClassVar[bool] = True

    widths: tuple[int, ...]
    """Numbers of each view in the items of `data`, one view after the other."""
    components: int = 8
    """Numbers that are kept of each view."""

    def __post_init__(self) -> None:
        require(self, "widths", len(self.widths) > 0, "one number for each view")
        require_at_least(self, 1, "components")
        require(self, "widths", min(self.widths) >= self.components, f"at least components = {self.components} each")

    @property
    def element(self) -> Element:
        """A row of numbers, with the same labels."""
        return self.data.element._replace(inputs=(1, len(self.widths) * self.components, 1))

    def load(self, split: Split) -> ArraySource:
        """The numbers of a split.

        Raises:
            InputError: items of another width than the views have, or too few training items for so many components.
        """
        source = load_checked(self.data, split)
        items, targets = source[np.arange(len(source))]
        return ArraySource(self.change(items), targets, self.element.num_classes, -np.inf, np.inf)

    def change(self, images: Float[np.ndarray, "batch ..."]) -> Float[np.ndarray, "batch 1 numbers 1"]:
        """The numbers of items, as the training items say."""
        parts = self._apart(images)
        found = [reduced(part) for reduced, part in zip(_fitted(self), parts, strict=True)]
        return np.concatenate(found, axis=1).astype(np.float32)[:, None, :, None]

    def _apart(self, items: Float[np.ndarray, "batch ..."]) -> list[Float[np.ndarray, "batch _"]]:
        rows = items.reshape(len(items), -1).astype(np.float64)
        require(self, "widths", sum(self.widths) == rows.shape[1], f"views of {rows.shape[1]} numbers in all")
        return np.split(rows, np.cumsum(self.widths)[:-1], axis=1)


_Reduce = Callable[[Float[np.ndarray, "items width"]], Float[np.ndarray, "items components"]]


@lru_cache(maxsize=8)  # all splits want it
def _fitted(spec: ReducedViews) -> tuple[_Reduce, ...]:
    """What makes few numbers of each view."""
    source = load_checked(spec.data, "train")
    items = source[np.arange(len(source))].inputs
    require(spec, "components", spec.components < len(items), f"less than the {len(items)} training items")
    return tuple(_reduction(view, spec.components) for view in spec._apart(items))


def _reduction(view: Float[np.ndarray, "items width"], components: int) -> _Reduce:
    from sklearn.decomposition import PCA  # costs seconds, and not every run needs it
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(view)
    directions = PCA(components, svd_solver="full").fit(scaler.transform(view))
    size = np.sqrt(directions.explained_variance_.mean()) or 1.0

    def reduced(view: Float[np.ndarray, "items width"]) -> Float[np.ndarray, "items components"]:
        return directions.transform(scaler.transform(view)) / size

    return reduced
