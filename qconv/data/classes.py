"""Some of the classes of a dataset."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from qconv.bounds import require
from qconv.data.checked import load_checked
from qconv.data.dataset import Element, Split, chunks
from qconv.data.derived import Selection, ViewSource
from qconv.data.remembered import remembered
from qconv.errors import InputError


@dataclass(frozen=True)
class OnlyClasses(Selection):
    """The images of some classes; the first of `classes` gets label 0, and so on.

    Which images these are is found by their labels alone, where the source can give labels without images.
    """

    classes: tuple[int, ...] = (0, 1)
    """Their labels there."""

    def __post_init__(self) -> None:
        element, classes = self.data.element, self.classes
        if element.num_classes is None or element.targets:
            raise InputError(
                f"data = {type(self.data).__name__}, whose images have no class each; allowed: data with labels"
            )
        fits = len(set(classes)) == len(classes) >= 2 and set(classes) <= set(range(element.num_classes))
        require(self, "classes", fits, f"two or more different ones of 0 .. {element.num_classes - 1}")

    @property
    def element(self) -> Element:
        """As before, with as many classes as are kept."""
        return self.data.element._replace(num_classes=len(self.classes))

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """What those that are kept are called there."""
        names = self.data.class_names
        return names and tuple(names[label] for label in self.classes)

    def load(self, split: Split) -> ViewSource:
        """The images of a split, in their order.

        Raises:
            InputError: none is of these classes.
        """
        rows = _rows(self, split)
        require(self, "classes", rows.size > 0, f"some of which the {split} split has images")
        return ViewSource(load_checked(self.data, split), rows, rename=self._renamed)

    def _renamed(self, labels: Int[np.ndarray, " batch"]) -> Int[np.ndarray, " batch"]:
        names = np.zeros(max(self.classes) + 1, np.int32)
        names[list(self.classes)] = np.arange(len(self.classes))
        return names[labels]


@remembered(maxsize=8)  # a pass over labels on disk takes seconds
def _rows(data: OnlyClasses, split: Split) -> Int[np.ndarray, " images"]:
    source = load_checked(data.data, split)
    labels = np.concatenate([source.read_targets(rows) for rows in chunks(source, data.data.element)])
    return np.flatnonzero(np.isin(labels, data.classes))
